"""The result types: their JSON to the letter, and the way back."""

from __future__ import annotations

import dataclasses
import json

import pytest

from conflict_nlp.errors import DataError
from conflict_nlp.results import (
    EXTRAS,
    DocumentResult,
    EventPrediction,
    Result,
    SentenceResult,
    StancePrediction,
    TargetStance,
)

TEXT = "قصف الجيش أطراف البلدة بالمدفعية."
KEYS = [
    "text",
    "events",
    "primary_event",
    "stance",
    "targets",
    "abstain",
    "truncated",
    "error",
    "model",
    "codebook",
]


def make(**changes) -> Result:
    filled = Result(
        text=TEXT,
        events=(EventPrediction("shelling", 0.97), EventPrediction("casualties", 0.6)),
        primary_event="shelling",
        stance=StancePrediction("none", 0.93),
        targets=(
            TargetStance("الجيش", 4, 9, "army", StancePrediction("none", 0.9)),
            TargetStance("الهدنة", None, None, None, StancePrediction("favor", 0.5)),
        ),
        abstain=None,
        truncated=False,
        error=None,
        model="default",
        codebook="1",
    )
    return dataclasses.replace(filled, **changes)


def bad(text, **changes) -> Result:
    return make(
        text=text, events=None, primary_event=None, stance=None, targets=None, error="no", **changes
    )


def test_to_dict_is_the_contract():
    data = make().to_dict()
    assert list(data) == KEYS
    assert data == {
        "text": TEXT,
        "events": [
            {"type": "shelling", "probability": 0.97},
            {"type": "casualties", "probability": 0.6},
        ],
        "primary_event": "shelling",
        "stance": {"label": "none", "probability": 0.93},
        "targets": [
            {
                "text": "الجيش",
                "start": 4,
                "end": 9,
                "actor": "army",
                "stance": {"label": "none", "probability": 0.9},
            },
            {
                "text": "الهدنة",
                "start": None,
                "end": None,
                "actor": None,
                "stance": {"label": "favor", "probability": 0.5},
            },
        ],
        "abstain": None,
        "truncated": False,
        "error": None,
        "model": "default",
        "codebook": "1",
    }


def test_requested_fields_appear_even_when_null_and_others_never():
    data = make(extras=("quad", "repaired"), quad=None, repaired="نص", cameo=("190",)).to_dict()
    assert list(data) == [*KEYS, "repaired", "quad"]
    assert data["quad"] is None
    assert data["repaired"] == "نص"


@pytest.mark.parametrize(
    "result",
    [
        make(),
        make(events=(), primary_event="no_event", targets=(), abstain="low_confidence"),
        make(stance=None, targets=(TargetStance("الجيش", 4, 9, None, None),), codebook=None),
        bad(None),
        bad(3, truncated=True),
        make(
            extras=EXTRAS,
            repaired="نص",
            probabilities={"stance": {"favor": 0.1, "against": 0.2, "none": 0.7}},
            quad=("MC",),
            acled=("Battles: Armed clash",),
            plover=None,
            cameo=("190", "194"),
        ),
        bad("نص", extras=EXTRAS),
    ],
)
def test_json_round_trip_is_exact(result):
    assert Result.from_dict(result.to_dict()) == result
    again = Result.from_dict(json.loads(result.to_json()))
    assert again == result
    assert again.to_dict() == result.to_dict()


def test_from_dict_ignores_where_a_row_came_from():
    row = {"document": "article.txt", "start": 0, "end": 5, **make().to_dict()}
    assert Result.from_dict(row) == make()


@pytest.mark.parametrize(
    "broken",
    [{}, {"text": "نص"}, make().to_dict() | {"events": [{"type": "siege"}]}],
)
def test_from_dict_says_what_is_not_a_result(broken):
    with pytest.raises(DataError, match="Not the dictionary of a result"):
        Result.from_dict(broken)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (None, None),
        (7, 7),
        ({"a": [1]}, {"a": [1]}),
        (float("nan"), "nan"),
        (b"\xff", "b'\\xff'"),
        ({1}, "{1}"),
    ],
)
def test_text_is_given_as_it_is_or_as_its_repr(text, written):
    result = bad(text)
    assert result.to_dict()["text"] == written
    assert json.loads(result.to_json())["text"] == written


@pytest.mark.parametrize(
    "text", ["قصف\ud83d", "سطر\nسطر", "سطر\u2028سطر\u2029\u0085", "\x00", "🙂 قصف"]
)
def test_json_is_one_utf8_line_and_reads_back(text):
    line = make(text=text).to_json()
    assert len(line.splitlines()) == 1
    line.encode("utf-8")
    assert json.loads(line)["text"] == text


def test_json_keeps_arabic_readable():
    assert TEXT in make().to_json()


def test_results_are_frozen_and_hashable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        make().error = "x"  # type: ignore[misc]
    assert len({make(), make(), make(probabilities={"stance": {"none": 1.0}})}) == 2


def test_a_document_keeps_the_places_of_its_sentences():
    document = DocumentResult((SentenceResult(0, 33, make()), SentenceResult(34, 67, make())))
    data = document.to_dict()
    assert [(s["start"], s["end"]) for s in data["sentences"]] == [(0, 33), (34, 67)]
    assert Result.from_dict(data["sentences"][1]["result"]) == make()
    assert json.loads(document.to_json()) == data
    assert document._repr_html_().count(TEXT[-8:]) == 2
