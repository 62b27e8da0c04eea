"""Labels that come back from Label Studio and Argilla, and how well people agree."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

pytest.importorskip("sklearn", reason="agreement needs the train extra")

from cli_helpers import run

from conflict_nlp.learning.annotations import collect
from conflict_nlp.learning.read import read_labelled

TEXT = "أدان المجلس قصف النظام للمدينة"
Write = Any


def choices(name: str, *chosen: str) -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": chosen}}


def span(start: int, end: int, text: str, label: str) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"from_name": "targets", "to_name": "text", "type": "labels", "value": value}


def studio(id_: str, *answers: tuple[Any, list[dict[str, Any]]], text: str = TEXT) -> Any:
    annotations = [
        {"completed_by": person, "result": result, "was_cancelled": False}
        for person, result in answers
    ]
    return {"id": 99, "data": {"id": id_, "text": text}, "annotations": annotations}


@pytest.fixture
def export(tmp_path: pathlib.Path) -> Write:
    def write(tasks: Any) -> pathlib.Path:
        path = tmp_path / "export.json"
        path.write_text(json.dumps(tasks, ensure_ascii=False), "utf-8")
        return path

    return write


def test_label_studio(export: Write, tmp_path: pathlib.Path) -> None:
    place = TEXT.index("النظام")
    toward = span(place, place + 6, "النظام", "against")
    full = [choices("events", "accusation"), choices("stance", "against"), toward]
    no_events = [choices("stance", "none")]
    tasks = [
        studio("a", (1, full), ({"email": "b@x"}, full)),
        studio("b", (1, no_events)),
        studio("c", (1, full), ({"email": "b@x"}, no_events)),
        studio("d"),
    ]
    output = tmp_path / "labelled.jsonl"
    outcome = run("data", "collect", export(tasks), "-o", output)
    assert "2 sentences labelled, 1 disputed, 1 not answered" in outcome.stderr
    assert "answered by several: 2; alike as a whole: 50.0%" in outcome.stdout
    first, second = read_labelled(output)
    assert (first.id, first.events, first.stance) == ("a", ("accusation",), "against")
    assert first.targets[0].span == (place, place + 6) and first.targets[0].stance == "against"
    assert (second.events, second.stance) == ((), "none")
    disputed = json.loads((tmp_path / "labelled.disputed.jsonl").read_text("utf-8"))
    assert [answer["person"] for answer in disputed["answers"]] == ["1", "b@x"]


def test_cancelled_answers_count_for_nothing(export: Write) -> None:
    task = studio("a", (1, [choices("events", "release")]))
    task["annotations"][0]["was_cancelled"] = True
    assert collect(export([task])).unanswered == 1


def test_spans_counted_in_a_browsers_characters(export: Write) -> None:
    text = "😀😀 أفرج النظام عنهم"
    shifted = text.index("النظام") + 2  # each of the two emoji counts as two there
    task = studio("a", (1, [span(shifted, shifted + 6, "النظام", "none")]), text=text)
    (row,) = collect(export([task])).rows
    assert row["targets"][0]["text"] == "النظام"


def test_argilla(export: Write) -> None:
    place = TEXT.index("النظام")

    def record(id_: str, answers: dict[str, tuple[list[str], str]]) -> dict[str, Any]:
        responses: dict[str, list[Any]] = {"events": [], "stance": [], "targets": []}
        for person, (events, stance) in answers.items():
            spans = [{"start": place, "end": place + 6, "label": stance}]
            for name, value in (("events", events), ("stance", stance), ("targets", spans)):
                responses[name].append({"value": value, "user_id": person})
        return {"id": id_, "fields": {"text": TEXT}, "responses": responses}

    one, both = (["accusation"], "against"), (["accusation", "shelling"], "against")
    found = collect(
        export([record("a", {"u": one, "v": both, "w": both}), record("b", {"u": one, "v": one})])
    )
    assert [row["events"] for row in found.rows] == [["accusation", "shelling"], ["accusation"]]
    assert found.rows[0]["targets"][0] == {
        "text": "النظام",
        "start": place,
        "end": place + 6,
        "stance": "against",
    }
    assert found.agreement.sentences == 2 and found.agreement.kappa["accusation"] == 1.0


def test_kappa_is_cohens(export: Write) -> None:
    # Two people, ten sentences: both yes 4, both no 3, and they differ on 3.
    answers = [(1, 1)] * 4 + [(0, 0)] * 3 + [(1, 0)] * 2 + [(0, 1)]
    tasks = [
        studio(str(i), *((n, [choices("events", *["siege"] * yes)]) for n, yes in enumerate(pair)))
        for i, pair in enumerate(answers)
    ]
    kappa = collect(export(tasks)).agreement.kappa
    # Observed 0.7; by chance 0.6 * 0.5 + 0.4 * 0.5 = 0.5.
    assert kappa["siege"] == pytest.approx((0.7 - 0.5) / (1 - 0.5))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read as JSON"),
        ('{"a": 1}', "holds no list of tasks"),
        ('[{"data": {"id": 1}, "annotations": [{"result": []}]}]', "task 1 is damaged"),
    ],
)
def test_what_is_no_export(tmp_path: pathlib.Path, content: str, said: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(content, "utf-8")
    outcome = run("data", "collect", path, "-o", tmp_path / "out.jsonl", code=2)
    assert said in outcome.stderr and "Label Studio" in outcome.stderr
