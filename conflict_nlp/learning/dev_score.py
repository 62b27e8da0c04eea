"""The one figure by which epochs, seeds and settings are compared while training."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conflict_nlp import metrics
from conflict_nlp.learning.calibrate import (
    answer_events,
    fit_calibration,
    has_events,
    true_events,
    true_stance,
)
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits


def dev_macro_f1(logits: Logits, dev: Sequence[Example], scheme: LabelScheme) -> float:
    """Macro-F1 of the event types, or of the stances where there are no event types.

    Thresholds are fitted on the same sentences: the figure ranks epochs and is too high as an
    estimate.

    Args:
        logits: a model's predictions for ``dev``.
        dev: labelled sentences that it was not trained on.
        scheme: the model's labels.
    """
    calibration = fit_calibration(logits, dev, scheme)
    if scheme.events and has_events(dev).any():
        reported = answer_events(
            calibration, logits.events, logits.primary, scheme.single_label
        ).reported
        labelled = has_events(dev)
        events = true_events(dev, scheme)[labelled]
        occurs = metrics.occurring(events)
        return metrics.macro_f1(events[:, occurs], reported[labelled][:, occurs])
    true = true_stance(dev, scheme)
    decided = calibration.decided_stance(calibration.stance(logits.stance))
    known = true >= 0
    classes = len(scheme.stances)
    return metrics.macro_f1(
        metrics.one_hot(np.asarray(true[known]), classes),
        metrics.one_hot(np.asarray(decided[known]), classes),
    )
