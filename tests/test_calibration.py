from __future__ import annotations

import pathlib

import numpy as np
import pytest

from conflict_nlp import metrics
from conflict_nlp.calibration import Calibration
from conflict_nlp.errors import ModelError


def random_calibration() -> Calibration:
    random = np.random.default_rng(0)
    return Calibration(
        *(random.random(n) for n in (4, 4, 4, 5, 5, 3, 3, 3)), abstain_below=0.123456789012345
    )


def test_values_come_back_from_a_file_exactly(tmp_path: pathlib.Path) -> None:
    calibration = random_calibration()
    calibration.save(tmp_path / "calibration.json")
    again = Calibration.load(tmp_path / "calibration.json")
    for name in Calibration.__slots__:
        np.testing.assert_array_equal(getattr(again, name), getattr(calibration, name))


@pytest.mark.parametrize("content", ["", "[]", '{"event_scale": []}', '{"event_scale": "a"}'])
def test_damaged_file_says_what_to_do(content: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "calibration.json").write_text(content, "utf-8")
    with pytest.raises(ModelError, match="export the checkpoint anew"):
        Calibration.load(tmp_path / "calibration.json")


def test_probabilities_are_probabilities_for_any_logits() -> None:
    calibration = random_calibration()
    for size in (0.0, 1.0, 1e4, -1e4):
        assert np.all(np.abs(calibration.events(np.full(4, size)) - 0.5) <= 0.5)
        assert calibration.primary(np.full(5, size)).sum() == pytest.approx(1)
        assert calibration.stance(np.full((2, 3), size)).sum() == pytest.approx(2)


class TestFitting:
    """Fitting needs scikit-learn's scipy."""

    def test_fitted_probabilities_are_calibrated_and_thresholds_help(self) -> None:
        pytest.importorskip("torch", reason="fitting needs the train extra")
        from conflict_nlp.learning.calibrate import fit_calibration
        from conflict_nlp.learning.examples import Example, LabelScheme
        from conflict_nlp.learning.predict import Logits

        random = np.random.default_rng(5)
        scheme = LabelScheme(("a", "b"), ("favor", "against", "none"))
        size = 1500
        truth = random.random((size, 2)) < (0.3, 0.1)
        # Logits that are three times too sure of themselves.
        logits = 3 * (2.0 * truth - 1.5 + random.normal(0, 1.5, (size, 2)))
        primary = np.where(truth[:, 0], 0, np.where(truth[:, 1], 1, 2))
        stance = random.integers(0, 3, size)
        examples = [
            Example(str(i), "", tuple(np.array(["a", "b"])[truth[i]]), scheme.stances[stance[i]])
            for i in range(size)
        ]
        raw = Logits(
            tuple(str(i) for i in range(size)),
            logits.astype(np.float32),
            (3 * np.eye(3)[primary] + random.normal(0, 1, (size, 3))).astype(np.float32),
            (2 * np.eye(3)[stance] + random.normal(0, 1, (size, 3))).astype(np.float32),
            np.arange(size),
        )
        fitted = fit_calibration(raw, examples, scheme)
        plain = Calibration.identity(2, 3)
        before = metrics.classwise_ece(plain.events(raw.events), truth)
        after = metrics.classwise_ece(fitted.events(raw.events), truth)
        assert after < 0.03 < before
        tuned = metrics.macro_f1(truth, fitted.events(raw.events) >= fitted.thresholds)
        assert tuned > metrics.macro_f1(truth, plain.events(raw.events) >= 0.5)
