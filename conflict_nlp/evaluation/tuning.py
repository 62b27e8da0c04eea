"""Search for the settings that train best, through Optuna."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conflict_nlp.errors import DataError, MissingExtraError
from conflict_nlp.evaluation.training_run import train_and_judge
from conflict_nlp.learning.config import TrainConfig, toml_value

STUDY_FILE, BEST_FILE = "study.db", "best.json"
_FORM = "NAME=LOW..HIGH or NAME=VALUE,VALUE, such as learning_rate=1e-5..3e-4 or epochs=2,3,5"
FIGURES = ("event_macro_f1", "sentence_stance_macro_f1", "target_stance_macro_f1")


@dataclass(frozen=True, slots=True)
class Range:
    """What a setting may be.

    Attributes:
        name: of the setting.
        choices: the values, or the lowest and the highest.
        between: whether any value between the two is meant.
    """

    name: str
    choices: tuple[Any, ...]
    between: bool

    @classmethod
    def parse(cls, text: str) -> Range:
        """Read ``NAME=LOW..HIGH`` or ``NAME=VALUE,VALUE``.

        Raises:
            DataError: it is neither, or no such setting.

        Example:
            >>> Range.parse("epochs=2,3")
            Range(name='epochs', choices=(2, 3), between=False)
        """
        name, _, values = text.partition("=")
        if name not in {entry.name for entry in dataclasses.fields(TrainConfig)}:
            raise DataError(f"{name!r} is no setting of training. Give {_FORM}.")
        between = ".." in values
        parts = values.split("..") if between else values.split(",")
        found = tuple(map(toml_value, parts))
        numbers = all(isinstance(value, (int, float)) for value in found)
        if not values or (between and not (numbers and len(found) == 2 and found[0] < found[1])):
            raise DataError(f"{text!r} is no range. Give {_FORM}.")
        return cls(name, found, between)

    def suggest(self, trial: Any) -> Any:
        """A value for one of Optuna's trials; learning rates on a logarithmic scale."""
        if not self.between:
            return trial.suggest_categorical(self.name, list(self.choices))
        low, high = self.choices
        if isinstance(low, int) and isinstance(high, int):
            return trial.suggest_int(self.name, low, high)
        log = self.name.endswith("learning_rate")
        return trial.suggest_float(self.name, float(low), float(high), log=log)


def tune(config: TrainConfig, ranges: Sequence[Range], trials: int) -> dict[str, Any]:
    """Train with settings that a search proposes, and keep the best.

    The study is kept in the output folder: the same call goes on with it, so that nothing is
    lost when it is broken off. Of the checkpoints only the best one is kept.

    Args:
        config: settings that stay; run n is trained into ``output/trial<n>``.
        ranges: settings that vary.
        trials: number of runs wanted, those of earlier calls included.

    Returns:
        ``value`` (development macro-F1, of the event types or else of the stances), ``settings``
        and ``checkpoint`` of the best run; also written as ``best.json``.

    Raises:
        DataError: the settings cannot be used.
        MissingExtraError: optuna is not installed.

    Example:
        >>> tune(config, [Range.parse("learning_rate=1e-5..3e-4")], 10)  # doctest: +SKIP
    """
    try:
        import optuna
    except ImportError as error:
        raise MissingExtraError("optuna", "tune", "searching for settings") from error
    config.checked()
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise DataError("a search runs in one process; start it without accelerate or torchrun.")
    folder = pathlib.Path(config.output)
    folder.mkdir(parents=True, exist_ok=True)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name="conflict_nlp",
        storage=f"sqlite:///{folder / STUDY_FILE}",
        load_if_exists=True,
        direction="maximize",
    )
    # Not the same proposals again where an earlier call left off.
    study.sampler = optuna.samplers.TPESampler(seed=config.seed + len(study.trials))

    def objective(trial: Any) -> float:
        chosen = {entry.name: entry.suggest(trial) for entry in ranges}
        place = folder / f"trial{trial.number}"
        scores = train_and_judge(dataclasses.replace(config, output=str(place), **chosen))
        figures = scores["all"]
        name = next(name for name in FIGURES if name in figures)
        return float(figures[name]["value"])

    def keep_best() -> dict[str, Any]:
        checkpoint = folder / f"trial{study.best_trial.number}"
        for place in folder.glob("trial*"):
            if place != checkpoint:
                shutil.rmtree(place)
        best = {
            "value": study.best_value,
            "settings": study.best_params,
            "checkpoint": str(checkpoint),
            "trials": _finished(study),
        }
        (folder / BEST_FILE).write_text(json.dumps(best, indent=1) + "\n", "utf-8")
        return best

    def after_trial(*_: Any) -> None:
        keep_best()

    wanted = trials - _finished(study)
    if wanted > 0:
        study.optimize(objective, n_trials=wanted, callbacks=[after_trial])
    return keep_best()


def _finished(study: Any) -> int:
    from optuna.trial import TrialState

    return len(study.get_trials(states=(TrialState.COMPLETE,)))
