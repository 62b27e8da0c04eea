"""`conflict-nlp labels`."""

from __future__ import annotations

import json

from cli_helpers import run

from conflict_nlp.codebook import EVENT_TYPES, EVENTS


def test_labels_as_json_and_markdown_hold_all_types():
    data = json.loads(run("labels", "--format", "json").stdout)
    assert [row["name"] for row in data["events"]] == list(EVENTS)
    assert data["codebook"] == "1"
    assert data["stances"] == ["favor", "against", "none"]
    assert data["quad"]["VX"] == "verbal cooperation"
    lines = run("labels", "--format", "markdown").stdout.splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == list(EVENTS)
    assert len({line.count(" | ") for line in lines}) == 1


def test_labels_table_shows_whole_names_on_a_narrow_terminal():
    shown = run("labels", env={"COLUMNS": "80"}).stdout
    assert all(name in shown for name in EVENTS)
    assert "CAMEO 0841" in shown
    assert all(row.english in shown and row.arabic in shown for row in EVENT_TYPES)
