"""The measures themselves, in numpy: F1, expected calibration error, risk-coverage, bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

__all__ = [
    "average_precision",
    "bootstrap_interval",
    "brier",
    "classwise_ece",
    "ece",
    "f1_by_class",
    "f1_intervals",
    "f_avg",
    "interval",
    "is_calibration_error",
    "macro_f1",
    "mean_average_precision",
    "micro_f1",
    "one_hot",
    "risk_coverage_area",
    "selective_accuracy",
    "subset_accuracy",
]

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
BINS = 15


def one_hot(labels: Ints, classes: int) -> Bools:
    """Class indices ``[n]`` as a 0/1 matrix ``[n, classes]``.

    Example:
        >>> one_hot(np.array([1, 0]), 2).tolist()
        [[False, True], [True, False]]
    """
    matrix: Bools = np.asarray(labels)[:, None] == np.arange(classes)
    return matrix


def _counts(true: Bools, predicted: Bools) -> tuple[Array, Array]:
    hits = np.logical_and(true, predicted).sum(0, dtype=np.float64)
    return hits, true.sum(0, dtype=np.float64) + predicted.sum(0, dtype=np.float64)


def f1_by_class(true: Bools, predicted: Bools) -> Array:
    """F1 of each class, ``2 tp / (2 tp + fp + fn)``; 0 for a class that is nowhere.

    Args:
        true: 0/1 labels ``[n, classes]``.
        predicted: 0/1 predictions ``[n, classes]``.

    Example:
        >>> f1_by_class(np.array([[1, 0], [1, 1]], bool), np.array([[1, 0], [0, 1]], bool)).round(2)
        array([0.67, 1.  ])
    """
    hits, total = _counts(true, predicted)
    return np.divide(2 * hits, total, out=np.zeros_like(total), where=total > 0)


def f1_intervals(
    true: Bools, predicted: Bools, groups: Ints, *, draws: int = 1000, seed: int = 0
) -> Array:
    """95 % percentile bootstrap interval of each class's F1, ``[2, classes]``: low, high.

    Args:
        true: 0/1 labels ``[n, classes]``.
        predicted: 0/1 predictions ``[n, classes]``.
        groups: sentence of each row, ``[n]``; a sentence is drawn with all its rows.
        draws: number of resamples.
        seed: of the resampling.

    Example:
        >>> f1_intervals(np.eye(2, dtype=bool), np.eye(2, dtype=bool), np.zeros(2, int), draws=9)
        array([[1., 1.],
               [1., 1.]])
    """
    _, groups = np.unique(groups, return_inverse=True)
    size = int(groups.max()) + 1
    random = np.random.default_rng(seed)
    hits, total = np.logical_and(true, predicted), true.astype(float) + predicted
    found = np.zeros((draws, true.shape[1]))
    for draw in range(draws):
        weights = np.bincount(random.integers(0, size, size), minlength=size)[groups]
        both, all_ = weights @ hits, weights @ total
        found[draw] = np.divide(2 * both, all_, out=np.zeros_like(all_), where=all_ > 0)
    ends: Array = np.percentile(found, [2.5, 97.5], axis=0)
    return ends


def macro_f1(true: Bools, predicted: Bools) -> float:
    """Unweighted mean of the classes' F1; shapes as in :func:`f1_by_class`.

    Example:
        >>> round(macro_f1(np.eye(2, dtype=bool), np.eye(2, dtype=bool)), 2)
        1.0
    """
    return float(f1_by_class(true, predicted).mean())


def occurring(true: Bools) -> Bools:
    """Which classes some row has, all where no row has any, ``[classes]``.

    A class that none of the scored rows has would count as an F1 of zero in their mean.

    Example:
        >>> occurring(np.array([[True, False], [True, False]])).tolist()
        [True, False]
    """
    found: Bools = np.asarray(true.any(0))
    return found if found.any() else ~found


def micro_f1(true: Bools, predicted: Bools) -> float:
    """F1 over all decisions pooled; shapes as in :func:`f1_by_class`.

    Example:
        >>> micro_f1(np.eye(2, dtype=bool), np.ones((2, 2), dtype=bool))
        0.6666666666666666
    """
    hits, total = _counts(true, predicted)
    return float(2 * hits.sum() / total.sum()) if total.sum() else 0.0


def f_avg(true: Bools, predicted: Bools, classes: tuple[int, int] = (0, 1)) -> float:
    """Mean F1 of two classes: of favor and against in stance tasks (Mohammad et al. 2016).

    Args:
        true: 0/1 labels ``[n, classes]``.
        predicted: 0/1 predictions ``[n, classes]``.
        classes: columns of the two; those of this library's stances by default.

    Example:
        >>> f_avg(np.eye(3, dtype=bool), np.eye(3, dtype=bool))
        1.0
    """
    return float(f1_by_class(true, predicted)[list(classes)].mean())


def subset_accuracy(true: Bools, predicted: Bools) -> float:
    """Share of the rows with all labels right; shapes as in :func:`f1_by_class`.

    Example:
        >>> subset_accuracy(np.eye(2, dtype=bool), np.ones((2, 2), dtype=bool))
        0.0
    """
    return float((true == predicted).all(1).mean()) if len(true) else 0.0


def average_precision(true: Bools, scores: Array) -> float:
    """Mean precision at the rank of each positive, equal scores ranked together; 0 without any.

    Args:
        true: 0/1 labels ``[n]``.
        scores: higher is likelier, ``[n]``.

    Example:
        >>> round(average_precision(np.array([True, False, True]), np.array([0.9, 0.5, 0.1])), 3)
        0.833
    """
    if not true.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    last = np.r_[np.flatnonzero(np.diff(scores[order])), len(order) - 1]  # of equal scores
    hits = np.cumsum(true[order])[last]
    gained = np.diff(hits, prepend=0)
    return float(np.sum(gained * hits / (last + 1)) / true.sum())


def mean_average_precision(true: Bools, scores: Array) -> float:
    """Mean over the classes that occur of :func:`average_precision`; ``[n, classes]``.

    Example:
        >>> mean_average_precision(np.eye(2, dtype=bool), np.eye(2))
        1.0
    """
    found = [average_precision(t, s) for t, s in zip(true.T, scores.T, strict=True) if t.any()]
    return float(np.mean(found)) if found else 0.0


def brier(probabilities: Array, true: Bools) -> float:
    """Mean squared difference of probability and label (Brier 1950), over all classes and rows.

    Args:
        probabilities: ``[n, classes]``.
        true: 0/1 labels ``[n, classes]``.

    Example:
        >>> brier(np.array([[0.5, 0.5]]), np.array([[True, False]]))
        0.25
    """
    return float(np.mean((probabilities - true) ** 2)) if probabilities.size else 0.0


def selective_accuracy(confidence: Array, correct: Bools, coverage: float) -> float:
    """Accuracy on the share of the rows that a model is surest of.

    Args:
        confidence: what decides who is answered first, ``[n]``.
        correct: whether the answer is right, ``[n]``.
        coverage: share of the rows that are answered, above 0 and at most 1.

    Example:
        >>> selective_accuracy(np.array([0.9, 0.1]), np.array([True, False]), 0.5)
        1.0
    """
    kept = np.argsort(-confidence, kind="stable")[: max(1, round(coverage * len(confidence)))]
    return float(correct[kept].mean()) if len(kept) else 0.0


def ece(probabilities: Array, correct: Bools, bins: int = BINS) -> float:
    """Expected calibration error over bins of equal mass (Nguyen & O'Connor 2015).

    Args:
        probabilities: probability given to each decision, ``[n]``.
        correct: whether the decision was right, ``[n]``.
        bins: number of bins; fewer where there are fewer decisions.

    Returns:
        The mean gap between confidence and accuracy, weighted by the bins' sizes; 0 for no rows.

    Example:
        >>> ece(np.array([0.5, 0.5]), np.array([True, False]), bins=1)
        0.0
    """
    if len(probabilities) == 0:
        return 0.0
    order = np.argsort(probabilities, kind="stable")
    total = 0.0
    for part in np.array_split(order, min(bins, len(order))):
        total += abs(probabilities[part].mean() - correct[part].mean()) * len(part)
    return float(total / len(order))


def classwise_ece(probabilities: Array, true: Bools, bins: int = BINS) -> float:
    """Mean over the classes of :func:`ece` of each class's probability (Kull et al. 2019).

    Args:
        probabilities: ``[n, classes]``.
        true: 0/1 labels ``[n, classes]``.
        bins: number of bins of equal mass.

    Example:
        >>> classwise_ece(np.array([[1.0, 0.0]]), np.array([[True, False]]))
        0.0
    """
    columns = range(probabilities.shape[1])
    return float(np.mean([ece(probabilities[:, c], true[:, c], bins) for c in columns]))


def risk_coverage_area(confidence: Array, correct: Bools) -> float:
    """Area under the risk-coverage curve (Geifman & El-Yaniv 2017); lower is better.

    Args:
        confidence: what decides who is answered first, ``[n]``.
        correct: whether the answer is right, ``[n]``.

    Example:
        >>> risk_coverage_area(np.array([0.9, 0.1]), np.array([True, False]))
        0.25
    """
    if len(confidence) == 0:
        return 0.0
    order = np.argsort(-confidence, kind="stable")
    errors = np.cumsum(~correct[order])
    return float(np.mean(errors / np.arange(1, len(order) + 1)))


def bootstrap_interval(
    measure: Callable[[Ints], float],
    rows: int,
    *,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    calibration: bool = False,
) -> tuple[float, float]:
    """Bootstrap interval of a measure over sentences.

    Args:
        measure: value of the measure on the sentences of the given row indices.
        rows: number of sentences.
        draws: number of resamples.
        level: mass of the interval.
        seed: seed of the resampling.
        calibration: as for :func:`interval`.

    Example:
        >>> values = np.arange(10.0)
        >>> low, high = bootstrap_interval(lambda rows: float(values[rows].mean()), 10, draws=200)
        >>> low < 4.5 < high
        True
    """
    random = np.random.default_rng(seed)
    found = [measure(random.integers(0, rows, rows)) for _ in range(draws)]
    value = measure(np.arange(rows)) if calibration else np.nan
    return interval(value, found, level=level, calibration=calibration)


def interval(
    value: float,
    resampled: Sequence[float] | Array,
    *,
    level: float = 0.95,
    calibration: bool = False,
) -> tuple[float, float]:
    """Interval of a figure by what it is on resamples: their percentiles.

    Calibration errors are another matter. A resample has sentences twice, so that its bins are
    noisier, and the gaps, counted without their sign, come out too large: the percentiles often
    lie above the figure. Theirs is the figure and so many standard deviations of the resamples
    to either side (the standard normal interval of Efron & Tibshirani 1993, chapter 12), not
    below 0.

    Args:
        value: the figure.
        resampled: the figure on each resample.
        level: mass of the interval.
        calibration: whether the figure is a calibration error.

    Example:
        >>> interval(0.01, [0.02, 0.03, 0.04], calibration=True)[0]
        0.0
    """
    if calibration:
        reach = NormalDist().inv_cdf((1 + level) / 2) * float(np.std(resampled))
        return max(0.0, value - reach), value + reach
    tail = 100 * (1 - level) / 2
    low, high = np.percentile(resampled, [tail, 100 - tail])
    return float(low), float(high)


def is_calibration_error(name: str) -> bool:
    """Whether a measure of this name is a calibration error, as :func:`interval` asks.

    Example:
        >>> is_calibration_error("stance_ece"), is_calibration_error("event_macro_f1")
        (True, False)
    """
    return "ece" in name.split("_")
