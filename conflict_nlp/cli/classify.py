"""``conflict-nlp classify``: texts, files or standard input to results."""

from __future__ import annotations

import os
import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from conflict_nlp import files
from conflict_nlp.cli._shared import load_classifier
from conflict_nlp.errors import ConflictNLPError, DataError
from conflict_nlp.results import EXTRAS, Result, one_line_json

if TYPE_CHECKING:
    from conflict_nlp.classifier import Classifier

_READERS = {".jsonl": files.read_jsonl, ".csv": files.read_csv}
_SUFFIXES = (".txt", *_READERS)
_STDIN = "-"


class Format(StrEnum):
    """How to write results."""

    TABLE = "table"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class Found:
    """A result and where its text stands.

    Args:
        result: the result.
        place: ``document``, and ``start`` and ``end`` or ``line``, of a text out of a file.
    """

    result: Result
    place: dict[str, Any] = field(default_factory=dict)


def command(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT",
            help="Texts; files (.txt an article, .jsonl, .csv); - for lines of standard input. "
            "With --output also .tsv, .parquet, .gz, .zst, folders and globs.",
        ),
    ],
    target: Annotated[
        str | None,
        typer.Option(help="Whom or what the stance is toward; else every actor found."),
    ] = None,
    format: Annotated[
        Format | None, typer.Option(help="Else a table on a terminal, JSON Lines in a pipe.")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            min=0.0, max=1.0, help="Report events from this probability on; else the model's own."
        ),
    ] = None,
    extras: Annotated[
        str, typer.Option("--with", help=f"More fields, with commas between: {', '.join(EXTRAS)}.")
    ] = "",
    text_column: Annotated[
        str, typer.Option(help="The column or field of .csv and .jsonl files with the text.")
    ] = "text",
    model: Annotated[str, typer.Option(help="A shipped model or a model's directory.")] = "default",
    lexicon: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="A table of your own actors (columns id, name, kind, country, sector, aliases) on "
            "top of the library's; may be repeated.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="File to write: .jsonl, .csv, .tsv, .parquet, .gz, .zst."
        ),
    ] = None,
    target_column: Annotated[
        str | None, typer.Option(help="With --output: the column with each row's target.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(help="With --output: the column that names each row's document.")
    ] = None,
    documents: Annotated[
        bool, typer.Option("--documents", help="With --output: split texts into sentences first.")
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(
            help="With --output: read batches of sentences in torch there, such as cuda; else "
            "ONNX Runtime on all cores."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="With --output: go on where the run was broken off.")
    ] = False,
) -> None:
    """Say what happened, and the stance toward every actor that is named.

    Each INPUT is a text, a file (.txt, .jsonl, .csv) or - for standard input. Every row of a file
    and every line of standard input gives a result, in the same order; one
    that cannot be read gives a result with an error. With --output all columns of the input are
    carried through, and a run over files that was broken off can go on.

    Exit status: 0 all well; 1 some results have an error, or the model does not work; 2 wrong
    use; 130 interrupted.

    Examples:

    - `conflict-nlp classify "قصفت المدفعية أطراف البلدة."`

    - `conflict-nlp classify article.txt --format jsonl > article.jsonl`

    - `conflict-nlp classify rows.csv --text-column body --with acled,quad > results.jsonl`

    - `conflict-nlp classify news/ more.csv.gz -o results.parquet --documents --resume`

    - `conflict-nlp classify news.csv -o results.csv --lexicon my_actors.csv`

    - `cat lines.txt | conflict-nlp classify - --target "الحكومة"`

    - `zcat lines.txt.gz | conflict-nlp classify - -o results.parquet`

    - `conflict-nlp classify corpus/ -o results.parquet --device cuda`
    """
    wanted = _extras(extras)
    if output is not None:
        from conflict_nlp.bulk import Options
        from conflict_nlp.cli import bulk

        options = Options(
            text_column=text_column,
            target_column=target_column,
            id_column=id_column,
            documents=documents,
            target=target,
            threshold=threshold,
            extras=wanted,
        )
        if format is not None:
            raise typer.BadParameter("the name of --output says the form.", param_hint="--format")
        bulk.run(
            inputs,
            output,
            options,
            model=model,
            lexicon=lexicon or (),
            device=device,
            resume=resume,
        )
    for name, given in (
        ("--target-column", target_column),
        ("--id-column", id_column),
        ("--documents", documents),
        ("--device", device),
        ("--resume", resume),
    ):
        if given:
            raise typer.BadParameter("give a file to write with --output.", param_hint=name)
    _check(inputs)
    table = format is Format.TABLE or (format is None and sys.stdout.isatty())
    try:
        found = classify_inputs(
            load_classifier(model, lexicon or ()),
            inputs,
            target,
            threshold=threshold,
            extras=wanted,
            text_column=text_column,
        )
        with _progress(inputs) as advance:
            failed = _write(found, _table_writer(inputs) if table else _write_line, advance)
    except ConflictNLPError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        # Each result was flushed as it was written.
        raise typer.Exit(130) from None
    except BrokenPipeError:
        # The reader has enough. Python would complain when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    raise typer.Exit(1 if failed else 0)


