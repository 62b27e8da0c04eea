"""Which layer of a trained encoder is missed least: leave each out in turn, without training.

    python training/spare_layers.py artifacts/84290dd/models/default \\
        --output training/results/layers.json

Development sentences only. The measure is the mean average precision over event types, which needs
no thresholds, beside the share of right primary events and stances. What is left out is made good
by training onward (``drop_layers`` of a configuration).
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
from typing import Any

import numpy as np
from rich.progress import track
from sklearn.metrics import average_precision_score
from torch import nn

from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.learning.calibrate import true_events, true_primary, true_stance
from conflict_nlp.learning.checkpoint import load_encoder
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.exported import load_exported
from conflict_nlp.learning.predict import predict_torch
from conflict_nlp.learning.read import read_labelled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--dev", default="../shared/data/labels/dev.jsonl")
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    args = parser.parse_args()
    record = {"provenance": provenance([args.dev, args.model / "model.onnx"], {"rows": args.seed})}
    dev = random.Random(args.seed).sample(read_labelled(args.dev), args.rows)
    model, settings = load_exported(args.model)
    scheme = LabelScheme.of_model(settings)
    encoder = load_encoder(settings, args.model)
    events, primary, stance = (f(dev, scheme) for f in (true_events, true_primary, true_stance))
    frequent = events.sum(0) > 2
    stack: Any = model.encoder.encoder
    layers = list(stack.layer)
    rows = []
    for left_out in track([None, *range(len(layers))], "leaving out"):
        stack.layer = nn.ModuleList([x for i, x in enumerate(layers) if i != left_out])
        logits = predict_torch(model, scheme, encoder, dev)
        precision = average_precision_score(events[:, frequent], logits.events[:, frequent])
        right = (logits.stance.argmax(1) == stance)[stance >= 0]
        rows.append(
            {
                "left_out": left_out,
                "event_mean_average_precision": round(float(precision), 4),
                "primary_accuracy": round(float(np.mean(logits.primary.argmax(1) == primary)), 4),
                "stance_accuracy": round(float(right.mean()), 4),
            }
        )
    record["layers"] = rows
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
