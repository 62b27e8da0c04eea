"""The measures against scikit-learn's, and as evaluate.Metric classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflict_nlp import metrics

sklearn = pytest.importorskip("sklearn.metrics", reason="comparison needs the train extra")
evaluate_metrics = pytest.importorskip(
    "conflict_nlp.evaluation.evaluate_metrics", reason="evaluate.Metric needs the train extra"
)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 4)), min_size=1, max_size=30))
def test_average_precision_is_scikit_learns(rows: list[tuple[bool, int]]) -> None:
    true = np.array([label for label, _ in rows])
    scores = np.array([score / 4 for _, score in rows])
    if true.any():
        expected = sklearn.average_precision_score(true, scores)
        assert metrics.average_precision(true, scores) == pytest.approx(expected)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=30))
def test_brier_is_scikit_learns(rows: list[tuple[bool, float]]) -> None:
    true = np.array([label for label, _ in rows])
    scores = np.array([score for _, score in rows])
    expected = float(np.mean((scores - true) ** 2))
    assert metrics.brier(scores[:, None], true[:, None]) == pytest.approx(expected)


def test_selective_accuracy() -> None:
    sure, right = np.array([0.9, 0.8, 0.2, 0.1]), np.array([True, True, False, True])
    assert metrics.selective_accuracy(sure, right, 0.5) == 1.0
    assert metrics.selective_accuracy(sure, right, 1.0) == 0.75


def test_metric_classes_work_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    chance = np.random.default_rng(0)
    true, predicted = chance.random((20, 3)) > 0.6, chance.random((20, 3))
    f1 = evaluate_metrics.MacroF1()
    f1.add_batch(predictions=(predicted[:10] > 0.5).astype(int), references=true[:10].astype(int))
    f1.add_batch(predictions=(predicted[10:] > 0.5).astype(int), references=true[10:].astype(int))
    assert f1.compute()["macro_f1"] == pytest.approx(metrics.macro_f1(true, predicted > 0.5))
    each = evaluate_metrics.ClassF1().compute(
        predictions=(predicted > 0.5).astype(int), references=true.astype(int)
    )
    assert each["f1"] == pytest.approx(metrics.f1_by_class(true, predicted > 0.5).tolist())
    sure, right = predicted[:, 0], true[:, 0]
    for name, key, expected in (
        ("ECE", "ece", metrics.ece(sure, right)),
        ("RiskCoverageArea", "risk_coverage_area", metrics.risk_coverage_area(sure, right)),
    ):
        found = getattr(evaluate_metrics, name)().compute(
            predictions=sure, references=right.astype(int)
        )
        assert found[key] == pytest.approx(expected)
    brier = evaluate_metrics.Brier().compute(predictions=predicted, references=true.astype(int))
    assert brier["brier"] == pytest.approx(metrics.brier(predicted, true))
