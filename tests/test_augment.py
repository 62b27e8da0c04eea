"""Labelled sentences repeated with other actors and with dirt: labels stay, places move along."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest
from conftest import ROOT

pytest.importorskip("torch", reason="training needs the train extra")

ROWS = [
    {
        "id": f"{number}",
        "text": f"اتهمت حركة حماس في بيان رقم {number} الجيش الإسرائيلي بقصف مستشفى، ونددت بالصمت.",
        "events": ["accusation", "shelling"],
        "stance": "against",
        "targets": [
            {"text": "حركة حماس", "stance": "none"},
            {"text": "الجيش الإسرائيلي", "stance": "against"},
        ],
    }
    for number in range(40)
]


def augmented(folder: pathlib.Path, name: str) -> list[dict[str, object]]:
    labels, output = folder / "labels.jsonl", folder / name
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    labels.write_text("\n".join(lines) + "\n", "utf-8")
    script = [sys.executable, "training/augment.py", "--labels", labels, "--output", output]
    subprocess.run(list(map(str, script)), cwd=ROOT, check=True, capture_output=True)
    return [json.loads(line) for line in output.read_text("utf-8").splitlines()]


def test_labels_stay_and_targets_move_along(tmp_path: pathlib.Path) -> None:
    rows = augmented(tmp_path, "first.jsonl")
    assert len(rows) == len(ROWS)
    kinds = {str(row["id"]).partition(":")[0] for row in rows}
    assert {"swap", "entities", "typing_errors"} <= kinds
    for row, given in zip(rows, ROWS, strict=True):
        assert (row["events"], row["stance"]) == (given["events"], given["stance"])
        stances = [target["stance"] for target in row["targets"]]
        assert stances == ["none", "against"]
        for target in row["targets"]:
            assert row["text"][target["start"] : target["end"]] == target["text"]
    swapped = [row for row in rows if str(row["id"]).startswith("swap")]
    named = [{target["text"] for target in row["targets"]} for row in swapped]
    # One of the two is another, as a whole, and the other is what it was.
    assert all(len(names & {"حركة حماس", "الجيش الإسرائيلي"}) == 1 for names in named)
    assert augmented(tmp_path, "second.jsonl") == rows
