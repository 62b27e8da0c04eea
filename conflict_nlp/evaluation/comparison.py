"""Is the difference real? Intervals over parts and seeds, paired tests, significance groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

Ints = npt.NDArray[np.int64]
Measure = Callable[[Ints], float]
ALPHA = 0.05


@dataclass(frozen=True)
class Sample:
    """Resamples of the sentences of each part of a task, the same for every variant.

    Attributes:
        sizes: number of sentences of each part, by its name.
        draws: number of resamples.
        seed: of the resampling.
    """

    sizes: Mapping[str, int]
    draws: int = 1000
    seed: int = 0

    def values(self, runs: Mapping[str, Sequence[Measure]]) -> npt.NDArray[np.float64]:
        """A figure on all sentences, then on each resample, ``[1 + draws]``.

        It is the mean over the parts of the mean over the seeds.

        Args:
            runs: the measure of each seed's run, by part.
        """
        total = np.zeros(1 + self.draws)
        for part, measures in runs.items():
            random, size = np.random.default_rng(self.seed), self.sizes[part]
            rows = [np.arange(size), *(random.integers(0, size, size) for _ in range(self.draws))]
            total += [float(np.mean([m(r) for m in measures])) for r in rows]
        result: npt.NDArray[np.float64] = total / len(runs)
        return result


def figure(values: npt.NDArray[np.float64]) -> dict[str, float]:
    """Value and 95 % percentile interval of what :meth:`Sample.values` gives.

    Example:
        >>> figure(np.array([0.5, 0.4, 0.6]))["value"]
        0.5
    """
    low, high = np.percentile(values[1:], [2.5, 97.5]) if len(values) > 1 else (values[0],) * 2
    return {"value": float(values[0]), "low": float(low), "high": float(high)}


def paired(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> dict[str, float]:
    """Difference of two variants on the same resamples, and its two-sided bootstrap p-value.

    Example:
        >>> paired(np.array([0.6, 0.6, 0.7]), np.array([0.5, 0.5, 0.5]))["p"]
        1.0
    """
    found = first - second
    tail = min((found[1:] <= 0).mean(), (found[1:] >= 0).mean())
    p = min(1.0, 2 * max(float(tail), 1 / (len(found) - 1)))  # no smaller than 2 / draws
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
        values: the figure of each variant.
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
