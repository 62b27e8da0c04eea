"""Fit calibration and thresholds on predictions for sentences the model was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from conflict_nlp import metrics
from conflict_nlp.calibration import EVENT_VALUES, STANCE_VALUES, Calibration
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32] | Array
# What counts as close (Calibration.close_events, close_stance) for a model of our own codebook, in
# which what happened does not hang on who did it. Chosen on dev (training/results/close_calls.md):
# when an actor is exchanged, 95 % of the sentences keep their events, and 96 % their stance, with a
# quarter of all read twice.
CLOSE_EVENTS, CLOSE_STANCE = 0.5, 0.3

# A class is believed as much as the average of all classes once it has so many positives.
PSEUDO_POSITIVES = 50.0
# How firmly the calibration of the model that training started from holds: the weight of squared
# differences against the log-likelihood of the sentences. A few dozen of these outweigh it.
FIRMNESS = 10.0
GRID = np.linspace(0.05, 0.95, 91)
STANCE_FACTORS = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5)


def has_events(examples: Sequence[Example]) -> npt.NDArray[np.bool_]:
    """Which sentences were labelled with events, if only with none, ``[n]``."""
    return np.array([e.events is not None for e in examples], bool)


def true_events(examples: Sequence[Example], scheme: LabelScheme) -> npt.NDArray[np.bool_]:
    """0/1 labels ``[n, events]``; zeros where events were not labelled."""
    vectors = np.array([scheme.event_vector(e.events) for e in examples])
    return vectors.reshape(len(examples), len(scheme.events)) > 0.5


def true_primary(examples: Sequence[Example], scheme: LabelScheme) -> Ints:
    """Class of the first event, or of no event, ``[n]``."""
    return np.array([scheme.primary_index(e.events) for e in examples])


def true_stance(examples: Sequence[Example], scheme: LabelScheme) -> Ints:
    """Stance classes in the row order of :class:`Logits`: each sentence, then its targets."""
    return np.array(
        [
            scheme.stance_index(stance)
            for e in examples
            for stance in (e.stance, *(t.stance for t in e.targets if t.span is not None))
        ]
    )


def fit_calibration(
    logits: Logits,
    examples: Sequence[Example],
    scheme: LabelScheme,
    start: Calibration | None = None,
) -> Calibration:
    """Scale and bias for every class, thresholds for every event type, and the abstention point.

    Args:
        logits: predictions for ``examples`` by a model that was not trained on them and read each
            once; second readings of close calls are decided by the same values.
        examples: labelled sentences.
        scheme: the model's labels.
        start: calibration of the model that this one was trained onward from, as
            :func:`~conflict_nlp.learning.checkpoint.start_calibration` gives it. Few sentences
            hardly move it, since they cannot tell much better.

    Returns:
        The fitted calibration.
    """
    logits.checked_against(examples)
    known_events = start if start is not None and len(start.event_scale) else None
    known_stance = start if start is not None and len(start.stance_scale) else None
    fitted = Calibration.identity(len(scheme.events), len(scheme.stances))
    if scheme.codebook is not None:
        fitted = replace(fitted, close_events=CLOSE_EVENTS, close_stance=CLOSE_STANCE)
    labelled = has_events(examples)
    if scheme.events and labelled.any():
        fitted = _with_events(
            fitted,
            logits.events[labelled].astype(np.float64),
            logits.primary[labelled].astype(np.float64),
            [example for example in examples if example.events is not None],
            scheme,
            known_events,
        )
    elif known_events is not None:
        fitted = replace(fitted, **{name: getattr(known_events, name) for name in EVENT_VALUES})
    stance = true_stance(examples, scheme)
    if scheme.stances and (stance >= 0).any():
        fitted = _with_stance(fitted, logits.stance.astype(np.float64), stance, known_stance)
    elif known_stance is not None:
        fitted = replace(fitted, **{name: getattr(known_stance, name) for name in STANCE_VALUES})
    return fitted


def _with_stance(
    fitted: Calibration, logits: Array, stance: Ints, start: Calibration | None
) -> Calibration:
    before = fitted if start is None else start
    scale, bias = _vector_scaling(
        logits, stance, before.stance_scale, before.stance_bias, held=start is not None
    )
    fitted = replace(fitted, stance_scale=scale, stance_bias=bias)
    weights = fit_stance_weights(fitted.stance(logits), stance)
    if start is not None:
        counts = np.bincount(stance[stance >= 0], minlength=len(weights))
        share = counts / (counts + PSEUDO_POSITIVES)
        weights = weights**share * start.stance_weights ** (1 - share)
    return replace(fitted, stance_weights=weights)


def _with_events(
    fitted: Calibration,
    event_logits: Array,
    primary_logits: Array,
    examples: Sequence[Example],
    scheme: LabelScheme,
    start: Calibration | None,
) -> Calibration:
    events, primary = true_events(examples, scheme), true_primary(examples, scheme)
    before = fitted if start is None else start
    event_scale, event_bias = _platt(
        event_logits,
        events,
        before.event_scale,
        before.event_bias,
        held=start is not None,
    )
    primary_scale, primary_bias = _vector_scaling(
        primary_logits,
        primary,
        before.primary_scale,
        before.primary_bias,
        held=start is not None,
    )
    fitted = replace(
        fitted,
        event_scale=event_scale,
        event_bias=event_bias,
        primary_scale=primary_scale,
        primary_bias=primary_bias,
    )
    common = None if start is None else start.thresholds
    thresholds = fit_thresholds(fitted.events(event_logits), events, common)
    fitted = replace(fitted, thresholds=thresholds)
    answers = answer_events(fitted, event_logits, primary_logits, scheme.single_label)
    # An answer is right when the primary event is among the labelled ones, whichever of these the
    # annotator put first.
    right = np.c_[events, ~events.any(1)][np.arange(len(events)), answers.primary]
    below = _abstention(answers.certainty, right)
    if start is not None:
        share = len(right) / (len(right) + PSEUDO_POSITIVES)
        below = share * below + (1 - share) * start.abstain_below
    return replace(fitted, abstain_below=below)


def fit_thresholds(
    probabilities: Array, true: npt.NDArray[np.bool_], common: Array | None = None
) -> Array:
    """Threshold of each class that maximises its F1, shrunk to a common one.

    The optimum of a class with n positives counts n against :data:`PSEUDO_POSITIVES` of the one
    threshold that maximises macro-F1 when all classes share it.

    Args:
        probabilities: calibrated, ``[n, classes]``.
        true: 0/1 labels ``[n, classes]``.
        common: thresholds ``[classes]`` to shrink to instead.
    """
    curves = np.array([_f1(probabilities >= cut, true) for cut in GRID])  # [cuts, classes]
    # Smoothing over neighbouring cuts keeps a lucky spike from being chosen.
    kernel = np.ones(7) / 7
    padded = np.pad(curves, ((3, 3), (0, 0)), mode="edge")
    smooth = np.apply_along_axis(lambda c: np.convolve(c, kernel, mode="valid"), 0, padded)
    middle = GRID[smooth.mean(1).argmax()] if common is None else common
    own = GRID[smooth.argmax(0)]
    positives = true.sum(0)
    share = positives / (positives + PSEUDO_POSITIVES)
    result: Array = share * own + (1 - share) * middle
    return result


def fit_stance_weights(probabilities: Array, true: Ints) -> Array:
    """Factors on the stances' probabilities that maximise macro-F1 of the stance chosen.

    The commonest stance keeps 1; coordinates are searched in turn over a coarse grid, since a fine
    one would fit the noise of the rarest.

    Args:
        probabilities: calibrated, ``[n, stances]``.
        true: stance classes ``[n]``, negative where there is no label.
    """
    known = true >= 0
    p, y = probabilities[known], true[known]
    classes = p.shape[1]
    truth = metrics.one_hot(y, classes)
    weights = np.ones(classes)
    common = np.bincount(y, minlength=classes).argmax()
    for _ in range(2):
        for c in (c for c in range(classes) if c != common):
            found = []
            for factor in STANCE_FACTORS:
                weights[c] = factor
                chosen = metrics.one_hot((p * weights).argmax(1), classes)
                found.append(metrics.macro_f1(truth, chosen))
            # The mean with the neighbours keeps a lucky spike from being chosen.
            smooth = np.convolve(np.pad(found, 1, mode="edge"), np.ones(3) / 3, mode="valid")
            weights[c] = STANCE_FACTORS[int(smooth.argmax())]
    return weights


@dataclass(frozen=True, slots=True)
class EventAnswers:
    """What a calibrated model says of the events of sentences.

    Attributes:
        probabilities: of the event types, ``[n, events]``.
        reported: which of them are given, ``[n, events]``.
        primary: primary event, ``[n]``, the last class for no event.
        confidence: probability that the primary head gives it, ``[n]``.
        certainty: probability that it is reported at all, which decides on abstaining, ``[n]``.
    """

    probabilities: Array
    reported: npt.NDArray[np.bool_]
    primary: Ints
    confidence: Array
    certainty: Array


def answer_events(
    calibration: Calibration, events: Floats, primary: Floats, single_label: bool
) -> EventAnswers:
    """Decide on events as the classifier does.

    Args:
        calibration: of the model.
        events: logits of the event head, ``[n, events]``.
        primary: logits of the primary head, ``[n, events + 1]``.
        single_label: whether a sentence has one event type at most: the primary head's best.
    """
    heads = calibration.primary(primary)
    if single_label:
        chosen, confidence = heads.argmax(1), heads.max(1)
        reported = metrics.one_hot(chosen, heads.shape[1])[:, :-1]
        return EventAnswers(heads[:, :-1], reported, chosen, confidence, confidence)
    probabilities = calibration.events(events)
    chosen, confidence = primary_decisions(probabilities, calibration.thresholds, heads)
    return EventAnswers(
        probabilities,
        probabilities >= calibration.thresholds,
        chosen,
        confidence,
        primary_certainty(probabilities, heads, chosen),
    )


def primary_decisions(events: Array, thresholds: Array, primary: Array) -> tuple[Ints, Array]:
    """Primary event of each sentence and the probability the primary head gives it.

    The best of the primary head among the types above threshold; no event where there are none.
    """
    allowed = np.concatenate([events >= thresholds, np.zeros((len(events), 1), bool)], axis=1)
    allowed[:, -1] = ~allowed.any(1)
    chosen = np.where(allowed, primary, -1.0).argmax(1)
    return chosen, primary[np.arange(len(primary)), chosen]


def primary_certainty(events: Array, primary: Array, chosen: Ints) -> Array:
    """Probability that the event given as primary is reported, or that there is none, ``[n]``.

    Args:
        events: calibrated probabilities of the event types, ``[n, events]``.
        primary: calibrated probabilities of the primary head, ``[n, events + 1]``.
        chosen: what :func:`primary_decisions` chose, ``[n]``.
    """
    certainty: Array = np.c_[events, primary[:, -1]][np.arange(len(chosen)), chosen]
    return certainty


def _f1(predicted: npt.NDArray[np.bool_], true: npt.NDArray[np.bool_]) -> Array:
    hits = (predicted & true).sum(0)
    total = predicted.sum(0) + true.sum(0)
    result: Array = 2 * hits / np.maximum(total, 1)
    return result


def _platt(
    logits: Array,
    true: npt.NDArray[np.bool_],
    scale: Array,
    bias: Array,
    *,
    held: bool,
) -> tuple[Array, Array]:
    """Scale and bias a class, with a quadratic prior toward the pooled ones.

    The pooled ones are of logits rescaled already, and ``held`` to these if they are the start's.
    """

    def loss(values: Array, x: Array, y: Array, prior: Array, strength: float) -> float:
        z = values[0] * x + values[1]
        data = np.logaddexp(0.0, z) - y * z
        return float(data.sum() + strength * ((values - prior) ** 2).sum())

    neutral = np.array([1.0, 0.0])
    x, y = logits * scale + bias, true.astype(np.float64)
    firmness = FIRMNESS if held else 0.0
    pooled = minimize(loss, neutral, args=(x.ravel(), y.ravel(), neutral, firmness)).x
    fitted = np.array(
        [minimize(loss, pooled, args=(x[:, c], y[:, c], pooled, 5.0)).x for c in range(x.shape[1])]
    )
    return fitted[:, 0] * scale, fitted[:, 0] * bias + fitted[:, 1]


def _vector_scaling(
    logits: Array, true: Ints, scale: Array, bias: Array, *, held: bool
) -> tuple[Array, Array]:
    """One scale for all classes and a bias each: the scale a class would overfit rare classes."""
    known = true >= 0
    x, y = logits[known] * scale + bias, true[known]
    on_scale, on_bias = (FIRMNESS, FIRMNESS) if held else (0.0, 0.5)

    def loss(values: Array) -> float:
        z = values[0] * x + values[1:]
        top = z.max(1, keepdims=True)
        log_total = top[:, 0] + np.log(np.exp(z - top).sum(1))
        prior = on_scale * (values[0] - 1) ** 2 + on_bias * (values[1:] ** 2).sum()
        return float((log_total - z[np.arange(len(y)), y]).sum() + prior)

    fitted = minimize(loss, np.r_[1.0, np.zeros(len(scale))]).x
    return fitted[0] * scale, fitted[0] * bias + fitted[1:]


def _abstention(certainty: Array, right: npt.NDArray[np.bool_]) -> float:
    """Certainty under which answers are more often wrong than right.

    The lowest one whose neighbourhood, a twentieth of the sentences, is right more than half of
    the time.
    """
    order = np.argsort(certainty, kind="stable")
    width = max(1, len(order) // 20)
    nearby = np.convolve(right[order], np.ones(width) / width, mode="valid")
    reliable = np.flatnonzero(nearby > 0.5)
    if len(reliable) == 0 or reliable[0] == 0:
        return 0.0
    return float(certainty[order[reliable[0] + width // 2]])
