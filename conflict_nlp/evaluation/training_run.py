"""A training run with everything that is kept of it: how it was made, and how good it is."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import statistics
import time
from typing import Any

from conflict_nlp._model_files import TRAINING_FILE
from conflict_nlp.evaluation.on_dev import SCORES_FILE, judge_checkpoint
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.learning.backbones import backbone_folder
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.trainer import STEPS_FOLDER, train

SEEDS_FILE = "seeds.json"


def train_and_judge(config: TrainConfig, resume: bool = False) -> dict[str, Any]:
    """Train, write down how (``training.json``), and judge on the development set.

    Args:
        config: settings of the run.
        resume: go on from where the same run was broken off.

    Returns:
        The scores on the development set, calibration cross-fitted.

    Raises:
        DataError, ModelError, KeyboardInterrupt: as :func:`~conflict_nlp.learning.trainer.train`.

    Example:
        >>> train_and_judge(TrainConfig.from_toml("mine.toml"))  # doctest: +SKIP
    """
    config.checked()
    # Before training: a commit made meanwhile is not what was run.
    weights = [
        str(path)
        for path in sorted(backbone_folder(config.base).iterdir())
        if path.suffix in (".safetensors", ".onnx", ".bin")
    ]
    files = [*config.train, *config.auxiliary, config.dev, *weights]
    record: dict[str, Any] = {"config": dataclasses.asdict(config)}
    record["provenance"] = provenance(files, {"training": config.seed})
    folder = pathlib.Path(config.output)
    start = time.time()

    def keep() -> None:
        """What the weights are by now; what was measured of earlier ones must not outlive them."""
        (folder / SCORES_FILE).unlink(missing_ok=True)
        record["minutes"] = round((time.time() - start) / 60, 1)
        record["resumed"] = resume
        (folder / TRAINING_FILE).write_text(json.dumps(record, indent=1) + "\n", "utf-8")

    first = not int(os.environ.get("RANK", "0"))  # of several processes one judges
    try:
        train(config, resume)
    except KeyboardInterrupt as interruption:
        if first and str(interruption):  # it says what was learnt, so there are new weights
            keep()
        raise
    if not first:
        return {}
    keep()
    return judge_checkpoint(folder, config.dev)


def train_seeds(config: TrainConfig, count: int, resume: bool = False) -> dict[str, Any]:
    """Train with several seeds, to see how much of a difference is chance.

    Args:
        config: settings of the runs; run n has the seed ``seed + n`` and the output folder
            ``output/seed<seed>``.
        count: number of runs.
        resume: leave out runs that are finished, and go on with one that was broken off.

    Returns:
        For each figure ``mean``, ``deviation`` (of the sample) and ``values``; also written as
        ``seeds.json`` into the output folder.

    Example:
        >>> train_seeds(TrainConfig.from_toml("mine.toml"), 3)  # doctest: +SKIP
    """
    figures: dict[str, list[float]] = {}
    for seed in range(config.seed, config.seed + count):
        folder = pathlib.Path(config.output) / f"seed{seed}"
        one = dataclasses.replace(config, seed=seed, output=str(folder))
        if resume and is_trained(one):
            scores = json.loads((folder / SCORES_FILE).read_text("utf-8"))
        else:
            scores = train_and_judge(one, resume)
        for name, figure in scores.get("all", {}).items():
            if not isinstance(figure, int):
                figures.setdefault(name, []).append(figure["value"])
    summary = {
        name: {
            "mean": statistics.mean(values),
            "deviation": statistics.stdev(values) if len(values) > 1 else 0.0,
            "values": values,
        }
        for name, values in figures.items()
    }
    if figures:  # in the process that judges
        text = json.dumps(summary, indent=1) + "\n"
        (pathlib.Path(config.output) / SEEDS_FILE).write_text(text, "utf-8")
    return summary


def is_trained(config: TrainConfig) -> bool:
    """Whether a run of these settings has come to its end, scores and all."""
    folder = pathlib.Path(config.output)
    record = folder / TRAINING_FILE
    ended = (folder / SCORES_FILE).exists() and not (folder / STEPS_FOLDER).exists()
    if not (ended and record.exists()):
        return False
    return bool(json.loads(record.read_text("utf-8"))["config"] == config.as_json())
