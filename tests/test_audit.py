"""Labels that are probably wrong."""

from __future__ import annotations

import json
import pathlib
import random
from typing import Any

import pytest

pytest.importorskip("cleanlab", reason="auditing needs the label extra")

from cli_helpers import run

from conflict_nlp._model_files import ModelSettings
from conflict_nlp.codebook import EVENTS, STANCES
from conflict_nlp.errors import DataError
from conflict_nlp.learning.audit import audit
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.results import Result

PLACES = ["البلدة", "القرية", "المدينة", "الضاحية", "التلة", "المعبر", "السوق", "الجسر"]
VERBS = {
    "shelling": ["قصفت المدفعية", "سقطت قذائف الهاون على", "استهدفت راجمات الصواريخ"],
    "release": ["أفرجت السلطات عن معتقلين من", "أطلق سراح المحتجزين في", "خرج الأسرى من"],
    "protest": ["تظاهر الأهالي في", "خرجت مظاهرة حاشدة في", "اعتصم الطلاب أمام"],
}
WRONG = {"shelling:3": "release", "protest:11": "shelling"}


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    chance = random.Random(0)
    found = []
    for event, verbs in VERBS.items():
        for number in range(24):
            text = (
                f"{verbs[number % 3]} {PLACES[number // 3]} صباح {chance.choice(['أمس', 'اليوم'])}"
            )
            id_ = f"{event}:{number}"
            stance = "against" if event == "shelling" else "none"
            events = [WRONG.get(id_, event)]
            found.append({"id": id_, "text": text, "events": events, "stance": stance})
    found[5]["stance"] = "none"
    return found


def test_wrong_labels_come_first(rows: list[dict[str, Any]]) -> None:
    tasks = audit(read_labelled(rows))
    doubted = [task.id for task in tasks if "in doubt" in task.note]
    assert set(doubted[:2]) == WRONG.keys()
    by_id = {task.id: task for task in tasks}
    assert "labelled: release; in doubt: " in by_id["shelling:3"].note
    assert by_id["shelling:3"].events == ("shelling",)
    assert by_id["shelling:5"].stance == "against"
    assert "stance labelled: none" in by_id["shelling:5"].note


class Knowing:
    """A classifier that reads the event off the verb, and is sure of it."""

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings

    def classify(self, texts: list[str], extras: tuple[str, ...] = ()) -> list[Result]:
        return [self._answer(text) for text in texts]

    def _answer(self, text: str) -> Result:
        event = next((e for e, verbs in VERBS.items() if text.startswith(tuple(verbs))), "")
        stance = "against" if event == "shelling" else "none"
        probabilities = {
            "events": {e: 0.97 if e == event else 0.02 for e in self.settings.events},
            "stance": {s: 0.9 if s == stance else 0.05 for s in self.settings.stances},
        }
        return Result.of(text, "m", None, probabilities=probabilities if event else None)


def test_a_model_in_place_of_folds(rows: list[dict[str, Any]]) -> None:
    rows.append({"id": "unanswered", "text": "no Arabic", "events": ["siege"], "stance": "none"})
    knowing: Any = Knowing(ModelSettings("m", "b", EVENTS, STANCES, "1"))
    tasks = audit(read_labelled(rows), knowing)
    assert {task.id for task in tasks} == {*WRONG, "shelling:5"}
    by_id = {task.id: task for task in tasks}
    assert by_id["protest:11"].events == ("protest",) and by_id["shelling:5"].stance == "against"
    rows[0]["events"] = ["raid"]
    with pytest.raises(DataError, match="raid"):
        audit(read_labelled(rows), knowing)


def test_stance_alone(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        del row["events"]
    assert audit(read_labelled(rows))[0].id == "shelling:5"


def test_too_little_to_tell(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(DataError, match="3 sentences with labels are too few"):
        audit(read_labelled(rows[:3]))


def test_the_command(rows: list[dict[str, Any]], tmp_path: pathlib.Path) -> None:
    file, output = tmp_path / "mine.jsonl", tmp_path / "doubts.json"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    outcome = run("data", "audit", file)
    first = json.loads(outcome.stdout.splitlines()[0])
    assert first["id"] in {*WRONG, "shelling:5"} and "72 sentences read" in outcome.stderr
    run("data", "audit", file, "-o", output, "--format", "label-studio")
    assert len(json.loads(output.read_text("utf-8"))) == len(outcome.stdout.splitlines())
    assert "labelled: " in json.loads(output.read_text("utf-8"))[0]["data"]["note"]


def test_one_event_type_alone(rows: list[dict[str, Any]]) -> None:
    some = [row for row in rows if row["id"].startswith("shelling")]
    for number, row in enumerate(some):
        row["events"] = ["shelling"] if number < 20 else []
    assert all(0 <= task.score <= 1 for task in audit(read_labelled(some)))
