"""Pairs of sentences that differ in one point, which decides whether an event is reported.

The sentences were written for this purpose, over all event types of the codebook. By its section 1
an event that is denied, or only planned, feared or possible, is not coded; the passive and another
order of the words change nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp import metrics

_FILE = Path(__file__).parent / "data" / "minimal_pairs.tsv"
# Whether the event is still reported in the second sentence of a pair.
KINDS = {"negation": False, "modality": False, "passive": True, "order": True}


@dataclass(frozen=True, slots=True)
class MinimalPair:
    """Two sentences.

    Attributes:
        event: the event type that the first one reports.
        kind: what differs: ``negation``, ``modality``, ``passive`` or ``order``.
        first: a plain sentence, verb first, in the active voice.
        second: the sentence that differs.
        kept: whether the second one reports the event as well.
    """

    event: str
    kind: str
    first: str
    second: str
    kept: bool


def minimal_pairs() -> list[MinimalPair]:
    """All pairs.

    Example:
        >>> pair = minimal_pairs()[0]
        >>> pair.event, pair.kind, pair.kept
        ('armed_clash', 'negation', False)
    """
    with _FILE.open(encoding="utf-8", newline="") as file:
        return [
            MinimalPair(row["event"], kind, row["base"], row[kind], kept)
            for row in csv.DictReader(file, delimiter="\t")
            for kind, kept in KINDS.items()
            if row[kind]
        ]


def score_pairs(
    predict: Callable[[Sequence[str]], Sequence[Sequence[str]]], draws: int = 1000
) -> dict[str, dict[str, Any]]:
    """How often a model tells the two sentences of a pair apart, or knows them to be the same.

    Args:
        predict: event types for each of a list of sentences.
        draws: bootstrap resamples for the interval.

    Returns:
        For each kind: ``pairs``; ``found``, the share whose first sentence is given its event;
        of these, ``right``, the share whose second one is decided rightly, with ``low`` and
        ``high``, the 95 % bootstrap interval; and ``both``, the share of all pairs of which both
        sentences are, with its interval.

    Example:
        >>> score_pairs(lambda texts: [() for _ in texts], draws=10)["negation"]["found"]
        0.0
    """
    pairs = minimal_pairs()
    texts = list(dict.fromkeys(text for pair in pairs for text in (pair.first, pair.second)))
    events = dict(zip(texts, map(set, predict(texts)), strict=True))
    figures: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        own = [pair for pair in pairs if pair.kind == kind]
        found = np.array([pair.event in events[pair.first] for pair in own])
        second = np.array([(pair.event in events[pair.second]) == pair.kept for pair in own])
        right, both = second[found], found & second
        low, high = metrics.bootstrap_interval(_mean_of(both), len(both), draws=draws)
        figures[kind] = {"pairs": float(len(own)), "found": float(found.mean())}
        figures[kind]["both"] = {"value": float(both.mean()), "low": low, "high": high}
        if len(right):
            low, high = metrics.bootstrap_interval(_mean_of(right), len(right), draws=draws)
            figures[kind] |= {"right": float(right.mean()), "low": low, "high": high}
    return figures


def _mean_of(right: npt.NDArray[np.bool_]) -> Callable[[npt.NDArray[np.int64]], float]:
    return lambda rows: float(right[rows].mean())
