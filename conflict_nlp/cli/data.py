"""``conflict-nlp data``: labelled data, before anything is trained on it."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conflict_nlp.cli._shared import Format, TaskFormat, errors_told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conflict_nlp.learning.check import Problem
    from conflict_nlp.learning.tasks import Task

app = typer.Typer(
    no_args_is_help=True, help="Check labelled data, split it, find wrong labels, read work back."
)

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="NAME=COLUMN",
        help="What the file calls a column, such as text=sentence; may be repeated.",
    ),
]


@app.command("check")
def check_command(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE", help=".jsonl, .csv, .tsv or .parquet; several are splits of one set."
        ),
    ],
    column: Columns = None,
) -> None:
    """Find every problem of labelled data: labels, targets, repeated and broken texts.

    A table on a terminal, JSON Lines in a pipe, a row a problem.

    Exit status: 0 nothing worse than a warning; 1 errors; 2 wrong use or no such file.

    Examples:

    - `conflict-nlp data check mine.csv --column text=sentence --column events=label`

    - `conflict-nlp data check train.jsonl dev.jsonl test.jsonl > problems.jsonl`
    """
    with errors_told():
        from conflict_nlp.learning.check import ERROR, check

        problems, rows = check(files, _columns(column))
    if sys.stdout.isatty():
        _print_table(problems)
    else:
        for problem in problems:
            typer.echo(json.dumps(asdict(problem), ensure_ascii=False))
    severities = Counter(problem.severity for problem in problems)
    said = ", ".join(f"{n} {name}{'s' * (n > 1)}" for name, n in sorted(severities.items()))
    typer.echo(f"{len(rows)} sentences read; {said or 'no problem found'}", err=True)
    raise typer.Exit(1 if severities[ERROR] else 0)


@app.command("split")
def split_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help=".jsonl, .csv, .tsv or .parquet.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory to write.")],
    dev: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share for development.")] = 0.1,
    test: Annotated[float, typer.Option(min=0.0, max=1.0, help="Share for the test.")] = 0.1,
    by: Annotated[
        str, typer.Option(help="Column whose values stay whole, such as document or source.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Seed of the order.")] = 13,
    column: Columns = None,
) -> None:
    """Split labelled data into train, dev and test with alike labels and no shared text.

    Nearly equal texts stay in one part. Beside the parts a card with counts and a hash is written.

    Exit status: 0 written; 2 wrong use, or data that cannot be split.

    Examples:

    - `conflict-nlp data split mine.csv -o data --by document`

    - `conflict-nlp data split mine.jsonl -o data --dev 0.15 --test 0 --seed 7`
    """
    with errors_told():
        from conflict_nlp.learning.data_card import write_split
        from conflict_nlp.learning.split import split

        parts = split(file, dev=dev, test=test, by=by, seed=seed, columns=_columns(column))
        written = write_split(parts, output)
    for path in written:
        rows = parts.rows.get(path.stem)
        typer.echo(f"{path}  {len(rows)} sentences" if rows else str(path))


@app.command("audit")
def audit_command(
    file: Annotated[str, typer.Argument(metavar="FILE", help=".jsonl, .csv, .tsv or .parquet.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; else a table is shown.")
    ] = None,
    form: Format = TaskFormat.JSONL,
    model: Annotated[
        str | None,
        typer.Option(
            help="A model that was not trained on FILE; else a TF-IDF regression predicts each "
            "fifth from the others."
        ),
    ] = None,
    column: Columns = None,
) -> None:
    """Rank labels that are probably wrong (confident learning, by cleanlab).

    Filled in is what the predictions say instead, for a person to decide. FILE stays as it is.

    Exit status: 0 done; 2 wrong use, or too little data.

    Examples:

    - `conflict-nlp data audit mine.csv`

    - `conflict-nlp data audit mine.jsonl --model default -o doubts.json --format label-studio`
    """
    with errors_told():
        from conflict_nlp import Classifier
        from conflict_nlp.learning.audit import audit
        from conflict_nlp.learning.examples import LabelScheme
        from conflict_nlp.learning.read import read_labelled
        from conflict_nlp.learning.tasks import write_tasks

        examples = read_labelled(file, _columns(column))
        classifier = None if model is None else Classifier.from_pretrained(model)
        tasks = audit(examples, classifier)
        written = []
        if output is not None:
            scheme = LabelScheme.of(examples)
            if classifier is not None:  # with the labels that these sentences lack as well
                scheme = LabelScheme.of_model(classifier.settings)
            written = write_tasks(tasks, output, form, scheme)
    if output is None:
        _print_doubts(tasks)
    for path in written:
        typer.echo(str(path))
    typer.echo(f"{len(examples)} sentences read, {len(tasks)} with labels in doubt", err=True)


@app.command("collect")
def collect_command(
    export: Annotated[Path, typer.Argument(help="JSON export of Label Studio or Argilla.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Labelled .jsonl to write.")],
) -> None:
    """Read labels back from Label Studio or Argilla, with figures of agreement.

    What most people answered is written to OUTPUT. Sentences without a majority are written beside
    it, as OUTPUT.disputed.jsonl, with everybody's answer.

    Exit status: 0 written; 2 wrong use, or no such export.

    Example: `conflict-nlp data collect export.json -o labelled.jsonl`
    """
    with errors_told():
        from conflict_nlp.learning.annotations import collect

        found = collect(export)
        for path, rows in (
            (output, found.rows),
            (output.with_suffix(".disputed.jsonl"), found.disputed),
        ):
            if rows or path == output:
                lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                path.write_text("".join(lines), "utf-8")
                typer.echo(str(path))
    typer.echo(
        f"{len(found.rows)} sentences labelled, {len(found.disputed)} disputed, "
        f"{found.unanswered} not answered",
        err=True,
    )
    agreed = found.agreement
    if agreed.whole is not None:
        typer.echo(f"answered by several: {agreed.sentences}; alike as a whole: {agreed.whole:.1%}")
        for name, kappa in agreed.kappa.items():
            typer.echo(f"  kappa {name:20s} {kappa:.2f}")


def _columns(given: list[str] | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given or ()]
    if not all(name and equals and column for name, equals, column in pairs):
        raise typer.BadParameter("give NAME=COLUMN, such as text=sentence", param_hint="--column")
    return {name: column for name, _, column in pairs}


def _print_doubts(tasks: Sequence[Task]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not sys.stdout.isatty():
        for task in tasks:
            row = {"id": task.id, "score": round(task.score, 4), "note": task.note}
            typer.echo(json.dumps(row | {"suggested": task.events}, ensure_ascii=False))
        return
    table = Table("score", "id", "doubt", "suggested", box=box.SIMPLE_HEAD)
    for task in tasks:
        suggested = ", ".join(task.events or ()) or "no_event"
        table.add_row(f"{task.score:.2f}", Text(task.id), Text(task.note), Text(suggested))
    Console().print(table)


def _print_table(problems: list[Problem]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("where", "what", "fix", box=box.SIMPLE_HEAD)
    for problem in problems:
        where = problem.file if problem.row is None else f"{problem.file}:{problem.row}"
        what = f"{problem.severity}: {problem.message}"
        # An isolate keeps quoted Arabic from reordering the English around it.
        cells = (re.sub(r"'[^']*'", "\u2068\\g<0>\u2069", cell) for cell in (what, problem.fix))
        table.add_row(Text(where), *map(Text, cells))
    if problems:
        Console().print(table)
