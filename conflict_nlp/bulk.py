"""Classify files of any size into one file, so that nothing that breaks a run off loses a row.

Results are written as numbered parts beside the output, each in one piece, and joined at the end.
A run that was broken off goes on after the last whole part.
"""

from __future__ import annotations

import itertools
import operator
import os
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from conflict_nlp._flat import own_name
from conflict_nlp._joined import check_packages, join_parts
from conflict_nlp._run_record import open_run
from conflict_nlp._sources import (
    STDIN,
    InputRow,
    find_files,
    fingerprint,
    kind_of,
    parts_of,
    rows_of,
)
from conflict_nlp._whole import write_whole
from conflict_nlp.classifier import Classifier
from conflict_nlp.errors import DataError
from conflict_nlp.results import Result, one_line_json
from conflict_nlp.text import split_sentences

PART = 1000  # rows of the input
CACHE = 10_000  # sentences
OUTPUTS = (".jsonl", ".csv", ".tsv", ".parquet")


@dataclass(frozen=True, slots=True)
class Options:
    """How rows are read and classified.

    Attributes:
        text_column: column that holds the text.
        target_column: column that holds the target of the stance; None for ``target``.
        id_column: column that names the row's document in the output; None for the file.
        documents: split every text into sentences first, a row a sentence.
        target: target of the stance for all; None for every actor found.
        threshold: probability for events in place of the model's own, 0 to 1.
        extras: further fields of the results (``results.EXTRAS``).
        cache: number of latest sentences whose results are kept for when they come again.
    """

    text_column: str = "text"
    target_column: str | None = None
    id_column: str | None = None
    documents: bool = False
    target: str | None = None
    threshold: float | None = None
    extras: tuple[str, ...] = ()
    cache: int = CACHE


@dataclass(slots=True)
class Summary:
    """What a run found.

    Attributes:
        rows: rows of the output.
        errors: rows with an error.
        abstained: rows the classifier abstained on, by its reason.
        truncated: texts of which only the beginning was read.
        events: rows that report each event type.
        stances: for each actor of the lexicon, the sentences with each stance toward it.
    """

    rows: int = 0
    errors: int = 0
    truncated: int = 0
    abstained: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    stances: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, row: dict[str, Any]) -> None:
        """Count one row of the output."""
        self.rows += 1
        self.errors += row["error"] is not None
        self.truncated += bool(row["truncated"])
        if row["abstain"] is not None:
            self.abstained[row["abstain"]] += 1
        self.events.update(event["type"] for event in row["events"] or ())
        for target in row["targets"] or ():
            if target["actor"] is not None and target["stance"] is not None:
                toward = self.stances.setdefault(target["actor"], Counter())
                toward[target["stance"]["label"]] += 1


def classify_files(
    classifier: Classifier,
    inputs: Sequence[str],
    output: str | os.PathLike[str],
    options: Options | None = None,
    *,
    resume: bool = False,
    advance: Callable[[int], None] = lambda rows: None,
) -> Summary:
    """Classify every row of the inputs into one file, in their order.

    Args:
        classifier: the classifier.
        inputs: files (``.csv``, ``.tsv``, ``.jsonl``, ``.parquet``, packed with ``.gz`` or
            ``.zst`` or not; ``.txt`` is an article), folders, globs, and ``-`` for standard
            input, a sentence a line.
        output: file to write, ``.jsonl``, ``.csv``, ``.tsv`` (these also with ``.gz`` or ``.zst``)
            or ``.parquet``.
        options: how rows are read and classified.
        resume: go on with a run of the same inputs and options that was broken off.
        advance: called with the number of input rows that are done.

    Returns:
        Counts over the output.

    Raises:
        DataError: the inputs, the output or the options cannot be used; or a run was broken off
            and ``resume`` is not set, or is and the run was another.

    Example:
        >>> classify_files(Classifier.from_pretrained(), ["news/"], "out.parquet")  # doctest: +SKIP
        Summary(rows=1200, ...)
    """
    options = options or Options()
    output = Path(output)
    if kind_of(output) not in OUTPUTS or output.suffixes[-2:-1] == [".parquet"]:
        raise DataError(
            f"{output} is of a kind that is not written; written are {', '.join(OUTPUTS)}, and "
            "all but the last also with .gz or .zst."
        )
    check_packages(output)
    if STDIN in inputs:
        _check_stdin(options, resume)
    parts = parts_of(output)
    if any(Path(given).resolve() == output.resolve() for given in inputs):
        raise DataError(f"{output} is one of the inputs. Name another file to write.")
    files = find_files(inputs, besides=output)
    run = {
        "model": classifier.info,
        "lexicon": classifier.lexicon.digest,
        "inputs": fingerprint(files),
        "options": asdict(options),
    }
    open_run(parts, run, resume)
    named = (options.text_column, options.target_column, options.id_column)
    needed = [name for name in named if name is not None]
    rows = itertools.chain.from_iterable(rows_of(path, *needed) for path in files)
    _write_parts(classifier, rows, parts, options, advance)
    summary = Summary()
    join_parts(sorted(parts.glob("part-*.jsonl")), files, output, summary.add)
    shutil.rmtree(parts)
    return summary


