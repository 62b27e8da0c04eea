"""What several commands share: how they fail, and options of the same meaning."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer

from conflict_nlp.errors import ConflictNLPError


@contextmanager
def errors_told() -> Iterator[None]:
    """Say what went wrong on standard error, and end with status 2.

    Example:
        >>> with errors_told():
        ...     pass
    """
    try:
        yield
    except (ConflictNLPError, OSError) as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error


class TaskFormat(StrEnum):
    """What sentences to label are written for."""

    JSONL = "jsonl"
    LABEL_STUDIO = "label-studio"
    ARGILLA = "argilla"


Format = Annotated[
    TaskFormat,
    typer.Option(
        "--format",
        help="Labelled rows to edit, or tasks with the answers filled in for a labelling tool.",
    ),
]
