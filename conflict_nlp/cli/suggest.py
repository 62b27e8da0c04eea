"""``conflict-nlp suggest``: which sentences to label next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conflict_nlp.cli._shared import Format, TaskFormat, errors_told

if TYPE_CHECKING:
    from collections.abc import Iterator


def command(
    pool: Annotated[
        list[str],
        typer.Argument(
            metavar="POOL",
            help="Sentences: .txt, or a text column in .jsonl, .csv, .tsv, .parquet.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="Sentences wanted.")] = 100,
    form: Format = TaskFormat.JSONL,
    labelled: Annotated[
        list[str] | None,
        typer.Option(help="Sentences labelled already, to be left out; may be repeated."),
    ] = None,
    model: Annotated[str, typer.Option(help="A shipped model or a model's directory.")] = "default",
    text_column: Annotated[str, typer.Option(help="The column with the text.")] = "text",
    seed: Annotated[int, typer.Option(help="Seed of the choice.")] = 13,
) -> None:
    """Pick the sentences whose labels would teach the model most.

    Of those that the model is least sure of, the ones that differ most from each other and from
    what is labelled. The model's answers are filled in, so that people correct instead of starting
    from nothing; `conflict-nlp data collect` reads their work back.

    Exit status: 0 written; 2 wrong use, or nothing to suggest.

    Examples:

    - `conflict-nlp suggest news.txt -n 50 -o next.jsonl`

    - `conflict-nlp suggest pool.csv --labelled mine.jsonl --model mine -o tasks.json
      --format label-studio`
    """
    with errors_told():
        from conflict_nlp import Classifier
        from conflict_nlp._sources import find_files
        from conflict_nlp.learning.examples import LabelScheme
        from conflict_nlp.learning.read import read_labelled
        from conflict_nlp.learning.suggest import suggest
        from conflict_nlp.learning.tasks import write_tasks

        texts: list[tuple[str, str]] = []
        bad = 0
        for path in find_files(pool):
            for id_, text in _sentences(path, text_column):
                if text is None:
                    bad += 1
                    typer.echo(f"{path}: {id_}", err=True)
                else:
                    texts.append((id_, text))
        known = [e.text for source in labelled or () for e in read_labelled(source)]
        classifier = Classifier.from_pretrained(model)
        found = suggest(texts, classifier, count, known, seed)
        scheme = LabelScheme.of_model(classifier.settings)
        written = write_tasks(found.tasks, output, form, scheme)
    typer.echo(
        f"{len(texts) + bad} rows: {len(found.tasks)} suggested, {found.left_out} labelled already "
        f"or repeated, {found.unusable} without an answer, {bad} unreadable",
        err=True,
    )
    for path in written:
        typer.echo(str(path))


def _sentences(path: Path, text_column: str) -> Iterator[tuple[str, str | None]]:
    """Id and text of each sentence; of a row that cannot be read, what is wrong and None."""
    from conflict_nlp._sources import rows_of
    from conflict_nlp.text import split_sentences

    for row in rows_of(path, text_column):
        if row.error is None and isinstance(row.text, str):
            sentences = [s.text for s in split_sentences(row.text)] if row.article else [row.text]
            for number, text in enumerate(sentences, 1):
                place = number if row.article else row.line
                yield str(row.values.get("id") or f"{path}:{place}"), text
        else:
            yield f"row {row.line}: {row.error or f'text is {row.text!r}'}", None
