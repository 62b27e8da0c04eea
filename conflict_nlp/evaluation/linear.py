"""Linear models, one for each question, their regularisation chosen on development data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from conflict_nlp.evaluation.features import Features, Matrix
from conflict_nlp.evaluation.outputs import as_logits
from conflict_nlp.evaluation.scores import cross_fitted, score
from conflict_nlp.evaluation.task_data import Sentences
from conflict_nlp.learning.calibrate import true_events, true_primary
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.predict import Logits

SEED = 0
NEVER = -10.0  # score of a class that training did not show
# Each part of a model and the development figure that its regularisation is chosen by.
PARTS = {
    "events": "event_macro_f1",
    "primary": "primary_accuracy",
    "sentence_stance": "sentence_stance_macro_f1",
    "target_stance": "target_stance_macro_f1",
}
Setting = tuple[float, str | None]
Make = Callable[[float, str | None], Any]


def svm(c: float, weight: str | None) -> Any:
    """A linear support vector machine."""
    return LinearSVC(C=c, class_weight=weight, random_state=SEED, max_iter=3000)


def regression(c: float, weight: str | None) -> Any:
    """Logistic regression."""
    return LogisticRegression(C=c, class_weight=weight, random_state=SEED, max_iter=1000)


@dataclass
class LinearModel:
    """A fitted model for each part, over one kind of features."""

    features: Callable[..., Features]
    scheme: LabelScheme
    models: dict[str, Any]

    def __call__(self, sentences: Sentences) -> Logits:
        """Logits for sentences."""
        return self.scores(sentences, self.features(sentences))

    def scores(self, sentences: Sentences, found: Features) -> Logits:
        """Logits from features made beforehand."""
        scheme, size = self.scheme, len(sentences)
        sizes = {
            "events": (size, len(scheme.events)),
            "primary": (size, len(scheme.events) + 1),
            "sentence_stance": (size, len(scheme.stances)),
            "target_stance": (len(found.owners), len(scheme.stances)),
        }
        parts = {}
        for part, shape in sizes.items():
            given = found.targets if part == "target_stance" else found.sentences
            model = self.models.get(part)
            known = model is not None and shape[0]
            parts[part] = _decision(model, given, shape[1]) if known else np.zeros(shape)
        return as_logits(
            sentences,
            scheme,
            parts["events"],
            parts["primary"],
            parts["sentence_stance"],
            parts["target_stance"],
            found.owners,
        )


def _decision(model: Any, given: Matrix, classes: int) -> npt.NDArray[np.float64]:
    scores = np.asarray(model.decision_function(given), float)
    if isinstance(model, OneVsRestClassifier):
        return scores.reshape(-1, classes)
    if scores.ndim == 1:  # of two classes
        scores = np.stack([-scores, scores], 1)
    whole = np.full((len(scores), classes), NEVER)
    whole[:, model.classes_] = scores
    return whole


def labels_of(train: Sentences, scheme: LabelScheme) -> dict[str, npt.NDArray[np.int64]]:
    """What each part learns, in the row order of its features; negative where not labelled."""
    examples = train.examples
    found: dict[str, npt.NDArray[np.int64]] = {}
    if scheme.events:
        found["events"] = true_events(examples, scheme).astype(int)
        found["primary"] = true_primary(examples, scheme)
    if scheme.stances:
        found["sentence_stance"] = np.array([scheme.stance_index(e.stance) for e in examples])
        named = [t for e in examples for t in e.targets if t.span is not None]
        if named:
            found["target_stance"] = np.array([scheme.stance_index(t.stance) for t in named])
    return found


def fit_linear(
    make: Make,
    grid: Sequence[Setting],
    features: Callable[..., Features],
    train: Sentences,
    dev: Sentences,
    scheme: LabelScheme,
) -> tuple[LinearModel, dict[str, Any]]:
    """The best model of the grid for each part.

    Args:
        make: an untrained model from its strength and class weighting.
        grid: what to try.
        features: of sentences; fitted here.
        train: what is learnt from.
        dev: what the settings are chosen on.
        scheme: the labels.

    Returns:
        The model, and the settings chosen for each part.
    """
    on_train, on_dev = features(train, fit=True), features(dev)
    labels = labels_of(train, scheme)
    best: dict[str, tuple[float, Any, Setting]] = {}
    for setting in grid:
        models = {}
        for part, wanted in labels.items():
            given = on_train.targets if part == "target_stance" else on_train.sentences
            model = make(*setting)
            if part == "events":
                model = OneVsRestClassifier(model, n_jobs=1)
                known = np.array([e.events is not None for e in train.examples])
            else:
                known = wanted >= 0
            models[part] = model.fit(given[np.flatnonzero(known)], wanted[known])
        logits = LinearModel(features, scheme, models).scores(dev, on_dev)
        decided = cross_fitted(logits, dev.examples, scheme)
        figures = score(decided, dev.examples, scheme, draws=0)["all"]
        for part, model in models.items():
            value = figures.get(PARTS[part], {"value": 0.0})["value"]
            if part not in best or value > best[part][0]:
                best[part] = (value, model, setting)
    chosen = {
        part: {"C": c, "class_weight": weight, "dev": value}
        for part, (value, _, (c, weight)) in best.items()
    }
    return LinearModel(
        features, scheme, {part: model for part, (_, model, _) in best.items()}
    ), chosen
