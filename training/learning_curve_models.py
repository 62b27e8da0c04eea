"""One run of the learning curve: fine-tune or fit on the labelled rows, score on the test part."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from learning_curve_data import DATA
from sklearn.svm import LinearSVC

from conflict_nlp import codebook, metrics
from conflict_nlp._model_files import CALIBRATION_FILE, ModelSettings
from conflict_nlp.calibration import Calibration
from conflict_nlp.errors import DataError
from conflict_nlp.evaluation.outputs import labels_for
from conflict_nlp.evaluation.scores import FIGURES, decide, measures
from conflict_nlp.evaluation.task_data import Sentences
from conflict_nlp.learning.calibrate import fit_calibration, true_events, true_primary
from conflict_nlp.learning.checkpoint import load_encoder, load_weights
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits, predict_torch
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.text_features import tfidf
from conflict_nlp.learning.trainer import train

# Up to so many labelled rows: epochs, sentences a step. Fewer rows are read more often, so that new
# heads get 150 steps at least.
EPOCHS = ((50, 30, 8), (200, 15, 16), (1000, 6, 16))
ONWARD = (3, 16)  # where the start's heads know the labels: what onward.toml says
CONFIGS = {"shipped": "training/configs/onward.toml", "base": "training/configs/from_base.toml"}
KINDS = (*CONFIGS, "tfidf")
STRENGTH = 1.0  # of the SVM: scikit-learn's default, since few rows are no ground to choose it on


@dataclasses.dataclass(frozen=True)
class Cell:
    """One run of the table."""

    data: str
    start: str
    size: int
    seed: int

    def __str__(self) -> str:
        return f"{self.data}, {self.start}, {self.size} rows, seed {self.seed}"


@dataclasses.dataclass(frozen=True)
class Parts:
    """The labelled rows of a run, in two, and the test part; as files and as sentences."""

    files: dict[str, pathlib.Path]

    def __getitem__(self, name: str) -> list[Example]:
        return read_labelled(self.files[name]) if name in self.files else []


def schedule(cell: Cell) -> tuple[int, int]:
    """Epochs and sentences a step."""
    if cell.start == "shipped" and DATA[cell.data].labels == "codebook":
        return ONWARD
    *_, last = EPOCHS
    _, epochs, batch = next((row for row in EPOCHS if cell.size <= row[0]), last)
    return epochs, batch


def as_it_is(start: pathlib.Path, parts: Parts) -> tuple[LabelScheme, dict[str, Logits], Any]:
    """A start that knows the labels, without any training; with its calibration."""
    model, settings = load_weights(start)
    scheme, encoder = LabelScheme.of_model(settings), load_encoder(settings, start)
    events, stances = len(scheme.events), len(scheme.stances)
    none = (np.zeros((0, size), np.float32) for size in (events, events + 1, stances))
    logits = {
        "dev": Logits((), *none, np.zeros(0, np.int64)),
        "test": predict_torch(model, scheme, encoder, parts["test"]),
    }
    return scheme, logits, Calibration.load(start / CALIBRATION_FILE)


def by_encoder(
    cell: Cell, parts: Parts, start: str, folder: pathlib.Path, overrides: dict[str, Any]
) -> tuple[LabelScheme, dict[str, Logits]]:
    """Fine-tune, and predict what was not trained on, with the weights as torch has them."""
    epochs, batch = schedule(cell)
    settings = {"epochs": epochs, "batch_size": batch, "seed": cell.seed} | overrides
    config = TrainConfig.from_toml(
        CONFIGS[cell.start],
        base=start,
        train=str(parts.files["train"]),
        dev=str(parts.files["dev"]),
        output=str(folder),
        labels=DATA[cell.data].labels,
        **settings,
    )
    model = train(config)
    saved = ModelSettings.load(folder)
    scheme, encoder = LabelScheme.of_model(saved), load_encoder(saved, folder)
    return scheme, {p: predict_torch(model, scheme, encoder, parts[p]) for p in ("dev", "test")}


def margins(
    fitted_on: Any, labels: npt.NDArray[np.bool_], others: Sequence[Any]
) -> list[npt.NDArray[np.float32]]:
    """An SVM's margin for each label, one against the rest; -1 for a label that it never saw."""
    found = [np.full((matrix.shape[0], labels.shape[1]), -1.0, np.float32) for matrix in others]
    for column in np.flatnonzero(labels.any(0)):
        if labels[:, column].all():
            continue  # of no use to tell sentences apart
        model = LinearSVC(C=STRENGTH, class_weight="balanced", random_state=0)
        model.fit(fitted_on, labels[:, column])
        for margin, matrix in zip(found, others, strict=True):
            margin[:, column] = model.decision_function(matrix)
    return found


def by_words(cell: Cell, parts: Parts) -> tuple[LabelScheme, dict[str, Logits]]:
    """TF-IDF and linear SVMs, for the event types alone."""
    known, names = parts["train"], ("dev", "test")
    if DATA[cell.data].labels == "data":
        scheme = LabelScheme.of([*known, *parts["dev"]])
    else:
        scheme = LabelScheme(codebook.EVENTS, (), codebook.CODEBOOK_VERSION)
    features = tfidf([e.text for e in known])
    fitted = features.fit_transform([e.text for e in known])
    others = [features.transform([e.text for e in parts[name]]) for name in names]
    events = margins(fitted, true_events(known, scheme), others)
    primary = true_primary(known, scheme)
    one_of = margins(fitted, metrics.one_hot(primary, len(scheme.events) + 1), others)
    logits = {}
    for name, event, first in zip(names, events, one_of, strict=True):
        ids = tuple(e.id for e in parts[name])
        no_stance = np.zeros((len(ids), 0), np.float32)
        logits[name] = Logits(ids, event, first, no_stance, np.arange(len(ids)))
    return scheme, logits


def judged(
    scheme: LabelScheme, logits: dict[str, Logits], parts: Parts, start: Calibration | None = None
) -> dict[str, float]:
    """Figures on the test part, with calibration and thresholds of the rows kept from training.

    Args:
        scheme: labels of the model.
        logits: of ``dev`` and ``test``.
        parts: the sentences.
        start: what the model was calibrated by that training started from.
    """
    examples = {name: labels_for(Sentences(tuple(parts[name])), scheme) for name in ("dev", "test")}
    unknown = {n for e in examples["test"] for n in e.events or ()} - set(scheme.events)
    if unknown:
        raise DataError(f"none of the rows drawn has the labels {sorted(unknown)}; draw more.")
    calibration = fit_calibration(logits["dev"], examples["dev"], scheme, start)
    decisions = decide(logits["test"], calibration, scheme.single_label)
    found = measures(decisions, examples["test"], scheme)
    rows = np.arange(len(examples["test"]))
    return {name: found[name](rows) for name in FIGURES if name in found}
