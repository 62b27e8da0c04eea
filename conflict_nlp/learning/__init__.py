"""Labelled data, the torch model, training and export. Needs the ``train`` extra."""

from __future__ import annotations

from importlib.util import find_spec

from conflict_nlp.errors import MissingExtraError

for _package in ("torch", "transformers", "datasets", "datasketch", "scipy", "onnx"):
    if find_spec(_package) is None:
        raise MissingExtraError(_package, "train", "conflict_nlp.learning")
