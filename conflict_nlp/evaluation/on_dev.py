"""A model on its development set: calibration, and figures from folds held out of it."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence
from typing import Any

from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE, TRAINING_FILE, ModelSettings
from conflict_nlp.errors import DataError
from conflict_nlp.evaluation.minimal_pairs import minimal_pairs
from conflict_nlp.evaluation.scores import cross_fitted, score
from conflict_nlp.learning.calibrate import fit_calibration
from conflict_nlp.learning.checkpoint import kept_calibration, load_checkpoint, load_encoder
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.export import SENTENCES, export
from conflict_nlp.learning.predict import Logits, predict_in_use, predict_torch
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.runtime import OnnxRuntime

LOGITS_FILE, INT8_LOGITS_FILE = "dev_logits.npz", "dev_logits_int8.npz"
SCORES_FILE = "dev_scores.json"


def judge_checkpoint(folder: pathlib.Path, dev_file: str | pathlib.Path) -> dict[str, Any]:
    """Predict the development set with a checkpoint; keep predictions, calibration, scores in it.

    Args:
        folder: the checkpoint.
        dev_file: labelled sentences that it was not trained on.

    Returns:
        What :func:`~conflict_nlp.evaluation.scores.score` gives, calibration cross-fitted.
    """
    model, settings = load_checkpoint(folder)
    scheme = LabelScheme.of_model(settings)
    dev = read_labelled(dev_file)
    logits = predict_torch(model, scheme, load_encoder(settings, folder), dev)
    logits.save(folder / LOGITS_FILE)
    start = kept_calibration(folder)
    fit_calibration(logits, dev, scheme, start).save(folder / CALIBRATION_FILE)
    scores = score(cross_fitted(logits, dev, scheme, start), dev, scheme, draws=0)
    (folder / SCORES_FILE).write_text(json.dumps(scores, indent=1) + "\n", "utf-8")
    return scores


def export_calibrated(
    checkpoint: pathlib.Path,
    output: pathlib.Path,
    dev_file: str | pathlib.Path | None = None,
    name: str | None = None,
) -> dict[str, Any]:
    """Export a checkpoint as the int8 model that ``classify`` runs, calibrated.

    The ranges of its activations are taken from the development set's sentences. Calibration and
    thresholds are fitted on the int8 model's own predictions for it, since int8 shifts the logits.

    Args:
        checkpoint: directory that training wrote.
        output: model directory to write.
        dev_file: labelled sentences that the checkpoint was not trained on; by default the
            development file that its ``training.json`` names.
        name: name of the model in results; the checkpoint's by default.

    Returns:
        What :func:`~conflict_nlp.evaluation.scores.score` gives, calibration cross-fitted.

    Raises:
        ModelError: the checkpoint is incomplete.
        DataError: the sentences cannot be read, or have other labels than the model.

    Example:
        >>> export_calibrated(Path("artifacts/mine"), Path("mine"))  # doctest: +SKIP
    """
    dev = read_labelled(dev_file or _dev_file_of(checkpoint))
    settings, encoder = export(checkpoint, output, with_authored(dev), name=name)
    scheme = LabelScheme.of_model(settings)
    for example in dev:
        scheme.check(example)
    logits: Logits = predict_in_use(OnnxRuntime(output / ONNX_FILE), encoder, dev)
    logits.save(checkpoint / INT8_LOGITS_FILE)
    start = kept_calibration(checkpoint)
    fit_calibration(logits, dev, scheme, start).save(output / CALIBRATION_FILE)
    return score(cross_fitted(logits, dev, scheme, start), dev, scheme, draws=0)


def with_authored(examples: Sequence[Example]) -> list[Example]:
    """Sentences to take the ranges of an int8 model's activations from.

    Where there are few, the second sentences of minimal pairs are added, without what is known of
    them, lest the ranges be too narrow for what the model will read.

    Args:
        examples: labelled sentences like those that it will read.
    """
    pairs = minimal_pairs()
    lacking = min(len(pairs), max(0, SENTENCES - len(examples)))
    added = [pairs[place * len(pairs) // lacking].second for place in range(lacking)]
    return [*examples, *(Example("", text, None, None) for text in added)]


def _dev_file_of(checkpoint: pathlib.Path) -> str:
    ModelSettings.load(checkpoint)  # says so where this is no checkpoint at all
    record = checkpoint / TRAINING_FILE
    if not record.exists():
        raise DataError(
            f"{checkpoint} does not say what it was developed on (no {TRAINING_FILE}). Name a file "
            "of labelled sentences that it was not trained on: --dev FILE."
        )
    return str(json.loads(record.read_text("utf-8"))["config"]["dev"])
