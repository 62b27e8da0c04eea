"""Train every variant of an encoder and put it into the table that the shipped model stands in.

    python training/train_variants.py                               # CAMeLBERT's eight variants
    python training/train_variants.py training/configs/camelbert_m*.toml --set bf16=true

To be run where the Hugging Face hub is in reach. Each configuration is trained, exported and
calibrated on its development set; a run broken off goes on where it stopped, a finished one is not
repeated, and an encoder that cannot be had is reported with the reason. Then ``evaluate.py`` scores
all of them beside the shipped model on the test split.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from collections.abc import Sequence

import evaluate

from conflict_nlp.errors import ConflictNLPError
from conflict_nlp.evaluation.on_dev import export_calibrated
from conflict_nlp.evaluation.training_run import is_trained, train_and_judge
from conflict_nlp.learning.config import TrainConfig, settings_of

CONFIGS = sorted(pathlib.Path("training/configs").glob("camelbert_*.toml"))


def exported(config: TrainConfig) -> pathlib.Path:
    """The exported model of a configuration, trained if it is not yet."""
    folder = pathlib.Path(config.output)
    model = folder / config.name
    if not is_trained(config):
        train_and_judge(config, resume=True)
    export_calibrated(folder, model)
    return model


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", type=pathlib.Path, nargs="*", default=CONFIGS)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--output", type=pathlib.Path, default="training/results/variants.json")
    args, others = parser.parse_known_args(arguments)
    models, unavailable = [], {}
    for path in args.configs:
        config = TrainConfig.from_toml(path, **settings_of(args.set))
        try:
            models.append(exported(config))
        except ConflictNLPError as error:  # the other variants are trained all the same
            unavailable[config.name] = str(error)
            print(f"{config.name}: UNAVAILABLE: {error}", flush=True)
    also = [part for model in models for part in ("--also", str(model))]
    evaluate.main([*also, "--output", str(args.output), *others])
    record = json.loads(args.output.read_text("utf-8"))
    record["unavailable"] |= unavailable
    args.output.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    args.output.with_suffix(".md").write_text(evaluate.markdown(record), "utf-8")


if __name__ == "__main__":
    main()
