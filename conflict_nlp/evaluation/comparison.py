"""Is the difference real? Intervals over parts and seeds, paired tests, significance groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, norm

from conflict_nlp import metrics

Ints = npt.NDArray[np.int64]
Measure = Callable[[Ints], float]
ALPHA = 0.05


@dataclass(frozen=True)
class Sample:
    """Resamples of the sentences of each part of a task, the same for every variant.

    Attributes:
        ids: identifiers of the sentences of each part, by its name. A sentence that is in several
            parts is drawn, or not, in all of them.
        draws: number of resamples.
        seed: of the resampling.
    """

    ids: Mapping[str, Sequence[str]]
    draws: int = 1000
    seed: int = 0

    def values(self, runs: Mapping[str, Sequence[Measure]]) -> npt.NDArray[np.float64]:
        """A figure on all sentences, then on each resample, ``[1 + draws]``.

        It is the mean over the parts of the mean over the seeds.

        Args:
            runs: the measure of each seed's run, by part.
        """
        places = {name: place for place, name in enumerate(self._names())}
        counts = [np.ones(len(places), int), *self._counts(len(places))]
        total = np.zeros(1 + self.draws)
        for part, measures in runs.items():
            own = np.array([places[name] for name in self.ids[part]])
            rows = [np.repeat(np.arange(len(own)), count[own]) for count in counts]
            total += [float(np.mean([m(r) for m in measures])) for r in rows]
        result: npt.NDArray[np.float64] = total / len(runs)
        return result

    def _names(self) -> list[str]:
        return sorted({name for ids in self.ids.values() for name in ids})

    def _counts(self, size: int) -> Iterator[Ints]:
        """How often each sentence is in a resample."""
        random = np.random.default_rng(self.seed)
        for _ in range(self.draws):
            yield np.bincount(random.integers(0, size, size), minlength=size)


def figure(values: npt.NDArray[np.float64], name: str = "") -> dict[str, float]:
    """Value and 95 % interval of what :meth:`Sample.values` gives.

    Args:
        values: the figure, then the figure on each resample.
        name: of the measure: calibration errors have another interval
            (:func:`conflict_nlp.metrics.interval`).

    Example:
        >>> figure(np.array([0.5, 0.4, 0.6]))["value"]
        0.5
    """
    value = low = high = float(values[0])
    if len(values) > 1:
        low, high = metrics.interval(
            value, values[1:], calibration=metrics.is_calibration_error(name)
        )
    return {"value": value, "low": low, "high": high}


def paired(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> dict[str, float]:
    """Difference of two variants on the same resamples, and its two-sided p-value.

    That comes from the normal distribution with the resamples' standard error (Efron & Tibshirani
    1993, chapter 12): a count of resamples is never small enough to be corrected for many pairs.

    Example:
        >>> round(paired(np.array([0.6, 0.5, 0.7]), np.array([0.5, 0.5, 0.5]))["p"], 2)
        0.32
    """
    found = first - second
    error = float(found[1:].std())
    p = float(2 * norm.sf(abs(found[0]) / error)) if error else float(found[0] == 0)
    interval = figure(found)
    return {
        "difference": interval["value"],
        "low": interval["low"],
        "high": interval["high"],
        "p": p,
    }


def mcnemar(first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]) -> float:
    """Exact McNemar test of two variants' right and wrong answers (McNemar 1947).

    Example:
        >>> mcnemar(np.array([True, False]), np.array([True, False]))
        1.0
    """
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    if only_first + only_second == 0:
        return 1.0
    return float(binomtest(only_first, only_first + only_second).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number (Holm 1979), in the order given.

    Example:
        >>> holm([0.01, 0.04])
        [0.02, 0.04]
    """
    corrected, highest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = highest
    return corrected


def groups(values: Mapping[str, float], different: Callable[[str, str], bool]) -> list[list[str]]:
    """Variants from best to worst, parted where one is significantly worse than its group's best.

    Args:
        values: the figure of each variant, higher being better.
        different: whether two variants differ significantly.

    Example:
        >>> groups({"a": 0.9, "b": 0.5, "c": 0.89}, lambda x, y: "b" in (x, y))
        [['a', 'c'], ['b']]
    """
    found: list[list[str]] = []
    for name in sorted(values, key=lambda name: -values[name]):
        if found and not different(found[-1][0], name):
            found[-1].append(name)
        else:
            found.append([name])
    return found
