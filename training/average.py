"""Average the weights of checkpoints that started from the same weights: a model soup.

    python training/average.py artifacts/first artifacts/second --output artifacts/final \\
        --dev ../shared/data/labels/dev.jsonl

The runs may differ in the order of the data (``data_seed``), in epochs, rates and dropout, but not
in ``seed``: heads that started apart cannot be averaged. A model, be it exported already, can be
averaged with what it became when it was trained onward. One that is named twice weighs twice. See
Wortsman et al. 2022, "Model soups: averaging weights of multiple fine-tuned models improves
accuracy without increasing inference time".
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
from collections import Counter
from typing import Any

import torch

from conflict_nlp._model_files import SETTINGS_FILE, TRAINING_FILE, ModelSettings
from conflict_nlp.errors import ModelError
from conflict_nlp.evaluation.on_dev import judge_checkpoint
from conflict_nlp.learning.checkpoint import (
    load_weights,
    read_tokenizer,
    save_checkpoint,
)


def alike(settings: list[ModelSettings], configs: list[dict[str, Any]]) -> None:
    """Refuse checkpoints that cannot be averaged."""
    # What a run read of its sentences is its own affair: the mean reads what the first one did.
    unnamed = {dataclasses.replace(other, name="", actor_names=True) for other in settings}
    # Heads that start at random start apart, unless the seed is the same.
    fresh = [c["seed"] for c in configs if not (pathlib.Path(c["base"]) / SETTINGS_FILE).exists()]
    if len(unnamed) > 1 or len(set(fresh)) > 1:
        raise ModelError(
            f"the checkpoints differ in labels, encoder, pooling or seed (seeds {fresh}). Average "
            "runs of one seed that differ in data_seed, epochs or dropout, or a model and what it "
            "became when it was trained onward."
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", type=pathlib.Path, nargs="+")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--dev", type=pathlib.Path, required=True)
    args = parser.parse_args()
    loaded = [load_weights(folder) for folder in args.checkpoints]
    records = [json.loads((f / TRAINING_FILE).read_text("utf-8")) for f in args.checkpoints]
    alike([settings for _, settings in loaded], [record["config"] for record in records])
    model, settings = loaded[0]
    states = [other.state_dict() for other, _ in loaded]
    mean = {name: torch.stack([s[name] for s in states]).mean(0) for name in states[0]}
    model.load_state_dict(mean)
    save_checkpoint(model, settings, read_tokenizer(args.checkpoints[0]), args.output)
    # Of the first run, with all of them beside it.
    # What a start itself took is not part of it.
    started = {pathlib.Path(r["config"]["base"]) for r in records}
    runs = dict(zip(args.checkpoints, records, strict=True))
    minutes = sum(r["minutes"] for folder, r in runs.items() if folder not in started)
    weights = Counter(args.checkpoints)
    averaged = [r | {"weight": weights[folder]} for folder, r in runs.items()]
    record = records[0] | {"minutes": minutes, "averaged": averaged}
    (args.output / TRAINING_FILE).write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    judge_checkpoint(args.output, args.dev)


if __name__ == "__main__":
    main()
