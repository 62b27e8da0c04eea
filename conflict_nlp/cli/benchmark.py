"""``conflict-nlp benchmark``: which variant to use, and whether the difference is real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from conflict_nlp.cli._shared import errors_told


def command(
    tasks: Annotated[
        str, typer.Option(help="Names of tasks, commas between; all by default.")
    ] = "",
    variants: Annotated[
        str, typer.Option(help="Names of variants, commas between; all by default.")
    ] = "",
    seeds: Annotated[int, typer.Option(min=1, help="Training runs of each trained variant.")] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="One more setting of every trained variant; may be repeated.",
        ),
    ] = None,
    registry: Annotated[
        list[Path] | None,
        typer.Option(help="TOML file with tasks and variants of your own; may be repeated."),
    ] = None,
    data: Annotated[Path, typer.Option(help="Folder of the built-in tasks' data.")] = Path(
        "../shared/data"
    ),
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder of results and report.")
    ] = Path("artifacts/benchmark"),
    draws: Annotated[int, typer.Option(min=10, help="Bootstrap resamples.")] = 1000,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Report what there is; run nothing.")
    ] = False,
    with_text: Annotated[
        bool,
        typer.Option("--with-text", help="Show the sentences of the worst errors in the page."),
    ] = False,
    list_all: Annotated[
        bool, typer.Option("--list", help="Show the tasks and variants, and stop.")
    ] = False,
) -> None:
    """Compare variants of the classifier on the same sentences, with intervals and tests.

    Each result is kept: the same command goes on where it was broken off, and runs again only what
    has other data, settings or weights. What cannot be had is reported with the reason. Written are
    `benchmark.json`, `benchmark.md` and `benchmark.html`, a page that needs no network.

    Exit status: 0 done; 1 a variant failed, or none has a result; 2 the benchmark cannot be read;
    130 interrupted.

    Examples:

    - `conflict-nlp benchmark --tasks labels --variants shipped,tfidf_svm,majority`

    - `conflict-nlp benchmark --registry mine.toml --tasks mine --seeds 3`

    - `conflict-nlp benchmark --tasks mawqif --variants base_12,shipped_onward --set bf16=true`

    - `conflict-nlp benchmark --list`
    """
    try:
        with errors_told():
            from conflict_nlp.evaluation.benchmark import run_benchmark
            from conflict_nlp.evaluation.benchmark_page import benchmark_markdown, benchmark_page
            from conflict_nlp.evaluation.benchmark_summary import summary, texts_of
            from conflict_nlp.evaluation.registry import Registry
            from conflict_nlp.learning.config import settings_of

            known = Registry.load(registry or (), data).with_training(settings_of(settings or []))
            if list_all:
                _show(known)
                return
            _quiet()
            outcome = run_benchmark(
                known,
                output,
                _names(tasks),
                _names(variants),
                seeds,
                draws,
                cached_only=report_only,
                note=lambda line: typer.echo(line, err=True),
            )
            record = summary(outcome, draws)
            output.mkdir(parents=True, exist_ok=True)
            text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
            (output / "benchmark.json").write_text(text, "utf-8")
            markdown = benchmark_markdown(record)
            (output / "benchmark.md").write_text(markdown, "utf-8")
            page = benchmark_page(record, texts_of(outcome) if with_text else None)
            (output / "benchmark.html").write_text(page, "utf-8")
    except KeyboardInterrupt as interruption:
        typer.echo("Interrupted: the same command goes on with what is left.", err=True)
        raise typer.Exit(130) from interruption
    for sentence in record["advice"]:
        typer.echo(sentence)
    typer.echo(f"report in {output / 'benchmark.html'}")
    found = {result["status"] for result in record["results"]}
    if "failed" in found or "done" not in found:
        raise typer.Exit(1)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _show(known: object) -> None:
    from rich.console import Console
    from rich.table import Table

    for what in ("tasks", "variants"):
        table = Table(title=what, title_justify="left", box=None)
        table.add_column("name", no_wrap=True)
        table.add_column("what it is")
        for name, entry in getattr(known, what).items():
            table.add_row(name, entry.title)
        Console().print(table)


def _quiet() -> None:
    """Keep notes of the training libraries to themselves."""
    import logging
    import warnings

    logging.getLogger("transformers").setLevel(logging.ERROR)
    # A class that a part of the data lacks is counted, not warned of once a fit.
    warnings.filterwarnings("ignore", module="sklearn")
