"""``conflict-nlp train``, ``tune``, ``export``: from labelled sentences to a model of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from conflict_nlp.cli._shared import errors_told


def train_command(
    config: Annotated[
        Path | None,
        typer.Argument(metavar="CONFIG.toml", help="Settings; may be left out if all are given."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="One more setting; may be repeated."),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Runs with so many seeds, for their mean and deviation.")
    ] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from where the same run was broken off.")
    ] = False,
) -> None:
    """Fine-tune an encoder, or train a model onward, on labelled sentences.

    Every setting is explained in `help(conflict_nlp.learning.config.TrainConfig)`. What comes out
    is a checkpoint with its scores on the development set; `conflict-nlp export` makes the model
    of it that `classify` runs. Ctrl-C keeps what was learnt.

    Exit status: 0 trained; 1 training failed; 2 the settings or data cannot be used; 130
    interrupted.

    Examples:

    - `conflict-nlp train training/configs/from_base.toml`

    - `conflict-nlp train training/configs/onward.toml --set train=a.jsonl --set dev=b.jsonl`

    - `conflict-nlp train mine.toml --seeds 3 --set output=artifacts/three`

    - `accelerate launch --multi_gpu $(which conflict-nlp) train mine.toml --set bf16=true`

    - `torchrun --nproc_per_node 2 --no_python conflict-nlp train mine.toml`, on processors too
    """
    try:
        with errors_told():
            from conflict_nlp.evaluation.training_run import train_and_judge, train_seeds
            from conflict_nlp.learning.config import TrainConfig, settings_of

            _quiet()
            chosen = TrainConfig.from_toml(config, **settings_of(settings or [])).checked()
            if seeds > 1:
                figures = train_seeds(chosen, seeds, resume)
            else:
                figures = train_and_judge(chosen, resume)
    except KeyboardInterrupt as interruption:
        typer.echo(f"Interrupted: {str(interruption) or 'nothing was learnt yet'}.", err=True)
        raise typer.Exit(130) from interruption
    if not figures:
        return  # of several processes another one judges and says so
    if seeds > 1:
        _print_seeds(figures)
    else:
        _print_scores(figures)
    typer.echo(f"checkpoint{'s' if seeds > 1 else ''} in {chosen.output}")


def tune_command(
    search: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=RANGE", help="What may vary: epochs=2,3 or learning_rate=1e-5..3e-4."
        ),
    ],
    config: Annotated[
        Path | None, typer.Argument(metavar="CONFIG.toml", help="Settings that stay.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="One more setting; may be repeated."),
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="Training runs, earlier ones included.")] = 20,
) -> None:
    """Search for the settings that train best (Optuna), by development macro-F1.

    The same command goes on with a search that was broken off. The best checkpoint is kept.

    Exit status: 0 done; 2 the settings or data cannot be used; 130 interrupted.

    Example: `conflict-nlp tune mine.toml --search learning_rate=1e-5..3e-4 --search epochs=2,3,5`
    """
    try:
        with errors_told():
            from conflict_nlp.evaluation.tuning import Range, tune
            from conflict_nlp.learning.config import TrainConfig, settings_of

            _quiet()
            chosen = TrainConfig.from_toml(config, **settings_of(settings or []))
            best = tune(chosen, [Range.parse(text) for text in search], trials)
    except KeyboardInterrupt as interruption:
        typer.echo("Interrupted: the same command goes on with the finished runs.", err=True)
        raise typer.Exit(130) from interruption
    typer.echo(f"best of {best['trials']} runs: macro-F1 {best['value']:.3f} on development data")
    for name, value in best["settings"].items():
        typer.echo(f"  {name} = {value}")
    typer.echo(f"checkpoint in {best['checkpoint']}")


def export_command(
    checkpoint: Annotated[Path, typer.Argument(help="Directory that `train` wrote.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Model directory to write.")],
    dev: Annotated[
        str | None,
        typer.Option(help="Labelled sentences to calibrate by; by default the training's own."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of the model in results; else the checkpoint's.")
    ] = None,
) -> None:
    """Make the int8 model that `classify` runs without torch, calibrated on development data.

    Exit status: 0 exported; 2 the checkpoint or data cannot be used.

    Example: `conflict-nlp export artifacts/mine -o mine`
    """
    with errors_told():
        from conflict_nlp.evaluation.on_dev import export_calibrated

        scores = export_calibrated(checkpoint, output, dev, name)
    _print_scores(scores)
    size = sum(path.stat().st_size for path in output.iterdir()) / 1e6
    typer.echo(f"model in {output}, {size:.1f} MB")


def _quiet() -> None:
    """Keep transformers' notes on heads that an encoder was pretrained with to itself."""
    import logging

    logging.getLogger("transformers").setLevel(logging.ERROR)


def _print_seeds(figures: dict[str, Any]) -> None:
    typer.echo("development set, calibration cross-fitted, mean and deviation over the seeds:")
    for name, figure in figures.items():
        typer.echo(f"  {name:28s} {figure['mean']:.3f} ± {figure['deviation']:.3f}")


def _print_scores(scores: dict[str, Any]) -> None:
    typer.echo("development set, calibration cross-fitted:")
    for name, figure in scores["all"].items():
        value = figure if isinstance(figure, int) else f"{figure['value']:.3f}"
        typer.echo(f"  {name:28s} {value}")
