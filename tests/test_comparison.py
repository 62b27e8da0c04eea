"""Intervals, paired tests and groups of the benchmark."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the benchmark needs the train extra")

from conflict_nlp.evaluation.comparison import Sample, figure, groups, holm, mcnemar, paired


def accuracy(right: np.ndarray):  # type: ignore[no-untyped-def]
    return lambda rows: float(right[rows].mean())


def test_many_clearly_different_variants_are_told_apart() -> None:
    chance = np.random.default_rng(0)
    sample = Sample({"test": [str(i) for i in range(1000)]}, draws=200)
    values = {
        f"v{level:02d}": sample.values(
            {"test": [accuracy(chance.random(1000) < 0.05 + 0.08 * level)]}
        )
        for level in range(12)
    }
    pairs = list(itertools.combinations(values, 2))
    corrected = holm([paired(values[a], values[b])["p"] for a, b in pairs])
    differ = {frozenset(pair) for pair, p in zip(pairs, corrected, strict=True) if p < 0.05}
    found = groups(
        {name: float(v[0]) for name, v in values.items()}, lambda a, b: frozenset((a, b)) in differ
    )
    assert found == [[f"v{level:02d}"] for level in reversed(range(12))]


def test_equal_variants_are_not_told_apart() -> None:
    values = Sample({"test": list("abcd")}, draws=50).values(
        {"test": [accuracy(np.array([1, 0, 1, 1]))]}
    )
    assert paired(values, values)["p"] == 1.0


def test_a_sentence_in_several_parts_counts_once_in_the_interval() -> None:
    right = np.random.default_rng(1).random(300) < 0.7
    ids = [str(i) for i in range(300)]
    once = figure(Sample({"1": ids}).values({"1": [accuracy(right)]}))
    again = Sample({str(n): ids for n in range(5)})
    five = figure(again.values({str(n): [accuracy(right)] for n in range(5)}))
    assert five == pytest.approx(once)


def test_seeds_are_averaged() -> None:
    sample = Sample({"test": list("ab")}, draws=10)
    runs = [accuracy(np.array([1.0, 1.0])), accuracy(np.array([0.0, 0.0]))]
    assert sample.values({"test": runs})[0] == 0.5


def test_calibration_errors_have_an_interval_around_them() -> None:
    values = np.array([0.01, *np.linspace(0.02, 0.04, 50)])
    assert figure(values)["low"] > 0.01
    around = figure(values, "event_ece_classwise")
    assert 0 <= around["low"] <= 0.01 <= around["high"] < 0.04


def test_mcnemar_counts_what_one_alone_gets_right() -> None:
    first, second = np.ones(20, bool), np.zeros(20, bool)
    assert mcnemar(first, second) == pytest.approx(2 * 0.5**20)
