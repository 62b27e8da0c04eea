"""What to label next, and tasks for labelling tools."""

from __future__ import annotations

import json
import pathlib
from xml.etree import ElementTree

import numpy as np
import pytest

pytest.importorskip("skactiveml", reason="suggesting needs the label extra")

from cli_helpers import run
from conftest import SENTENCES

from conflict_nlp import Classifier
from conflict_nlp.codebook import CODEBOOK_VERSION, EVENTS, STANCES
from conflict_nlp.errors import DataError
from conflict_nlp.learning.annotations import collect
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.suggest import suggest, uncertainty
from conflict_nlp.learning.tasks import Task, argilla_settings, to_argilla
from conflict_nlp.results import Result

POOL = [
    "قصفت المدفعية أحياء المدينة القديمة فجر اليوم",
    "قصفت المدفعية أحياء المدينة القديمة مساء اليوم",
    "انسحبت القوات من المعبر بعد اتفاق مع الفصائل",
    "طالب الوفد بالإفراج عن جميع المعتقلين لدى الطرفين",
    "تظاهر العشرات في الساحة ضد رفع الأسعار",
    "أعلن الناطق باسم الفصيل السيطرة على التلة",
]


@pytest.fixture
def pool_file(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "pool.jsonl"
    lines = [{"id": f"p{i}", "text": text} for i, text in enumerate(POOL)]
    lines += [{"id": "labelled", "text": SENTENCES[0][0] + "!"}, {"id": "again", "text": POOL[0]}]
    lines += [{"id": "latin", "text": "nothing Arabic here"}, {"id": "bad", "text": 7}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def test_unsure_and_different_sentences_come_first(exported: pathlib.Path) -> None:
    classifier = Classifier.from_pretrained(exported)
    pool = [(str(i), text) for i, text in enumerate(POOL)]
    found = suggest(pool, classifier, 5)
    assert len({task.text for task in found.tasks}) == 5
    # Of the two that differ in one word, one is enough.
    assert len({"0", "1"} & {task.id for task in found.tasks}) == 1
    assert suggest(pool, classifier, 5) == found
    near = suggest(pool, classifier, 1, labelled=[POOL[0] + " الباكر"])
    assert near.tasks[0].id not in ("0", "1")


@pytest.mark.parametrize(
    ("sure", "unsure"),
    [
        ({"events": {"a": 0.99, "b": 0.01}}, {"events": {"a": 0.99, "b": 0.2}}),
        ({"events": {"a": 0.9, "b": 0.0}}, {"events": {"a": 0.6, "b": 0.0}}),
        ({"stance": {"x": 0.9, "y": 0.1}}, {"stance": {"x": 0.6, "y": 0.4}}),
        ({"primary": {"a": 0.8, "none": 0.2}}, {"primary": {"a": 0.5, "none": 0.5}}),
    ],
)
def test_uncertainty_grows_toward_the_closest_call(
    sure: dict[str, dict[str, float]], unsure: dict[str, dict[str, float]]
) -> None:
    thresholds = np.array([0.5, 0.3])
    scores = [
        uncertainty(Result.of("نص", "m", None, probabilities=given), thresholds)
        for given in (sure, unsure)
    ]
    assert 0 <= scores[0] < scores[1] <= 1


def test_nothing_to_suggest(exported: pathlib.Path) -> None:
    classifier = Classifier.from_pretrained(exported)
    with pytest.raises(DataError, match="none of the 2 sentences of the pool can be suggested"):
        suggest([("a", POOL[0]), ("b", "only Latin")], classifier, 3, labelled=[POOL[0]])


def test_the_command_writes_rows_that_training_reads(
    pool_file: pathlib.Path,
    exported: pathlib.Path,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    output = tmp_path / "next.jsonl"
    given = ("--model", exported, "--labelled", labelled_file, "-n", 3, "-o", output)
    outcome = run("suggest", pool_file, *given)
    said = "10 rows: 3 suggested, 2 labelled already or repeated, 1 without an answer, 1 unreadable"
    assert said in outcome.stderr and "row 10: text is 7" in outcome.stderr
    rows = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert {row["id"] for row in rows} <= {f"p{i}" for i in range(len(POOL))}
    assert len(read_labelled(output)) == 3
    assert all({"events", "stance", "targets", "score"} <= row.keys() for row in rows)


def test_sentences_of_a_text_file(exported: pathlib.Path, tmp_path: pathlib.Path) -> None:
    article = tmp_path / "news.txt"
    article.write_text(". ".join(POOL) + ".", "utf-8")
    output = tmp_path / "next.jsonl"
    run("suggest", article, "--model", exported, "-n", 2, "-o", output)
    ids = [json.loads(line)["id"] for line in output.read_text("utf-8").splitlines()]
    assert len(ids) == 2 and all(name.startswith(f"{article}:") for name in ids)


def test_tasks_for_label_studio(
    pool_file: pathlib.Path, exported: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    output = tmp_path / "tasks.json"
    given = ("--model", exported, "-n", 4, "-o", output, "--format", "label-studio")
    outcome = run("suggest", pool_file, *given)
    config = tmp_path / "tasks.config.xml"
    assert outcome.stdout.splitlines() == [str(output), str(config)]
    view = ElementTree.parse(config).getroot()
    controls = {tag.attrib["name"]: tag for tag in view if "toName" in tag.attrib}
    assert controls.keys() == {"events", "stance", "targets"}
    assert len(controls["events"]) == 24
    values = {name: {c.attrib["value"] for c in tag} for name, tag in controls.items()}
    for task in json.loads(output.read_text("utf-8")):
        (prediction,) = task["predictions"]
        assert prediction["model_version"] == "tiny-1"
        for result in prediction["result"]:
            value, known = result["value"], values[result["from_name"]]
            assert set(value.get("choices", value.get("labels"))) <= known
            if "start" in value:
                assert task["data"]["text"][value["start"] : value["end"]] == value["text"]


def test_tasks_for_argilla(
    pool_file: pathlib.Path, exported: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    output = tmp_path / "tasks.json"
    run("suggest", pool_file, "--model", exported, "-n", 4, "-o", output, "--format", "argilla")
    compile((tmp_path / "tasks.settings.py").read_text("utf-8"), "settings", "exec")
    records = json.loads(output.read_text("utf-8"))
    assert len(records) == 4
    assert all(set(r["suggestions"]) == {"events", "stance", "targets"} for r in records)
    assert all(r["fields"]["text"] in [*POOL, SENTENCES[0][0] + "!"] for r in records)
    # Its server refuses an empty answer to a question of labels.
    assert all(r["suggestions"]["events"]["value"] for r in records)


def test_a_sentence_without_events_goes_to_argilla_and_comes_back(tmp_path: pathlib.Path) -> None:
    task = Task("a", "عاد الهدوء إلى السوق.", (), "none")
    record = to_argilla(task)
    assert record["suggestions"]["events"]["value"] == ["no_event"]
    settings = argilla_settings(LabelScheme(EVENTS, STANCES, CODEBOOK_VERSION))
    assert "'no_event'], required=True" in settings
    record["responses"] = {
        name: [{"value": suggestion["value"], "user_id": "u"}]
        for name, suggestion in record["suggestions"].items()
    }
    (tmp_path / "answers.json").write_text(json.dumps([record]), "utf-8")
    (row,) = collect(tmp_path / "answers.json").rows
    assert (row["events"], row["stance"], row["targets"]) == ([], "none", [])