def _check_stdin(options: Options, resume: bool) -> None:
    if resume:
        raise DataError(
            "standard input cannot be read a second time, so a run over it cannot go on (--resume, "
            "resume=True). Save it as a file and give that, or leave --resume out."
        )
    named = options.target_column or options.id_column
    if named is not None:
        raise DataError(
            f"standard input is read a sentence a line and has no column '{named}'. Save it as a "
            ".csv or .jsonl file and give that."
        )


def _write_parts(
    classifier: Classifier,
    rows: Iterator[InputRow],
    parts: Path,
    options: Options,
    advance: Callable[[int], None],
) -> None:
    """Classify the rows of the parts that are not there yet, and write these."""
    pending: deque[tuple[int, InputRow, dict[str, Any]]] = deque()
    sizes: dict[int, int] = {}

    def asked() -> Iterator[tuple[Any, Any]]:
        for number in itertools.count():
            chunk = list(itertools.islice(rows, PART))
            if not chunk:
                return
            sizes[number] = len(chunk)
            if _part(parts, number).exists():
                advance(len(chunk))
                continue
            for row in chunk:
                for text, place in _texts(row, options.documents):
                    pending.append((number, row, place))
                    yield None if row.error is not None else text, _target(row, options)

    # Read in step, so that the two hold one pair at most.
    for_texts, for_targets = itertools.tee(asked())
    results = classifier.stream(
        (text for text, _ in for_texts),
        (target for _, target in for_targets),
        threshold=options.threshold,
        extras=options.extras,
        cache=options.cache,
    )
    whose: Callable[[tuple[int, dict[str, Any]]], int] = operator.itemgetter(0)
    for number, made in itertools.groupby(_outputs(results, pending, options), key=whose):
        lines = (one_line_json(row) + "\n" for _, row in made)
        write_whole(_part(parts, number), "".join(lines).encode())
        advance(sizes.pop(number))


def _part(parts: Path, number: int) -> Path:
    return parts / f"part-{number:08d}.jsonl"


def _target(row: InputRow, options: Options) -> Any:
    if options.target_column is None or row.article or row.error is not None:
        return options.target
    target = row.values.get(options.target_column)
    return None if isinstance(target, str) and not target.strip() else target  # an empty cell


def _outputs(
    results: Iterator[Result],
    pending: deque[tuple[int, InputRow, dict[str, Any]]],
    options: Options,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of the output with the number of the part that they belong to."""
    for result in results:
        number, row, place = pending.popleft()
        if row.error is not None:
            about = (result.model, result.codebook)
            result = Result.of(row.text, *about, extras=options.extras, error=row.error)
        yield number, _output(row, place, result, options)


def _texts(row: InputRow, documents: bool) -> Iterator[tuple[Any, dict[str, Any]]]:
    if not (row.article or documents):
        yield row.text, {}
        return
    nowhere = {"start": None, "end": None}
    sentences = split_sentences(row.text) if isinstance(row.text, str) and not row.error else []
    if not sentences:
        yield row.text, nowhere
    for sentence in sentences:
        yield sentence.text, {"start": sentence.start, "end": sentence.end}


def _output(
    row: InputRow, place: dict[str, Any], result: Result, options: Options
) -> dict[str, Any]:
    """Where the row stands, its own columns, and the result."""
    where: dict[str, Any] = {"document": row.file, "line": row.line, **place}
    if options.id_column is not None:
        where = {**where, "document": row.values.get(options.id_column), "file": row.file}
    ours = result.to_dict()
    text = ours.pop("text")
    own = {
        own_name(name, row.values): value
        for name, value in row.values.items()
        if name != options.text_column
    }
    return {**where, "text": text, **own, **ours}
