"""What a variant gives for labelled sentences: logits, and how to decide on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp.calibration import Calibration
from conflict_nlp.evaluation.scores import Decisions, cross_fitted, decide
from conflict_nlp.evaluation.task_data import Sentences
from conflict_nlp.learning.calibrate import fit_calibration
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits

Floats = npt.NDArray[np.float64] | npt.NDArray[np.float32]
SURE = 4.0  # logit of a yes or no without a probability


@dataclass(frozen=True)
class Fitted:
    """A variant that has learnt a task.

    Attributes:
        predict: logits for sentences; can be pickled.
        scheme: the labels that it gives.
        calibration: stored with it; None: to be fitted on the development set.
        start: calibration of the model that it was trained onward from, which fitting starts from.
        as_is: whether its answers are decided as they come, with one threshold for all events,
            and nothing about them is fitted.
        threshold: that threshold.
        probabilities: whether its scores can be read as probabilities.
        files: what it is read from when it is used, for its size.
        chosen: settings chosen on the development set.
    """

    predict: Callable[[Sentences], Logits]
    scheme: LabelScheme
    calibration: Calibration | None = None
    start: Calibration | None = None
    as_is: bool = False
    threshold: float = 0.5
    probabilities: bool = True
    files: tuple[Path, ...] = ()
    chosen: dict[str, Any] = field(default_factory=dict)

    def calibrated(self, dev: Sentences, logits: Logits | None = None) -> Fitted:
        """This variant with the calibration that it decides by.

        Args:
            dev: development set, which it was not trained on.
            logits: its own on that, where they are known already.
        """
        if self.calibration is not None:
            return self
        if self.as_is:
            fixed = Calibration.identity(len(self.scheme.events), len(self.scheme.stances))
            fixed = replace(fixed, thresholds=np.full(len(self.scheme.events), self.threshold))
            return replace(self, calibration=fixed)
        logits = self.predict(dev) if logits is None else logits
        examples = labels_for(dev, self.scheme)
        fitted = fit_calibration(logits, examples, self.scheme, self.start)
        return replace(self, calibration=fitted)

    def decide(self, logits: Logits) -> Decisions:
        """What it answers, given its logits; it must have been calibrated."""
        assert self.calibration is not None
        found = decide(logits, self.calibration, self.scheme.single_label)
        return found if self.probabilities else without_probabilities(found, logits)

    def cross_fitted(self, dev: Sentences, logits: Logits) -> Decisions:
        """What it answers on the development set, its calibration fitted on other sentences."""
        if self.as_is:
            return self.calibrated(dev).decide(logits)
        return cross_fitted(logits, labels_for(dev, self.scheme), self.scheme, self.start)


def labels_for(sentences: Sentences, scheme: LabelScheme) -> list[Example]:
    """The sentences with the labels that a variant answers for; others are as if not labelled."""
    examples = list(sentences.examples)
    if not scheme.stances:
        examples = [replace(e, stance=None, targets=()) for e in examples]
    return examples if scheme.events else [replace(e, events=None) for e in examples]


def without_probabilities(found: Decisions, logits: Logits) -> Decisions:
    """Decisions of something that knows yes and no alone."""
    return replace(
        found,
        event_probabilities=None,
        confidence=None,
        abstains=np.zeros(len(logits.ids), bool),
        stance_probabilities=None,
        primary=logits.primary.argmax(1),
    )


def as_logits(
    sentences: Sentences,
    scheme: LabelScheme,
    events: Floats,
    primary: Floats,
    sentence_stance: Floats,
    target_stance: Floats,
    owners: npt.NDArray[np.int64],
) -> Logits:
    """Scores as :class:`Logits`, whose stance rows are each sentence's own, then its targets'.

    Args:
        sentences: what the scores are of.
        scheme: the labels; scores of a head that it lacks are left out.
        events: ``[n, events]``.
        primary: ``[n, events + 1]``.
        sentence_stance: ``[n, stances]``.
        target_stance: ``[targets, stances]``.
        owners: sentence index of each target.
    """
    size, stances = len(sentences), len(scheme.stances)
    rows = np.r_[np.arange(size), owners]
    stance = np.zeros((len(rows), stances))
    if stances:
        both = [np.reshape(part, (-1, stances)) for part in (sentence_stance, target_stance)]
        stance = np.concatenate(both)
    order = np.argsort(rows, kind="stable")
    return Logits(
        tuple(example.id for example in sentences.examples),
        np.asarray(events, np.float32).reshape(size, len(scheme.events)),
        np.asarray(primary, np.float32).reshape(size, len(scheme.events) + 1),
        np.asarray(stance[order], np.float32),
        rows[order],
    )


def yes_or_no(names: Sequence[str], wanted: Sequence[str]) -> list[float]:
    """Logits that say yes to some labels and no to the others."""
    return [SURE if name in wanted else -SURE for name in names]
