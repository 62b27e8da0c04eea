"""What several commands share: how they fail, and options of the same meaning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conflict_nlp.errors import ConflictNLPError, LexiconError, ModelNotFoundError

if TYPE_CHECKING:
    from conflict_nlp.classifier import Classifier
    from conflict_nlp.runtime import Runtime


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


def load_classifier(
    model: str, lexicon: Sequence[Path] = (), device: str | None = None
) -> Classifier:
    """The classifier that ``--model``, ``--lexicon`` and ``--device`` name.

    Args:
        model: a shipped model's name or a directory.
        lexicon: tables of actors on top of the library's, a later one over an earlier one.
        device: where torch reads batches of sentences; None for ONNX Runtime.

    Raises:
        typer.BadParameter: there is no such model.
        typer.Exit: with status 2, after the rows of a table that cannot be used were listed.
        ModelError: the model is damaged, or the device cannot be used.
        MissingExtraError: a device is given and the train extra is not installed.

    Example:
        >>> load_classifier("default").settings.codebook
        '1'
    """
    from conflict_nlp.actors import Lexicon
    from conflict_nlp.classifier import Classifier

    try:
        actors = Lexicon.load(*lexicon) if lexicon else None
        runtime = None if device is None else _on(device, model)
        return Classifier.from_pretrained(model, lexicon=actors, runtime=runtime)
    except ModelNotFoundError as error:
        raise typer.BadParameter(str(error), param_hint="--model") from error
    except LexiconError as error:
        # Not as a bad parameter, whose frame would wrap the list of its rows.
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error


def _on(device: str, model: str) -> Runtime:
    from conflict_nlp.learning.torch_runtime import TorchRuntime

    return TorchRuntime.from_pretrained(model, device=device)


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
