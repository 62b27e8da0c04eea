"""Every measure that the benchmark knows, as a function of the sentences it is computed on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from conflict_nlp import metrics
from conflict_nlp.evaluation.scores import Decisions, measures, where_labelled
from conflict_nlp.learning.calibrate import has_events, true_events, true_primary, true_stance
from conflict_nlp.learning.examples import Example, LabelScheme

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Measure = Callable[[Ints], float]
COVERAGE = 0.8  # share of the sentences that selective accuracy is taken of
F1_OF = "f1_"
MEASURES = (
    "event_macro_f1",
    "event_micro_f1",
    "event_subset_accuracy",
    "primary_accuracy",
    "event_mean_average_precision",
    "event_brier",
    "event_ece_predicted",
    "event_ece_classwise",
    "primary_ece",
    "risk_coverage_area",
    "selective_accuracy_80",
    "sentence_stance_macro_f1",
    "sentence_stance_f_avg",
    "topic_f_avg",
    "target_stance_macro_f1",
    "stance_ece",
    "stance_ece_classwise",
    "stance_brier",
    "stance_risk_coverage_area",
    "stance_selective_accuracy_80",
    "f1_LABEL",
)
"""What a task can ask for; ``f1_LABEL`` with the name of an event type."""
FAVOR_AGAINST = ("favor", "against")


def is_measure(name: str) -> bool:
    """Whether there is a measure of this name.

    Example:
        >>> is_measure("f1_shelling"), is_measure("accuracy")
        (True, False)
    """
    return name in MEASURES or name.startswith(F1_OF)


def benchmark_measures(
    decisions: Decisions,
    examples: Sequence[Example],
    scheme: LabelScheme,
    topics: Sequence[str] | None = None,
) -> dict[str, Measure]:
    """Those of :func:`~conflict_nlp.evaluation.scores.measures`, and the benchmark's own.

    These are ``f1_LABEL`` of each event type, ``event_mean_average_precision``, ``event_brier``,
    ``selective_accuracy_80`` (of the primary event, on the surest 80 %), ``sentence_stance_f_avg``
    (mean F1 of favor and against, Mohammad et al. 2016), ``topic_f_avg`` (the mean of that over
    the topics), and of the sentences' stances ``stance_brier``, ``stance_risk_coverage_area`` and
    ``stance_selective_accuracy_80``.

    Args:
        decisions: of a variant.
        examples: labelled sentences, with the labels that the variant answers for.
        scheme: the variant's labels.
        topics: topic of each sentence, where there are any.
    """
    found = measures(decisions, examples, scheme)
    if scheme.events:
        found |= _of_events(decisions, examples, scheme)
    if set(FAVOR_AGAINST) <= set(scheme.stances):
        found |= _of_stance(decisions, examples, scheme, topics)
    if scheme.stances:
        found |= _of_stance_probabilities(decisions, examples, scheme)
    return found


def sentence_stances(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme
) -> tuple[Ints, Ints, Floats | None]:
    """Labelled and decided stance of each sentence, and the probability of the decided one.

    Args:
        decisions: of a variant.
        examples: labelled sentences.
        scheme: the variant's labels.

    Returns:
        Indices ``[n]`` (labelled: -1 where there is none), twice; probabilities ``[n]``, or None.
    """
    first = np.r_[True, decisions.rows[1:] != decisions.rows[:-1]]
    true, given = true_stance(examples, scheme)[first], decisions.stance[first]
    if decisions.stance_probabilities is None:
        return true, given, None
    return true, given, decisions.stance_probabilities[first][np.arange(len(given)), given]


def _of_events(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme
) -> dict[str, Measure]:
    true, reported = true_events(examples, scheme), decisions.events
    p, confidence = decisions.event_probabilities, decisions.confidence
    correct = decisions.primary == true_primary(examples, scheme)

    def f1_of(column: int) -> Measure:
        one = slice(column, column + 1)
        return lambda r: float(metrics.f1_by_class(true[r][:, one], reported[r][:, one])[0])

    found = {f"{F1_OF}{name}": f1_of(column) for column, name in enumerate(scheme.events)}
    if p is not None and confidence is not None:
        found |= {
            "event_mean_average_precision": lambda r: metrics.mean_average_precision(true[r], p[r]),
            "event_brier": lambda r: metrics.brier(p[r], true[r]),
            "selective_accuracy_80": lambda r: metrics.selective_accuracy(
                confidence[r], correct[r], COVERAGE
            ),
        }
    return where_labelled(has_events(examples), found)


def _of_stance(
    decisions: Decisions,
    examples: Sequence[Example],
    scheme: LabelScheme,
    topics: Sequence[str] | None,
) -> dict[str, Measure]:
    labels, decided, _ = sentence_stances(decisions, examples, scheme)
    true = metrics.one_hot(labels, len(scheme.stances))
    given = metrics.one_hot(decided, len(scheme.stances))
    favor, against = (scheme.stances.index(name) for name in FAVOR_AGAINST)

    def f_avg(rows: Ints) -> float:
        kept = rows[labels[rows] >= 0]
        return metrics.f_avg(true[kept], given[kept], (favor, against))

    found: dict[str, Measure] = {"sentence_stance_f_avg": f_avg}
    if topics is not None:
        names = np.array(topics)
        known = sorted(set(topics))
        found["topic_f_avg"] = lambda r: float(
            np.mean([f_avg(r[names[r] == name]) for name in known if (names[r] == name).any()])
        )
    return found


def _of_stance_probabilities(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme
) -> dict[str, Measure]:
    labels, decided, top = sentence_stances(decisions, examples, scheme)
    if top is None or decisions.stance_probabilities is None:
        return {}
    first = np.r_[True, decisions.rows[1:] != decisions.rows[:-1]]
    q, correct = decisions.stance_probabilities[first], labels == decided
    true = metrics.one_hot(labels, len(scheme.stances))
    found: dict[str, Measure] = {
        "stance_brier": lambda r: metrics.brier(q[r], true[r]),
        "stance_risk_coverage_area": lambda r: metrics.risk_coverage_area(top[r], correct[r]),
        "stance_selective_accuracy_80": lambda r: metrics.selective_accuracy(
            top[r], correct[r], COVERAGE
        ),
    }
    return where_labelled(labels >= 0, found)
