"""Classical variants: majority, keywords, zero-shot, linear models, the NGEC recipe."""

from __future__ import annotations

import collections
import functools
import pathlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.calibration import CalibratedClassifierCV
from sklearn.multiclass import OneVsRestClassifier

from conflict_nlp.codebook import EVENTS, event_type
from conflict_nlp.errors import DataError
from conflict_nlp.evaluation.features import FrozenFeatures, TfidfFeatures, owners_of
from conflict_nlp.evaluation.linear import Make, fit_linear, regression, svm
from conflict_nlp.evaluation.outputs import Fitted, as_logits, yes_or_no
from conflict_nlp.evaluation.task_data import Part, Sentences
from conflict_nlp.learning.calibrate import true_events
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.predict import Logits
from conflict_nlp.learning.text_features import normal

CUES = pathlib.Path(__file__).parent / "data" / "cues.toml"
NGEC_THRESHOLD = 0.6  # Halterman et al. 2023: one for all events
Settings = Mapping[str, Any]
Recipe = Callable[[Part, Mapping[str, str], Settings], Fitted]


@dataclass(frozen=True)
class _Constant:
    """The same answer to every sentence."""

    scheme: LabelScheme
    events: list[float]
    primary: list[float]
    stance: list[float]
    target: list[float]

    def __call__(self, sentences: Sentences) -> Logits:
        owners, size = owners_of(sentences.examples), len(sentences)

        def repeated(row: list[float], times: int) -> npt.NDArray[np.float64]:
            return np.tile(np.array(row), (times, 1))

        return as_logits(
            sentences,
            self.scheme,
            repeated(self.events, size),
            repeated(self.primary, size),
            repeated(self.stance, size),
            repeated(self.target, len(owners)),
            owners,
        )


def majority(part: Part, descriptions: Mapping[str, str], settings: Settings) -> Fitted:
    """The most frequent answer to each question, whatever the sentence."""
    examples, scheme = part.train.examples, part.scheme

    def commonest(answers: Sequence[Any], otherwise: Any) -> Any:
        counts = collections.Counter(answers)
        return counts.most_common(1)[0][0] if counts else otherwise

    sets = commonest([e.events for e in examples if e.events is not None], ())
    primary = commonest(
        [e.events[0] if e.events else "" for e in examples if e.events is not None], ""
    )
    stance = commonest([e.stance for e in examples if e.stance], "")
    target = commonest([t.stance for e in examples for t in e.targets], stance)
    predict = _Constant(
        scheme,
        yes_or_no(scheme.events, sets),
        yes_or_no([*scheme.events, ""], [primary]),
        yes_or_no(scheme.stances, [stance]),
        yes_or_no(scheme.stances, [target]),
    )
    chosen = {"events": list(sets), "primary": primary, "stance": stance, "target": target}
    return Fitted(predict, scheme, as_is=True, probabilities=False, chosen=chosen)


@dataclass(frozen=True)
class _Keywords:
    """Event types whose cues a sentence holds, the first one in it first."""

    scheme: LabelScheme

    def __call__(self, sentences: Sentences) -> Logits:
        events, primary = [], []
        for example in sentences.examples:
            text = normal(example.text)
            hits = {name: cue.search(text) for name, cue in cues().items()}
            places = {name: hit.start() for name, hit in hits.items() if hit}
            first = min(places, key=places.__getitem__) if places else ""
            events.append(yes_or_no(EVENTS, list(places)))
            primary.append(yes_or_no([*EVENTS, ""], [first]))
        none: npt.NDArray[np.float64] = np.zeros(0)
        return as_logits(
            sentences, self.scheme, np.array(events), np.array(primary), none, none, owners_of(())
        )


@functools.cache
def cues() -> dict[str, re.Pattern[str]]:
    """Cue expressions of each event type, as a keyword coder uses them.

    Example:
        >>> bool(cues()["siege"].search("حصار المدينة"))
        True
    """
    found = tomllib.loads(CUES.read_text("utf-8"))["events"]
    return {name: re.compile(found[name]) for name in EVENTS}


def keywords(part: Part, descriptions: Mapping[str, str], settings: Settings) -> Fitted:
    """The cue expressions of the codebook's event types; no stance."""
    if part.scheme.events != EVENTS:
        raise DataError("there are cues for the codebook's event types alone")
    scheme = replace(part.scheme, stances=())
    return Fitted(_Keywords(scheme), scheme, as_is=True, probabilities=False)


def tfidf(make: Make) -> Recipe:
    """Words and characters with a linear model."""

    def fit(part: Part, descriptions: Mapping[str, str], settings: Settings) -> Fitted:
        return _linear(make, TfidfFeatures(), part, settings)

    return fit


