"""Suites that any variant runs through: dirt and slips, other actors, what did not happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp import metrics
from conflict_nlp.actors import Lexicon
from conflict_nlp.evaluation.actor_swaps import swap_actors
from conflict_nlp.evaluation.minimal_pairs import minimal_pairs, score_pairs
from conflict_nlp.evaluation.outputs import Fitted
from conflict_nlp.evaluation.perturb import PERTURBATIONS, perturb
from conflict_nlp.evaluation.task_data import Sentences
from conflict_nlp.learning.calibrate import true_events
from conflict_nlp.learning.examples import Example

SEED = 0
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Figures = dict[str, float]
Measure = Callable[[Ints], float]


@dataclass(frozen=True)
class Answers:
    """Reported events ``[n, events]``, and sentence stances ``[n]``; None without that head."""

    events: Bools
    stances: Ints | None

    def measures(self, true: Bools, stance: Ints | None) -> dict[str, Measure]:
        """Figures of these answers as functions of the sentences they are computed on."""
        occurs = metrics.occurring(true)
        found: dict[str, Measure] = {
            "event_macro_f1": lambda r: metrics.macro_f1(
                true[r][:, occurs], self.events[r][:, occurs]
            )
        }
        if self.stances is not None and stance is not None:
            classes = int(max(stance.max(), self.stances.max())) + 1
            one, other = metrics.one_hot(stance, classes), metrics.one_hot(self.stances, classes)
            found["sentence_stance_macro_f1"] = lambda r: metrics.macro_f1(one[r], other[r])
        return found


def answers(fitted: Fitted, texts: Sequence[str]) -> Answers:
    """What a calibrated variant answers to bare texts."""
    examples = tuple(Example(str(row), text, None, None) for row, text in enumerate(texts))
    decided = fitted.decide(fitted.predict(Sentences(examples)))
    return Answers(decided.events, decided.stance if fitted.scheme.stances else None)


def run_suites(
    fitted: Fitted, sentences: Sentences, lexicon: Lexicon, draws: int = 1000
) -> dict[str, Any]:
    """All suites on a calibrated variant.

    Args:
        fitted: the variant.
        sentences: labelled sentences, of which texts, events and stance are used.
        lexicon: the actors to exchange.
        draws: bootstrap resamples for the intervals.

    Returns:
        ``clean`` figures; ``change`` of each under every perturbation; ``actor_swaps``, the share
        of the sentences for which an event was reported whose events and whose stance stay the
        same, and ``authored_actor_swaps``, the same of the minimal pairs' sentences;
        ``minimal_pairs``, what
        :func:`~conflict_nlp.evaluation.minimal_pairs.score_pairs` gives.

    Example:
        >>> run_suites(fitted, part.test, Lexicon.load())["actor_swaps"]  # doctest: +SKIP
        {'sentences': 955, 'events_same': {'value': 0.95, 'low': 0.94, 'high': 0.96}}
    """
    scheme = fitted.scheme
    kept = [e for e in sentences.examples if e.events is not None]
    known = bool(scheme.stances) and all(e.stance is not None for e in kept)
    texts, size = [e.text for e in kept], len(kept)
    true = true_events(kept, scheme)
    stance = np.array([scheme.stance_index(e.stance) for e in kept]) if known else None
    clean = answers(fitted, texts)
    measures = clean.measures(true, stance)
    record: dict[str, Any] = {
        "sentences": size,
        "clean": {name: interval(of, size, draws) for name, of in measures.items()},
        "sentences_changed": {},
        "change": {},
    }
    for name in PERTURBATIONS:
        dirty = [perturb(text, name, SEED) for text in texts]
        now = answers(fitted, dirty).measures(true, stance)
        record["sentences_changed"][name] = sum(a != b for a, b in zip(texts, dirty, strict=True))
        record["change"][name] = {
            figure: interval(_difference(now[figure], measures[figure]), size, draws)
            for figure in measures
        }
    record["actor_swaps"] = _swapped(fitted, _reported(texts, clean), lexicon, draws)
    authored = list(dict.fromkeys(pair.first for pair in minimal_pairs()))
    record["authored_actor_swaps"] = _swapped(
        fitted, _reported(authored, answers(fitted, authored)), lexicon, draws
    )

    def predict(given: Sequence[str]) -> list[list[str]]:
        found = answers(fitted, given).events
        return [[scheme.events[c] for c in np.flatnonzero(row)] for row in found]

    record["minimal_pairs"] = score_pairs(predict, draws)
    return record


def interval(measure: Measure, size: int, draws: int) -> Figures:
    """A figure with its 95 % bootstrap interval over sentences."""
    low, high = metrics.bootstrap_interval(measure, size, draws=draws, seed=SEED)
    return {"value": float(measure(np.arange(size))), "low": low, "high": high}


def _difference(one: Measure, other: Measure) -> Measure:
    return lambda rows: one(rows) - other(rows)


def _reported(texts: Sequence[str], found: Answers) -> list[str]:
    """The sentences for which an event is reported."""
    return [text for text, row in zip(texts, found.events, strict=True) if row.any()]


def _swapped(fitted: Fitted, texts: Sequence[str], lexicon: Lexicon, draws: int) -> dict[str, Any]:
    swaps = swap_actors(texts, lexicon, SEED)
    if not swaps:
        return {"sentences": 0}
    before = answers(fitted, [swap.text for swap in swaps])
    after = answers(fitted, [swap.swapped for swap in swaps])
    same = {"events_same": (before.events == after.events).all(1)}
    if before.stances is not None:
        same["stance_same"] = before.stances == after.stances
    return {"sentences": len(swaps)} | {
        name: interval(_mean_of(values), len(swaps), draws) for name, values in same.items()
    }


def _mean_of(values: Bools) -> Measure:
    return lambda rows: float(values[rows].mean())
