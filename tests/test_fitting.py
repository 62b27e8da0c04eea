"""Calibration and thresholds, fitted on predictions whose flaws are known."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from conflict_nlp import metrics
from conflict_nlp.codebook import CODEBOOK_VERSION, EVENTS, STANCES
from conflict_nlp.errors import DataError
from conflict_nlp.learning.calibrate import (
    fit_calibration,
    fit_stance_weights,
    fit_thresholds,
    true_events,
)
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits

SCHEME = LabelScheme(EVENTS, STANCES, CODEBOOK_VERSION)
SIZE = 2000


def drawn(probabilities: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(probabilities.shape) < probabilities


def overconfident(factor: float) -> tuple[Logits, list[Example]]:
    """Labels drawn from known logits, and a model that says them ``factor`` times as strongly."""
    chance = np.random.default_rng(1)
    events = chance.normal(-2, 2, (SIZE, len(EVENTS)))
    true = drawn(1 / (1 + np.exp(-events)))
    stance = chance.normal(0, 1, (SIZE, len(STANCES)))
    noise = chance.gumbel(size=stance.shape)
    examples = [
        Example(
            f"s{i}",
            "نص",
            tuple(np.array(EVENTS)[true[i]]),
            STANCES[int((stance[i] + noise[i]).argmax())],
        )
        for i in range(SIZE)
    ]
    primary = np.c_[events, np.zeros(SIZE)]
    scaled = [(factor * x).astype(np.float32) for x in (events, primary, stance)]
    ids = tuple(e.id for e in examples)
    return Logits(ids, scaled[0], scaled[1], scaled[2], np.arange(SIZE)), examples


def test_overconfidence_is_scaled_back() -> None:
    logits, examples = overconfident(3.0)
    fitted = fit_calibration(logits, examples, SCHEME)
    assert fitted.event_scale == pytest.approx(np.full(len(EVENTS), 1 / 3), rel=0.25)
    assert fitted.stance_scale[0] == pytest.approx(1 / 3, rel=0.15)
    true = true_events(examples, SCHEME)
    before = metrics.ece(1 / (1 + np.exp(-logits.events.ravel().astype(float))), true.ravel())
    after = metrics.ece(fitted.events(logits.events).ravel(), true.ravel())
    assert after < 0.02 < before


def test_predictions_of_other_sentences_are_refused() -> None:
    logits, examples = overconfident(1.0)
    with pytest.raises(DataError, match="belong to other sentences"):
        fit_calibration(logits, examples[::-1], SCHEME)


def test_a_threshold_lies_where_f1_is_best() -> None:
    # True exactly above 0.3: every cut up to there but no higher one finds all of them.
    probabilities = np.random.default_rng(2).random((4000, 1))
    (threshold,) = fit_thresholds(probabilities, probabilities > 0.3)
    assert threshold == pytest.approx(0.3, abs=0.04)


def test_the_threshold_of_a_rare_class_is_the_common_one() -> None:
    chance = np.random.default_rng(3)
    common = chance.random((4000, 3))
    rare = np.full((4000, 1), 0.1)
    rare[:2] = 0.9  # two positives, and a cut anywhere up to 0.9 would find them
    probabilities = np.c_[common, rare]
    true = np.c_[common > 0.4, rare > 0.5]
    thresholds = fit_thresholds(probabilities, true)
    assert thresholds[3] == pytest.approx(0.4, abs=0.06)


def test_a_stance_that_never_wins_is_helped_and_the_commonest_is_not() -> None:
    chance = np.random.default_rng(4)
    true = np.where(chance.random(3000) < 0.1, 0, 2)
    probabilities = np.zeros((3000, 3))
    # The model leans toward the truth, but hardly ever gives the rare stance half.
    probabilities[:, 0] = np.where(true == 0, 0.4, 0.1) + chance.uniform(-0.05, 0.05, 3000)
    probabilities[:, 2] = 1 - probabilities[:, 0]
    weights = fit_stance_weights(probabilities, true)
    assert weights[2] == 1
    assert weights[0] > 1
    assert set(np.argmax(probabilities * weights, 1)[true == 0]) == {0}


def test_low_certainty_abstains_only_where_answers_are_mostly_wrong() -> None:
    logits, examples = overconfident(1.0)
    # A model whose weak answers are noise: half of the sentences get weak, shuffled logits.
    noisy = np.arange(SIZE) < SIZE // 2
    chance = np.random.default_rng(5)
    events = np.array(logits.events)
    events[noisy] = chance.permuted(events[noisy], axis=1) * 0.1
    primary = np.c_[events, np.zeros(SIZE)].astype(np.float32)
    mixed = dataclasses.replace(logits, events=events.astype(np.float32), primary=primary)
    assert 0 < fit_calibration(mixed, examples, SCHEME).abstain_below < 1


def few(logits: Logits, examples: list[Example], size: int) -> tuple[Logits, list[Example]]:
    kept = (logits.events[:size], logits.primary[:size], logits.stance[:size], logits.rows[:size])
    return Logits(logits.ids[:size], *kept), examples[:size]


def test_ten_sentences_hardly_move_what_thousands_told() -> None:
    logits, examples = overconfident(3.0)
    known = fit_calibration(logits, examples, SCHEME)
    held = fit_calibration(*few(logits, examples, 10), SCHEME, known)
    alone = fit_calibration(*few(logits, examples, 10), SCHEME)
    for name in ("event_scale", "event_bias", "thresholds", "stance_weights"):
        away = np.abs(getattr(held, name) - getattr(known, name)).mean()
        assert away < 0.6 * np.abs(getattr(alone, name) - getattr(known, name)).mean(), name


def test_many_sentences_outweigh_a_start_that_was_wrong() -> None:
    logits, examples = overconfident(3.0)
    other, there = overconfident(1.0)
    wrong = fit_calibration(other, there, SCHEME)
    fitted = fit_calibration(logits, examples, SCHEME, wrong)
    expected = fit_calibration(logits, examples, SCHEME)
    assert fitted.event_scale == pytest.approx(expected.event_scale, rel=0.1)
    assert fitted.stance_scale == pytest.approx(expected.stance_scale, rel=0.1)
    assert fitted.thresholds == pytest.approx(expected.thresholds, abs=0.1)


def test_without_a_label_the_start_s_calibration_stays() -> None:
    logits, examples = overconfident(3.0)
    known = fit_calibration(logits, examples, SCHEME)
    blank = [dataclasses.replace(example, events=None, stance=None) for example in examples]
    kept = fit_calibration(logits, blank, SCHEME, known)
    for field in dataclasses.fields(known):
        assert np.array_equal(getattr(kept, field.name), getattr(known, field.name)), field.name