def frozen(part: Part, descriptions: Mapping[str, str], settings: Settings) -> Fitted:
    """An untrained encoder's states with logistic regression."""
    features = FrozenFeatures(settings["base"], settings.get("prefix", ""))
    fitted = _linear(regression, features, part, settings)
    return replace(fitted, files=_weights(features))


def _linear(make: Make, features: Any, part: Part, settings: Settings) -> Fitted:
    grid = [(c, weight) for c in settings["c"] for weight in (None, "balanced")]
    model, chosen = fit_linear(make, grid, features, part.train, part.dev, part.scheme)
    return Fitted(model, part.scheme, chosen=chosen)


@dataclass
class _Ngec:
    """Calibrated SVMs, an event each, over sentence embeddings."""

    features: FrozenFeatures
    scheme: LabelScheme
    model: Any

    def __call__(self, sentences: Sentences) -> Logits:
        found = self.features(Sentences(tuple(replace(e, targets=()) for e in sentences.examples)))
        p = np.clip(self.model.predict_proba(found.sentences), 1e-6, 1 - 1e-6)
        logits = np.log(p / (1 - p))
        # No event is as likely as the likeliest one is unlikely.
        primary = np.c_[logits, -logits.max(1)]
        none: npt.NDArray[np.float64] = np.zeros(0)
        return as_logits(sentences, self.scheme, logits, primary, none, none, owners_of(()))


def ngec(part: Part, descriptions: Mapping[str, str], settings: Settings) -> Fitted:
    """Sentence embeddings, a linear SVM an event, one threshold for all (Halterman et al. 2023)."""
    if not part.scheme.events:
        raise DataError("the recipe codes events, and the task asks for none")
    features = FrozenFeatures(settings["base"], settings.get("prefix", ""))
    bare = Sentences(tuple(replace(e, targets=()) for e in part.train.examples))
    scheme = replace(part.scheme, stances=(), single_label=False)
    model = OneVsRestClassifier(CalibratedClassifierCV(svm(settings["c"], None), cv=3), n_jobs=1)
    model.fit(
        features(bare, fit=True).sentences, true_events(part.train.examples, scheme).astype(int)
    )
    return Fitted(
        _Ngec(features, scheme, model),
        scheme,
        as_is=True,
        threshold=NGEC_THRESHOLD,
        files=_weights(features),
    )


@dataclass
class _ZeroShot:
    """Similarity of a sentence to the description of each label."""

    features: FrozenFeatures
    scheme: LabelScheme
    labels: npt.NDArray[np.float64]  # unit vectors [labels, hidden]

    def __call__(self, sentences: Sentences) -> Logits:
        bare = Sentences(tuple(replace(e, targets=()) for e in sentences.examples))
        states = self.features(bare).sentences
        scores = (states / np.linalg.norm(states, axis=1, keepdims=True)) @ self.labels.T * 10
        none: npt.NDArray[np.float64] = np.zeros(0)
        primary = np.c_[scores, np.zeros(len(scores))]
        return as_logits(sentences, self.scheme, scores, primary, none, none, owners_of(()))


def zero_shot(part: Part, descriptions: Mapping[str, str], settings: Settings) -> Fitted:
    """Similarity to label descriptions; labels serve for the thresholds alone."""
    if not part.scheme.events:
        raise DataError("labels are described for events, and the task asks for none")
    scheme = replace(part.scheme, stances=())
    features = FrozenFeatures(settings["base"], settings.get("prefix", ""))
    bare = tuple(replace(e, targets=()) for e in part.train.examples[: settings["sentences"]])
    features(Sentences(bare), fit=True)  # raw cosines of encoders hardly differ: centred ones do
    described = [_description(name, descriptions) for name in scheme.events]
    labels = features(Sentences(tuple(replace(bare[0], text=text) for text in described))).sentences
    labels = labels - labels.mean(0)
    unit = labels / np.linalg.norm(labels, axis=1, keepdims=True)
    return Fitted(_ZeroShot(features, scheme, unit), scheme, files=_weights(features))


def _description(name: str, descriptions: Mapping[str, str]) -> str:
    if name in descriptions:
        return descriptions[name]
    if name in EVENTS:
        entry = event_type(name)
        return f"{entry.arabic}: {entry.definition}"
    return name.replace("_", " ").lower()


def _weights(features: FrozenFeatures) -> tuple[pathlib.Path, ...]:
    return tuple(features.folder.glob("*.safetensors"))


RECIPES: dict[str, Recipe] = {
    "majority": majority,
    "keywords": keywords,
    "tfidf_svm": tfidf(svm),
    "tfidf_logistic": tfidf(regression),
    "frozen_logistic": frozen,
    "ngec": ngec,
    "zero_shot": zero_shot,
}
"""How each classical variant learns a task, by its name in the registry."""
