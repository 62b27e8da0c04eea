"""What the reported figures are computed on."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="scoring reads the checkpoint's logits, which needs torch")

import numpy as np

from conflict_nlp.evaluation.scores import Decisions, measures
from conflict_nlp.learning.examples import Example, LabelScheme

EXAMPLES = [
    Example("a", "قصفت المدفعية أطراف البلدة.", ("shelling",), None),
    Example("b", "التقى الوفد المبعوث الأممي في جنيف.", ("meeting",), None),
]


def macro_f1(examples: list[Example], reported: list[list[bool]]) -> float:
    scheme = LabelScheme(("shelling", "meeting", "arrest"), ())
    size = len(examples)
    decisions = Decisions(
        event_probabilities=None,
        events=np.array(reported),
        primary=np.zeros(size, np.int64),
        confidence=None,
        abstains=np.zeros(size, bool),
        stance_probabilities=None,
        stance=np.zeros(0, np.int64),
        rows=np.zeros(0, np.int64),
    )
    return measures(decisions, examples, scheme)["event_macro_f1"](np.arange(size))


def test_a_type_that_the_split_lacks_does_not_count_as_zero() -> None:
    assert macro_f1(EXAMPLES, [[True, False, False], [False, True, False]]) == 1.0
    assert macro_f1(EXAMPLES, [[True, False, False], [False, False, True]]) == 0.5


def test_a_split_without_any_event_has_a_score_all_the_same() -> None:
    calm = [Example("c", "عاد الهدوء إلى السوق.", (), None)]
    assert macro_f1(calm, [[True, False, False]]) == 0.0