def classify_inputs(
    classifier: Classifier,
    inputs: Iterable[str],
    target: str | None = None,
    *,
    threshold: float | None = None,
    extras: tuple[str, ...] = (),
    text_column: str = "text",
) -> Iterator[Found]:
    """Classify what the arguments of the command name, in constant memory.

    Args:
        classifier: the classifier.
        inputs: texts, paths of files, or ``-`` for standard input.
        target: target of the stance for all; None for the actors found.
        threshold: probability for events instead of the model's own, 0–1.
        extras: further fields of the results (``results.EXTRAS``).
        text_column: field of JSON Lines and column of CSV files that holds the text.

    Yields:
        The results in the order of the input, one a row or sentence. A row that cannot be read
        gives one with ``error``; so does the place where a file stops being readable.

    Example:
        >>> from conflict_nlp.classifier import Classifier  # doctest: +SKIP
        >>> found = classify_inputs(Classifier.from_pretrained(), ["انسحب المقاتلون."])
        ... # doctest: +SKIP
    """
    for given in inputs:
        path, in_file = Path(given), _is_file(given)
        rows: Iterator[files.Row]
        if given == _STDIN:
            rows = files.read_lines(typer.get_binary_stream("stdin"), "standard input")
        elif not in_file:
            rows = iter([files.Row(1, given)])
        elif path.suffix.lower() == ".txt":
            yield from _document(classifier, given, target, threshold=threshold, extras=extras)
            continue
        else:
            rows = _READERS[path.suffix.lower()](path, text_column)
        pending: deque[files.Row] = deque()
        texts = _texts(rows, pending)
        for result in classifier.stream(texts, target, threshold=threshold, extras=extras):
            row = pending.popleft()
            if row.error is not None:
                result = _failed(classifier, row.text, row.error, extras)
            yield Found(result, {"document": given, "line": row.line} if in_file else {})


def _document(
    classifier: Classifier, given: str, target: str | None, **options: Any
) -> Iterator[Found]:
    try:
        text = files.read_document(Path(given))
    except (DataError, OSError) as error:
        yield Found(_failed(classifier, None, str(error), options["extras"]), {"document": given})
        return
    sentences = classifier.classify_document(text, target, **options).sentences
    if not sentences:
        yield Found(classifier.classify("", **options), {"document": given})
    for sentence in sentences:
        place = {"document": given, "start": sentence.start, "end": sentence.end}
        yield Found(sentence.result, place)


def _texts(rows: Iterator[files.Row], pending: deque[files.Row]) -> Iterator[Any]:
    """Hand the texts on and remember their rows until the results come back in their order."""
    line = 0
    try:
        for row in rows:
            line = row.line
            pending.append(row)
            yield None if row.error is not None else row.text
    except (DataError, OSError) as error:
        # Raised here it would take the results still under way with it.
        pending.append(files.Row(line + 1, None, str(error)))
        yield None


def _failed(classifier: Classifier, text: Any, error: str, extras: tuple[str, ...]) -> Result:
    codebook = classifier.settings.codebook
    return Result.of(text, classifier.name, codebook, extras=extras, error=error)


def _check(inputs: list[str]) -> None:
    """Refuse a slip in a file's name before anything is classified: it is no text."""
    for given in inputs:
        known = given.lower().endswith(_SUFFIXES)
        if given == _STDIN or (known and _is_file(given)):
            continue
        if _is_file(given):
            msg = f"'{given}' is a file of a kind that is not read; use {', '.join(_SUFFIXES)}."
        elif os.path.isdir(given):  # noqa: PTH112 - Path.is_dir raises on a long text
            msg = f"'{given}' is a folder; name its files, such as {given.rstrip('/')}/*.txt."
        elif os.path.exists(given):  # noqa: PTH110 - as above
            msg = f"'{given}' is a device or pipe; use - and redirect it to standard input."
        elif known or ("/" in given and re.fullmatch(r"[\w./~-]+", given, re.ASCII)):
            msg = f"There is no file '{given}'."
        else:
            continue
        raise typer.BadParameter(msg, param_hint="INPUT")


def _is_file(given: str) -> bool:
    return os.path.isfile(given)  # noqa: PTH113 - Path.is_file raises on a long text


def _extras(given: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in given.split(",") if name.strip())
    unknown = [name for name in names if name not in EXTRAS]
    if unknown:
        msg = f"'{unknown[0]}' is none of: {', '.join(EXTRAS)}."
        raise typer.BadParameter(msg, param_hint="--with")
    return names


def _write(
    found: Iterable[Found], write: Callable[[Found], None], advance: Callable[[], None]
) -> bool:
    failed = False
    for item in found:
        write(item)
        advance()
        failed |= item.result.error is not None
    return failed


def _write_line(found: Found) -> None:
    # As bytes: the encoding of a pipe is the system's, not always UTF-8.
    out = typer.get_binary_stream("stdout")
    out.write(one_line_json({**found.place, **found.result.to_dict()}).encode() + b"\n")
    out.flush()


def _table_writer(inputs: list[str]) -> Callable[[Found], None]:
    from conflict_nlp.cli._table import ResultTable

    table = ResultTable(places=any(map(_is_file, inputs)))
    return lambda found: table.add(found.result, _shown(found.place))


def _shown(place: dict[str, Any]) -> str:
    """The place for a narrow column: the file without its folders, then the position in it."""
    document, *position = map(str, place.values()) if place else ("",)
    return " ".join([Path(document).name, "-".join(position)]).strip()


def _progress(inputs: list[str]) -> AbstractContextManager[Callable[[], None]]:
    """Show progress on a terminal that does not already show the results."""
    many = any(given == _STDIN or _is_file(given) for given in inputs)
    if not many or sys.stdout.isatty() or not sys.stderr.isatty():
        return nullcontext(lambda: None)
    return _progress_bar(inputs)


@contextmanager
def _progress_bar(inputs: list[str]) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    # How many sentences an article has, or lines a pipe, shows only at its end.
    countable = [g for g in inputs if g != _STDIN and not g.lower().endswith(".txt")]
    total = None
    if len(countable) == len(inputs):
        with suppress(OSError):  # a file that cannot be read gets its row with an error later
            total = sum(files.count_lines(Path(g)) if _is_file(g) else 1 for g in countable)
    columns = (BarColumn(), TextColumn("{task.completed} texts"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda: progress.advance(task)
