"""``conflict-nlp report`` and ``export-events``: what stands in a classified corpus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conflict_nlp.cli._shared import errors_told

Classified = Annotated[
    Path, typer.Argument(metavar="CLASSIFIED", help="What `classify -o` wrote, in any form.")
]
DateColumn = Annotated[
    str, typer.Option(help="Column with dates, which begin with year and month.")
]
CountryColumn = Annotated[str, typer.Option(help="Column with countries.")]


def report_command(
    classified: Classified,
    output: Annotated[Path, typer.Option("--output", "-o", help="HTML file to write.")],
    date_column: DateColumn = "date",
    country_column: CountryColumn = "country",
) -> None:
    """Make a page over a classified corpus, for an analyst to read.

    Events over time, by actor and by country where the corpus has these columns, the stance toward
    every actor, and sentences behind every number. The page needs no network.

    Exit status: 0 written; 2 wrong use, or no classified corpus.

    Example: `conflict-nlp report results.parquet -o report.html --date-column published`
    """
    with errors_told():
        from conflict_nlp.corpus_report import corpus_report

        counts = corpus_report(
            classified, output, date_column=date_column, country_column=country_column
        )
    typer.echo(f"{counts.rows:,} sentences", err=True)
    typer.echo(str(output))


def export_events_command(
    classified: Classified,
    output: Annotated[Path, typer.Option("--output", "-o", help=".csv or .tsv file to write.")],
    date_column: DateColumn = "date",
    country_column: CountryColumn = "country",
    source_column: Annotated[str, typer.Option(help="Column with the source.")] = "source",
) -> None:
    """Write a record for each event, with the column names of ACLED and PLOVER.

    Exit status: 0 written; 2 wrong use, or no classified corpus.

    Example: `conflict-nlp export-events results.parquet -o events.csv --date-column published`
    """
    with errors_told():
        from conflict_nlp.event_records import export_events

        count = export_events(
            classified,
            output,
            date_column=date_column,
            country_column=country_column,
            source_column=source_column,
        )
    typer.echo(f"{count:,} events", err=True)
    typer.echo(str(output))
