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

from conflict_nlp.errors import ConflictNLPError

if TYPE_CHECKING:
    from conflict_nlp.learning.check import Problem

app = typer.Typer(no_args_is_help=True, help="Check labelled data and split it.")

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
    try:
        from conflict_nlp.learning.check import ERROR, check

        problems, rows = check(files, _columns(column))
    except ConflictNLPError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error
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
    try:
        from conflict_nlp.learning.data_card import write_split
        from conflict_nlp.learning.split import split

        parts = split(file, dev=dev, test=test, by=by, seed=seed, columns=_columns(column))
        written = write_split(parts, output)
    except (ConflictNLPError, OSError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error
    for path in written:
        rows = parts.rows.get(path.stem)
        typer.echo(f"{path}  {len(rows)} sentences" if rows else str(path))


def _columns(given: list[str] | None) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in given or ()]
    if not all(name and equals and column for name, equals, column in pairs):
        raise typer.BadParameter("give NAME=COLUMN, such as text=sentence", param_hint="--column")
    return {name: column for name, _, column in pairs}


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
