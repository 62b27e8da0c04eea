"""Train a model as a configuration says, and predict the development set with it.

    python training/train.py training/configs/default.toml
    python training/train.py training/configs/default.toml --set output=artifacts/seed7 --set seed=7

Writes the checkpoint, how it was made (``training.json``), ``dev_logits.npz``, and the cross-fitted
development scores as ``dev_scores.json``. Nothing here reads a test split.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import time
import tomllib
from typing import Any

from report_dev import report_dev

from conflict_nlp._model_files import TRAINING_FILE
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.trainer import train


def overrides(settings: list[str]) -> dict[str, Any]:
    """``name=value`` pairs with TOML values; a bare word is a string."""
    values: dict[str, Any] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        try:
            values[name] = tomllib.loads(f"x = {value}")["x"]
        except tomllib.TOMLDecodeError:
            values[name] = value
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=pathlib.Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    args = parser.parse_args()
    config = TrainConfig.from_toml(args.config, **overrides(args.set)).checked()
    # Before training: a commit made meanwhile is not what was run.
    weights = [
        path
        for path in sorted(pathlib.Path(config.base).iterdir())
        if path.suffix in (".safetensors", ".onnx")
    ]
    files = [*config.train, *config.auxiliary, config.dev, *weights]
    record: dict[str, Any] = {"config": dataclasses.asdict(config)}
    record["provenance"] = provenance(files, {"training": config.seed})
    start = time.time()
    train(config)
    record["minutes"] = round((time.time() - start) / 60, 1)

    folder = pathlib.Path(config.output)
    (folder / TRAINING_FILE).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    report_dev(folder, config.dev)
    print(f"{record['minutes']} minutes of training; checkpoint in {folder}")


if __name__ == "__main__":
    main()
