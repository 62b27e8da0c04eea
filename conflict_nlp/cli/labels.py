"""``conflict-nlp labels``: the codebook, to read or to process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from conflict_nlp.codebook import (
    CODEBOOK_VERSION,
    EVENT_TYPES,
    QUAD_CLASSES,
    STANCES,
    EventType,
)


class Format(StrEnum):
    """How to write the codebook."""

    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"


def command(
    format: Annotated[Format, typer.Option(help="How to write it.")] = Format.TABLE,
) -> None:
    """Show the event types and stances, with their ACLED, PLOVER, CAMEO and quad classes.

    For example: `conflict-nlp labels --format markdown > labels.md`
    """
    if format is Format.JSON:
        typer.echo(as_json())
    elif format is Format.MARKDOWN:
        typer.echo(as_markdown())
    else:
        _print_table()


def as_json() -> str:
    """Write the codebook as indented JSON.

    Returns:
        An object with ``codebook``, ``events``, ``stances`` and ``quad``.

    Example:
        >>> json.loads(as_json())["stances"]
        ['favor', 'against', 'none']
    """
    codebook = {
        "codebook": CODEBOOK_VERSION,
        "events": [asdict(row) for row in EVENT_TYPES],
        "stances": STANCES,
        "quad": dict(QUAD_CLASSES),
    }
    return json.dumps(codebook, ensure_ascii=False, indent=2)


def as_markdown() -> str:
    """Write the event types as a Markdown table.

    Returns:
        A header and one line an event type.

    Example:
        >>> len(as_markdown().splitlines())
        26
    """
    titles = [title for title, _ in _COLUMNS]
    rows = [[cell(row).replace("|", "\\|") for _, cell in _COLUMNS] for row in EVENT_TYPES]
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _meaning(row: EventType) -> str:
    return row.definition + (f" (not: {row.excludes})" if row.excludes else "")


_COLUMNS: tuple[tuple[str, Callable[[EventType], str]], ...] = (
    ("event type", lambda row: row.name),
    ("English", lambda row: row.english),
    ("Arabic", lambda row: row.arabic),
    ("code it when the sentence reports", _meaning),
    ("ACLED", lambda row: "; ".join(row.acled)),
    ("PLOVER", lambda row: "; ".join(row.plover)),
    ("CAMEO", lambda row: "; ".join(row.cameo)),
    ("quad", lambda row: "; ".join(row.quad)),
)


def _print_table() -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    # Eight columns do not fit a terminal: the names share one cell, the crosswalks another.
    table = Table(title=f"Codebook {CODEBOOK_VERSION}", box=box.SIMPLE_HEAD, show_lines=True)
    table.add_column("event type", no_wrap=True)
    table.add_column("code it when the sentence reports")
    table.add_column("elsewhere")
    for row in EVENT_TYPES:
        codes = [(title, cell(row)) for title, cell in _COLUMNS[4:]]
        elsewhere = "\n".join(f"{title} {code}" for title, code in codes if code)
        table.add_row(f"{row.name}\n{row.english}\n{row.arabic}", _meaning(row), elsewhere or "–")
    console = Console()
    console.print(table)
    console.print(f"Stances: {', '.join(STANCES)}")
    console.print("; ".join(f"{code} {name}" for code, name in QUAD_CLASSES.items()))
