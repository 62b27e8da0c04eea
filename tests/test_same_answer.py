"""Soft labels that are the same whichever actor a sentence names."""

from __future__ import annotations

import gzip
import json
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, SHIPPED

pytest.importorskip("torch", reason="training needs the train extra")

SENTENCES = [
    "قصفت قوات حركة حماس موقعا عسكريا قرب الحدود فجر اليوم الأربعاء",
    "أعلنت حركة حماس في بيان أنها أفرجت عن أسيرين لأسباب إنسانية",
    "أدانت فرنسا بشدة الهجوم الذي استهدف سوقا شعبيا في العاصمة",
    "اتفقت تركيا مع جارتها على فتح المعبر أمام قوافل الإغاثة",
    "تقع القرية على ضفة النهر وتشتهر بزراعة الزيتون والرمان",
]


def written(
    place: pathlib.Path, outputs: dict[str, str], *teachers: pathlib.Path
) -> subprocess.CompletedProcess[str]:
    labels, corpus = place / "labels.jsonl", place / "corpus.jsonl.gz"
    labels.write_text(
        json.dumps({"id": "0", "text": "نص", "events": [], "stance": "none"}), "utf-8"
    )
    with gzip.open(corpus, "wt", encoding="utf-8") as file:
        for number, text in enumerate(SENTENCES, 1):
            file.write(json.dumps({"sid": str(number), "text": text}, ensure_ascii=False) + "\n")
    script = ["training/same_answer.py", "--labels", labels]
    for teacher in teachers:
        script += ["--teacher", teacher]
    script += ["--corpus", corpus, "--written", *outputs.values()]
    script += ["--output", *(place / name for name in outputs)]
    return subprocess.run(
        [sys.executable, *map(str, script)], cwd=ROOT, capture_output=True, encoding="utf-8"
    )


def test_versions_of_a_sentence_share_one_answer(tmp_path: pathlib.Path) -> None:
    done = written(tmp_path, {"two.jsonl": "2", "one.jsonl": "1"}, SHIPPED)
    assert done.returncode == 0, done.stderr
    two, one = (
        [json.loads(line) for line in (tmp_path / name).read_text("utf-8").splitlines()]
        for name in ("two.jsonl", "one.jsonl")
    )
    # The sentence that names nobody cannot be read with another actor.
    assert len(one) == len(SENTENCES) - 1 and len(two) == 2 * len(one)
    for first, second, single in zip(two[::2], two[1::2], one, strict=True):
        assert first["text"] != second["text"]
        assert first["soft"] == second["soft"] == single["soft"]
        for row in (first, second, single):
            for target in row["targets"]:
                assert row["text"][target["start"] : target["end"]] == target["text"]


def test_teachers_answer_together(tmp_path: pathlib.Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(SHIPPED, other)
    path = other / "calibration.json"
    calibration = json.loads(path.read_text("utf-8"))
    calibration["event_bias"] = [bias - 2 for bias in calibration["event_bias"]]
    path.write_text(json.dumps(calibration), "utf-8")
    said = []
    for number, teachers in enumerate(([SHIPPED], [other], [SHIPPED, other])):
        done = written(tmp_path, {f"{number}.jsonl": "1"}, *teachers)
        assert done.returncode == 0, done.stderr
        lines = (tmp_path / f"{number}.jsonl").read_text("utf-8").splitlines()
        said.append(np.array([json.loads(line)["soft"]["events"] for line in lines]))
    first, second, both = said
    assert np.abs(first - second).max() > 0.1
    np.testing.assert_allclose(both, (first + second) / 2, atol=2e-4)


def test_each_output_needs_its_number(tmp_path: pathlib.Path) -> None:
    script = ["training/same_answer.py", "--teacher", str(SHIPPED)]
    script += ["--output", str(tmp_path / "a"), str(tmp_path / "b")]
    refused = subprocess.run(
        [sys.executable, *script], cwd=ROOT, capture_output=True, encoding="utf-8"
    )
    assert refused.returncode == 2 and "2 outputs, but 1 numbers" in refused.stderr
