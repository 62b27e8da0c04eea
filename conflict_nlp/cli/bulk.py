"""``conflict-nlp classify INPUT -o OUTPUT``: files of any size into one file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import typer

from conflict_nlp._sources import STDIN, find_files, kind_of, parts_of
from conflict_nlp.bulk import Options, Summary, classify_files
from conflict_nlp.cli._shared import load_classifier
from conflict_nlp.errors import ConflictNLPError
from conflict_nlp.files import count_lines

SHOWN = 10  # actors in the summary


def run(
    inputs: Sequence[str],
    output: Path,
    options: Options,
    *,
    model: str = "default",
    lexicon: Sequence[Path] = (),
    device: str | None = None,
    resume: bool = False,
) -> None:
    """Classify files into a file, with progress and a summary on standard error.

    Args:
        inputs: as in :func:`~conflict_nlp.bulk.classify_files`.
        output: file to write.
        options: how rows are read and classified.
        model: a shipped model's name or a directory.
        lexicon: tables of actors on top of the library's.
        device: where torch reads batches of sentences; None for ONNX Runtime on all cores.
        resume: go on with a run that was broken off.

    Raises:
        typer.Exit: with the status of the command.
    """
    # What was done is kept, but a pipe cannot be read again.
    advice = (
        f"What is done lies in {parts_of(output)}; save the input as a file to be able to go on."
        if STDIN in inputs
        else "What is done is kept: the same command with --resume goes on from here."
    )
    try:
        classifier = load_classifier(model, lexicon, device)
        with _progress(inputs, output) as advance:
            summary = classify_files(
                classifier, inputs, output, options, resume=resume, advance=advance
            )
    except ConflictNLPError as error:
        typer.echo(f"Error: {error}", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"Error: {error}. {advice}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt as interruption:
        typer.echo(f"Interrupted. {advice}", err=True)
        raise typer.Exit(130) from interruption
    _print_summary(summary)
    typer.echo(str(output))
    raise typer.Exit(1 if summary.errors else 0)


@contextmanager
def _progress(inputs: Sequence[str], output: Path) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """Rows a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text("" if speed is None else f"{speed:,.0f} rows/s")

    console = Console(stderr=True)
    columns = (BarColumn(), TextColumn("{task.completed} rows"), Rate(), TimeRemainingColumn())
    if not console.is_terminal:  # counting the rows of a large file takes a while
        yield lambda rows: None
        return
    with Progress(*columns, console=console, transient=True) as bar:
        total = None
        with suppress(OSError):  # a file that cannot be read gets its row with an error
            total = _count(inputs, output)
        task = bar.add_task("", total=total)
        yield lambda rows: bar.advance(task, rows)


def _count(inputs: Sequence[str], output: Path) -> int | None:
    """Rows of the inputs; None where only reading them whole would tell."""
    total = 0
    for path in find_files(inputs, besides=output):
        if path == Path(STDIN) or path.suffix.lower() in (".gz", ".zst"):
            return None
        if kind_of(path) == ".parquet":
            try:
                from pyarrow import ArrowException, parquet

                total += parquet.read_metadata(path).num_rows
            except (ImportError, ArrowException, OSError):  # the run says so
                return None
        else:
            total += 1 if kind_of(path) == ".txt" else count_lines(path)
    return total


def _print_summary(summary: Summary) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True)
    said = [f"{summary.rows:,} rows", f"{summary.errors:,} with an error"]
    said += [f"{count:,} abstained: {why}" for why, count in summary.abstained.most_common()]
    said.append(f"{summary.truncated:,} truncated")
    console.print("; ".join(said), highlight=False)
    if summary.events:
        table = Table("event type", "rows", box=box.SIMPLE_HEAD)
        for name, count in summary.events.most_common():
            table.add_row(name, f"{count:,}")
        console.print(table)
    if summary.stances:
        stances = sorted({name for toward in summary.stances.values() for name in toward})
        table = Table("stance toward", *stances, box=box.SIMPLE_HEAD)
        most = sorted(summary.stances.items(), key=lambda item: -item[1].total())[:SHOWN]
        for actor, toward in most:
            table.add_row(Text(actor), *(f"{toward[name]:,}" for name in stances))
        console.print(table)
        if len(summary.stances) > SHOWN:
            console.print(f"and {len(summary.stances) - SHOWN} more actors", highlight=False)
