"""The command line: ``conflict-nlp``. One file a command, each over a plain function."""

from __future__ import annotations

from typing import Annotated

import typer

from conflict_nlp import __version__
from conflict_nlp.cli import benchmark, classify, data, doctor, labels, report, suggest, train

__all__ = ["app"]

app = typer.Typer(
    name="conflict-nlp",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
)
app.command("classify")(classify.command)
app.add_typer(data.app, name="data")
app.command("train")(train.train_command)
app.command("tune")(train.tune_command)
app.command("export")(train.export_command)
app.command("report")(report.report_command)
app.command("export-events")(report.export_events_command)
app.command("suggest")(suggest.command)
app.command("benchmark")(benchmark.command)
app.command("labels")(labels.command)
app.command("doctor")(doctor.command)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Event types and stance in Arabic conflict reporting: offline, calibrated."""
