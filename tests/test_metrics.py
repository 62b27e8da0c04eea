from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflict_nlp import metrics


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_f1_agrees_with_scikit_learn(seed: int) -> None:
    sklearn = pytest.importorskip("sklearn.metrics", reason="needs the train extra")
    random = np.random.default_rng(seed)
    true, found = random.random((2, 40, 5)) < 0.3
    for average, ours in (("macro", metrics.macro_f1), ("micro", metrics.micro_f1)):
        theirs = sklearn.f1_score(true, found, average=average, zero_division=0)
        assert ours(true, found) == pytest.approx(theirs)


def test_perfectly_calibrated_decisions_have_no_error() -> None:
    probabilities = np.repeat([0.2, 0.8], 500)
    correct = np.r_[np.arange(500) % 5 == 0, np.arange(500) % 5 != 0]
    assert metrics.ece(probabilities, correct, bins=10) == pytest.approx(0, abs=1e-9)


def test_overconfidence_is_the_gap() -> None:
    assert metrics.ece(np.full(100, 0.9), np.arange(100) < 60, bins=1) == pytest.approx(0.3)


def test_classwise_error_averages_the_classes() -> None:
    probabilities = np.column_stack([np.full(10, 0.5), np.full(10, 1.0)])
    true = np.column_stack([np.arange(10) < 5, np.zeros(10, bool)])
    assert metrics.classwise_ece(probabilities, true, bins=1) == pytest.approx(0.5)


def test_risk_coverage_prefers_errors_last() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    good = metrics.risk_coverage_area(confidence, np.array([True, True, True, False]))
    bad = metrics.risk_coverage_area(confidence, np.array([False, True, True, True]))
    assert good < bad


def test_bootstrap_interval_holds_the_value_and_narrows_with_rows() -> None:
    def width(rows: int) -> float:
        values = np.random.default_rng(1).random(rows)
        low, high = metrics.bootstrap_interval(lambda r: float(values[r].mean()), rows, draws=300)
        assert low < values.mean() < high
        return high - low

    assert width(1000) < width(50) / 2


def test_bootstrap_is_repeatable() -> None:
    values = np.random.default_rng(1).random(50)
    intervals = {
        metrics.bootstrap_interval(lambda r: float(values[r].mean()), 50, draws=50, seed=s)
        for s in (3, 3)
    }
    assert len(intervals) == 1


def test_a_calibration_error_lies_in_its_interval() -> None:
    random = np.random.default_rng(0)
    probabilities = random.random(400)
    correct = random.random(400) < probabilities

    def error(rows: np.ndarray) -> float:
        return metrics.ece(probabilities[rows], correct[rows])

    value = error(np.arange(400))
    low, high = metrics.bootstrap_interval(error, 400, draws=300, calibration=True)
    assert 0 <= low <= value <= high


def test_intervals_of_classes_hold_their_f1_and_draw_sentences_whole() -> None:
    random = np.random.default_rng(0)
    true, found = random.random((2, 200, 3)) < 0.4
    f1 = metrics.f1_by_class(true, found)
    low, high = metrics.f1_intervals(true, found, np.arange(200), draws=300)
    assert ((low < f1) & (f1 < high)).all()
    # Twenty rows to a sentence: fewer independent ones, and a wider interval.
    rows = np.repeat(np.arange(10), 20)
    alike = np.repeat(true[:10], 20, axis=0), np.repeat(found[:10], 20, axis=0)
    wide = metrics.f1_intervals(*alike, rows, draws=300)
    assert ((wide[1] - wide[0]) > 2 * (high - low)).any()


def test_no_rows_are_no_error() -> None:
    nothing = np.zeros(0)
    assert metrics.ece(nothing, nothing.astype(bool)) == 0
    assert metrics.risk_coverage_area(nothing, nothing.astype(bool)) == 0
