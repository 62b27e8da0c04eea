"""The script that reports on labels in doubt."""

from __future__ import annotations

import json
import pathlib
import sys

import pytest
from conftest import ROOT

pytest.importorskip("cleanlab", reason="auditing needs the label extra")

sys.path.insert(0, str(ROOT / "training"))
import audit_labels

sys.path.pop(0)

from test_audit import WRONG, rows

from conflict_nlp.errors import DataError

__all__ = ["rows"]  # a fixture


def test_doubts_by_id_and_verdicts_beside_them(rows: list[dict], tmp_path: pathlib.Path) -> None:
    labels, output = tmp_path / "labels.jsonl", tmp_path / "audit.json"
    verdicts = tmp_path / "verdicts.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    labels.write_text("\n".join(lines), "utf-8")
    given = [f"--labels={labels}", f"--output={output}", f"--verdicts={verdicts}"]
    audit_labels.main(given)
    record = json.loads(output.read_text("utf-8"))
    first = {doubt["id"]: doubt for doubt in record["doubts"]}["shelling:3"]
    assert (first["doubted"], first["missing"]) == (["release"], ["shelling"])
    assert {doubt["id"] for doubt in record["doubts"]} >= WRONG.keys()
    table = output.with_suffix(".md").read_text("utf-8")
    assert "inspected" not in table and "72 sentences" in table
    assert rows[3]["text"] not in output.read_text("utf-8") + table
    verdicts.write_text('{"id": "shelling:3", "verdict": "error", "why": "fire"}\n', "utf-8")
    audit_labels.main([*given, "--report-only"])
    table = output.with_suffix(".md").read_text("utf-8")
    assert "1 inspected" in table and "**1 wrong**, 0 right" in table
    assert "| `shelling:3` | release; against | release | shelling | error | fire |" in table
    verdicts.write_text('{"id": "shelling:3", "verdict": "wrong", "why": ""}\n', "utf-8")
    with pytest.raises(DataError, match="no verdict"):
        audit_labels.main([*given, "--report-only"])
