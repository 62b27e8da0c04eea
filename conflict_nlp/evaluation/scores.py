"""Every figure that is reported of a model, with a bootstrap interval over sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp import metrics
from conflict_nlp.calibration import Calibration
from conflict_nlp.learning.calibrate import (
    answer_events,
    fit_calibration,
    has_events,
    true_events,
    true_primary,
    true_stance,
)
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


FIGURES = (
    "event_macro_f1",
    "event_micro_f1",
    "primary_accuracy",
    "sentence_stance_macro_f1",
    "target_stance_macro_f1",
)
"""Those that training runs are compared by."""


@dataclass(frozen=True)
class Decisions:
    """Calibrated probabilities of a model and what it decides from them.

    Attributes:
        event_probabilities: ``[n, events]``; None for a variant that gives no probabilities.
        events: reported events, ``[n, events]``.
        primary: primary event, ``[n]``, the last class for no event.
        confidence: probability of that primary event, ``[n]``; None without probabilities.
        abstains: where the classifier marks its answer as of low confidence, ``[n]``.
        stance_probabilities: ``[n + targets, stances]`` in the row order of :class:`Logits`.
        stance: decided stance, ``[n + targets]``.
        rows: sentence index of each stance row.
    """

    event_probabilities: Array | None
    events: npt.NDArray[np.bool_]
    primary: Ints
    confidence: Array | None
    abstains: Bools
    stance_probabilities: Array | None
    stance: Ints
    rows: Ints


def decide(logits: Logits, calibration: Calibration, single_label: bool = False) -> Decisions:
    """What the classifier would answer, given a model's logits.

    Args:
        logits: of the model.
        calibration: of the model.
        single_label: whether a sentence has one event type at most.
    """
    stance = calibration.stance(logits.stance)
    answers = answer_events(calibration, logits.events, logits.primary, single_label)
    return Decisions(
        event_probabilities=answers.probabilities,
        events=answers.reported,
        primary=answers.primary,
        confidence=answers.confidence,
        abstains=answers.certainty < calibration.abstain_below,
        stance_probabilities=stance,
        stance=calibration.decided_stance(stance),
        rows=logits.rows,
    )


def cross_fitted(
    logits: Logits,
    examples: Sequence[Example],
    scheme: LabelScheme,
    start: Calibration | None = None,
    folds: int = 5,
) -> Decisions:
    """Decisions on a development set whose calibration never saw the sentence it decides on.

    Args:
        logits: predictions for ``examples``.
        examples: labelled sentences.
        scheme: the model's labels.
        start: as for :func:`~conflict_nlp.learning.calibrate.fit_calibration`.
        folds: parts that are held out in turn.
    """
    parts = np.random.default_rng(0).permutation(len(examples)) % folds
    size, stances = len(examples), len(scheme.stances)
    events = np.zeros((size, len(scheme.events)))
    above = np.zeros(events.shape, bool)
    primary, confidence = np.zeros(size, np.int64), np.zeros(size)
    abstains = np.zeros(size, bool)
    stance = np.zeros((len(logits.rows), stances))
    chosen = np.zeros(len(logits.rows), np.int64)
    for fold in range(folds):
        inside = parts == fold
        fitted = fit_calibration(
            subset(logits, ~inside),
            [e for e, i in zip(examples, inside, strict=True) if not i],
            scheme,
            start,
        )
        decided = decide(subset(logits, inside), fitted, scheme.single_label)
        assert decided.event_probabilities is not None
        assert decided.confidence is not None
        events[inside], above[inside] = decided.event_probabilities, decided.events
        primary[inside], confidence[inside] = decided.primary, decided.confidence
        abstains[inside] = decided.abstains
        stance[inside[logits.rows]] = decided.stance_probabilities
        chosen[inside[logits.rows]] = decided.stance
    return Decisions(events, above, primary, confidence, abstains, stance, chosen, logits.rows)


def subset(logits: Logits, inside: npt.NDArray[np.bool_]) -> Logits:
    """The logits of some of the sentences."""
    kept = inside[logits.rows]
    renumbered = np.cumsum(inside) - 1
    return Logits(
        tuple(i for i, keep in zip(logits.ids, inside, strict=True) if keep),
        logits.events[inside],
        logits.primary[inside],
        logits.stance[kept],
        renumbered[logits.rows[kept]],
    )


def measures(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme
) -> dict[str, Callable[[Ints], float]]:
    """Each reported figure as a function of the sentences it is computed on.

    Sentences without the labels that a figure is about are left out of it; figures of a head that
    the label set lacks are left out altogether.
    """
    found: dict[str, Callable[[Ints], float]] = {}
    if scheme.events:
        found |= _event_measures(decisions, examples, scheme)
    if scheme.stances:
        found |= _stance_measures(decisions, examples, scheme)
    return found


def _event_measures(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme
) -> dict[str, Callable[[Ints], float]]:
    events, reported = true_events(examples, scheme), decisions.events
    correct = decisions.primary == true_primary(examples, scheme)
    p, confidence = decisions.event_probabilities, decisions.confidence
    occurs = metrics.occurring(events)
    found: dict[str, Callable[[Ints], float]] = {
        "event_macro_f1": lambda r: metrics.macro_f1(events[r][:, occurs], reported[r][:, occurs]),
        "event_micro_f1": lambda r: metrics.micro_f1(events[r], reported[r]),
        "event_subset_accuracy": lambda r: metrics.subset_accuracy(events[r], reported[r]),
        "primary_accuracy": lambda r: float(correct[r].mean()),
    }
    if p is not None and confidence is not None:
        found |= {
            "event_ece_predicted": lambda r: metrics.ece(p[r][reported[r]], events[r][reported[r]]),
            "event_ece_classwise": lambda r: metrics.classwise_ece(p[r], events[r]),
            "primary_ece": lambda r: metrics.ece(confidence[r], correct[r]),
            "risk_coverage_area": lambda r: metrics.risk_coverage_area(confidence[r], correct[r]),
        }
    return where_labelled(has_events(examples), found)


def _stance_measures(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme
) -> dict[str, Callable[[Ints], float]]:
    stance, classes = true_stance(examples, scheme), len(scheme.stances)
    first = np.r_[True, decisions.rows[1:] != decisions.rows[:-1]]
    sentence_true, sentence_found = stance[first], decisions.stance[first]
    # Targets of each sentence, so that a resample takes a sentence with all of its targets.
    targets: list[list[int]] = [[] for _ in examples]
    for row in np.flatnonzero(~first):
        targets[decisions.rows[row]].append(int(row))

    def stance_f1(true: Ints, found: Ints) -> float:
        return metrics.macro_f1(metrics.one_hot(true, classes), metrics.one_hot(found, classes))

    def target_f1(rows: Ints) -> float:
        chosen = np.array([t for row in rows for t in targets[row]], np.int64)
        return stance_f1(stance[chosen], decisions.stance[chosen])

    found: dict[str, Callable[[Ints], float]] = {
        "sentence_stance_macro_f1": lambda r: stance_f1(sentence_true[r], sentence_found[r])
    }
    if decisions.stance_probabilities is not None:
        q = decisions.stance_probabilities[first]
        top = q[np.arange(len(q)), sentence_found]
        found |= {
            "stance_ece": lambda r: metrics.ece(top[r], sentence_found[r] == sentence_true[r]),
            "stance_ece_classwise": lambda r: metrics.classwise_ece(
                q[r], metrics.one_hot(sentence_true[r], classes)
            ),
        }
    found = where_labelled(sentence_true >= 0, found)
    if any(targets):
        found["target_stance_macro_f1"] = target_f1
    return found


def where_labelled(
    labelled: Bools, figures: dict[str, Callable[[Ints], float]]
) -> dict[str, Callable[[Ints], float]]:
    """The figures on those of the sentences asked for that are labelled; none if no sentence is."""
    if not labelled.any():
        return {}
    return {
        name: lambda rows, measure=measure: measure(rows[labelled[rows]])  # type: ignore[misc]
        for name, measure in figures.items()
    }


def score(
    decisions: Decisions,
    examples: Sequence[Example],
    scheme: LabelScheme,
    draws: int = 1000,
) -> dict[str, Any]:
    """All figures, over the whole split and over its randomly drawn part.

    Args:
        decisions: of a model on ``examples``.
        examples: labelled sentences.
        scheme: the labels.
        draws: bootstrap resamples; 0 for no intervals.

    Returns:
        For each part (``all``, ``random``) each figure as ``{"value", "low", "high"}``, and F1 and
        support of every class.
    """
    figures = measures(decisions, examples, scheme)
    everything = np.arange(len(examples))
    drawn = np.flatnonzero([e.draw == "random" for e in examples])
    result: dict[str, Any] = {}
    for part, rows in (("all", everything), ("random", drawn)):
        if len(rows) == 0:
            continue
        result[part] = {"sentences": len(rows)}
        for name, measure in figures.items():
            entry = {"value": measure(rows)}
            if draws:
                entry["low"], entry["high"] = metrics.bootstrap_interval(
                    partial(_on, measure, rows),
                    len(rows),
                    draws=draws,
                    calibration=metrics.is_calibration_error(name),
                )
            result[part][name] = entry
    result |= class_tables(decisions, examples, scheme, draws)
    return result


def _on(measure: Callable[[Ints], float], rows: Ints, chosen: Ints) -> float:
    return measure(rows[chosen])


def class_tables(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme, draws: int = 1000
) -> dict[str, Any]:
    """F1 with its interval, precision, recall and support of every event type and stance.

    A kind of which nothing is labelled has an empty table.
    """
    events, stance = true_events(examples, scheme), true_stance(examples, scheme)
    labelled = has_events(examples)
    first = np.r_[True, decisions.rows[1:] != decisions.rows[:-1]]

    def table(true: Bools, found: Bools, rows: Ints, names: Sequence[str]) -> dict[str, Any]:
        if len(rows) == 0:
            return {}
        hits = (true & found).sum(0)
        f1 = metrics.f1_by_class(true, found)
        ends = metrics.f1_intervals(true, found, rows, draws=draws) if draws else None
        return {
            name: {
                "f1": float(f1[c]),
                **({} if ends is None else {"low": float(ends[0, c]), "high": float(ends[1, c])}),
                "precision": float(hits[c] / max(found[:, c].sum(), 1)),
                "recall": float(hits[c] / max(true[:, c].sum(), 1)),
                "support": int(true[:, c].sum()),
            }
            for c, name in enumerate(names)
        }

    def stances(rows: Bools) -> dict[str, Any]:
        count, rows = len(scheme.stances), rows & (stance >= 0)
        return table(
            metrics.one_hot(stance[rows], count),
            metrics.one_hot(decisions.stance[rows], count),
            decisions.rows[rows],
            scheme.stances,
        )

    return {
        "events": table(
            events[labelled], decisions.events[labelled], np.flatnonzero(labelled), scheme.events
        ),
        "sentence_stance": stances(first),
        "target_stance": stances(~first),
    }
