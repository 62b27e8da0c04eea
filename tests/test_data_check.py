"""Every problem of labelled data at once, on the command line too."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

from cli_helpers import run

from conflict_nlp.learning.check import check

GOOD = [
    {"text": f"قصفت المدفعية {place}.", "events": ["shelling"], "stance": "none"}
    for place in (
        "أطراف البلدة القديمة ليلاً",
        "مواقع الفصائل شرقي النهر",
        "سوق الخضار وسط المدينة",
        "المشفى الميداني في الغوطة",
        "طريق الإمداد بين القريتين",
        "تلال الجبهة الشمالية فجراً",
        "مطار المدينة العسكري بالصواريخ",
        "صوامع الحبوب على الساحل",
        "مخيم النازحين قرب الحدود",
        "جسر المشاة فوق الوادي",
    )
]
FIRST = GOOD[0]["text"]


def kinds(rows, *more):
    problems, _ = check([[*GOOD, *rows], *more])
    return [(p.row, p.kind, p.severity) for p in problems]


def test_good_data_have_no_problem():
    assert kinds([]) == []


@pytest.mark.parametrize(
    ("row", "kind", "severity"),
    [
        ({"text": 3}, "unreadable", "error"),
        ({"text": " … 🙂 "}, "empty", "error"),
        ({"text": "shelling in Aleppo"}, "not_arabic", "error"),
        ({"text": "قصف الجيش \ufffd\ufffd المدينة"}, "encoding", "error"),
        ({"text": "انفجر لغم.", "events": ["sheling"]}, "unknown_label", "error"),
        ({"text": "انفجر لغم.", "stance": "favour"}, "unknown_label", "error"),
        ({"text": FIRST, "events": ["air_strike"]}, "contradiction", "error"),
        ({"text": FIRST, "stance": "against"}, "contradiction", "error"),
        ({**GOOD[0], "text": FIRST.replace("أ", "ا") + "!"}, "duplicate", "warning"),
        ({**GOOD[0], "text": FIRST.replace("ليلاً", "ليل")}, "near_duplicate", "warning"),
        (
            {"text": "انسحبوا.", "targets": [{"text": "الجيش", "stance": "none"}]},
            "target_not_found",
            "warning",
        ),
        (
            {
                "text": "انسحب الجيش من القرية",
                "targets": [{"text": "الجيش", "stance": "none", "start": 12, "end": 14}],
            },
            "target_offsets",
            "error",
        ),
    ],
)
def test_each_problem_is_found_with_its_row(row, kind, severity):
    row = {"events": ["shelling"], "stance": "none", **row}
    found = [problem for problem in kinds([row]) if problem[1] != "rare"]
    assert found == [(11, kind, severity)]


def test_a_row_without_any_label_is_told():
    assert kinds([{"text": "وصل الوفد إلى العاصمة."}]) == [(11, "unlabelled", "warning")]


def test_a_class_too_rare_to_learn_is_told_once():
    row = {"text": "أفرجت السلطات عن المعتقلين.", "events": ["release"], "stance": "none"}
    other = {"text": "خرج الأسرى إلى بيوتهم أمس.", "events": ["release"], "stance": "none"}
    assert kinds([row, other]) == [(None, "rare", "warning")]


def test_a_slip_is_told_with_what_was_meant():
    problems, _ = check([[*GOOD, {"text": "دخلوا القرية.", "events": ["territory_gian"]}]])
    assert problems[0].message == "'territory_gian' is no event type"
    assert problems[0].fix == "Did you mean 'territory_gain'?"


def test_a_label_set_of_one_s_own_is_accepted_and_its_slips_are_found():
    rows = [{**row, "events": ["fire"]} for row in GOOD]
    problems, _ = check([[*rows, {"text": "أطلقوا النار على الحاجز.", "events": ["firee"]}]])
    assert [(p.row, p.kind, p.fix) for p in problems] == [
        (11, "unknown_label", "Did you mean 'fire'?"),
        (None, "rare", "Label more, 10 at the least."),
    ]


def test_sentences_shared_by_splits_are_leaks():
    near = {**GOOD[1], "text": GOOD[1]["text"].replace("النهر.", "النهر أمس.")}
    assert kinds([], [GOOD[0], near]) == [(1, "leak", "error"), (2, "near_leak", "warning")]


def write(path, rows):
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_the_command_writes_a_line_a_problem(tmp_path):
    path = write(tmp_path / "a.jsonl", [*GOOD, {"text": "انفجر لغم.", "events": "sheling"}])
    outcome = run("data", "check", path, code=1)
    (line,) = outcome.stdout.splitlines()
    assert json.loads(line) | {"message": None} == {
        "file": str(path),
        "row": 11,
        "kind": "unknown_label",
        "severity": "error",
        "message": None,
        "fix": "Did you mean 'shelling'?",
    }
    assert "11 sentences read; 1 error" in outcome.stderr


def test_the_command_is_content_with_good_data_and_mapped_columns(tmp_path):
    rows = [{"sentence": row["text"], "label": "shelling"} for row in GOOD]
    path = write(tmp_path / "a.jsonl", rows)
    outcome = run("data", "check", path, "--column", "text=sentence", "--column", "events=label")
    assert outcome.stdout == "" and "no problem found" in outcome.stderr


def test_the_command_refuses_what_it_cannot_read(tmp_path):
    assert "there is no file" in run("data", "check", tmp_path / "b.csv", code=2).stderr
    assert "NAME=COLUMN" in run("data", "check", "b.csv", "--column", "text", code=2).stderr
