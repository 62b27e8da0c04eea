"""Predict the development set with a checkpoint and report on it, calibration cross-fitted."""

from __future__ import annotations

import json
import pathlib

from conflict_nlp.evaluation.scores import cross_fitted, score
from conflict_nlp.learning.checkpoint import load_checkpoint, load_encoder
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.predict import predict_torch
from conflict_nlp.learning.read import read_labelled


def report_dev(folder: pathlib.Path, dev_file: str | pathlib.Path) -> None:
    """Write ``dev_logits.npz`` and ``dev_scores.json`` into a checkpoint, and print the scores."""
    model, settings = load_checkpoint(folder)
    scheme = LabelScheme.of_model(settings)
    dev = read_labelled(dev_file)
    logits = predict_torch(model, scheme, load_encoder(settings, folder), dev)
    logits.save(folder / "dev_logits.npz")
    scores = score(cross_fitted(logits, dev, scheme), dev, scheme, draws=0)
    (folder / "dev_scores.json").write_text(json.dumps(scores, indent=1) + "\n", "utf-8")
    for name, figure in scores["all"].items():
        print(f"{name:28s} {figure if isinstance(figure, int) else round(figure['value'], 4)}")
