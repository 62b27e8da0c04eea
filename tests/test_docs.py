"""The pages on labels and output say what the library does."""

from __future__ import annotations

import dataclasses
import json
import re
import statistics

import pytest
from conftest import ROOT
from typer.testing import CliRunner

from conflict_nlp import Classifier
from conflict_nlp._flat import FLAT
from conflict_nlp._stand_ins import stand_ins
from conflict_nlp.actors import Lexicon
from conflict_nlp.cli import app
from conflict_nlp.cli.labels import as_markdown
from conflict_nlp.codebook import STANCES

LABELS = (ROOT / "docs/codebook.md").read_text("utf-8")
OUTPUT = (ROOT / "docs/output.md").read_text("utf-8")
RETRAINING = (ROOT / "docs/retraining.md").read_text("utf-8")


def test_the_table_of_event_types_is_that_of_the_codebook() -> None:
    assert as_markdown() in LABELS
    assert all(f"| `{stance}` |" in LABELS for stance in STANCES)


def test_every_field_is_explained() -> None:
    told = {
        name
        for row in re.findall(r"^\| (`.*?) \|", OUTPUT, re.M)
        for name in re.findall(r"`(\w+)`", row)
    }
    extras = set(re.findall(r"`(\w+)`", OUTPUT.split("`--with`")[1].split("\n\n")[0]))
    assert set(FLAT) <= told | extras


def test_what_is_said_of_close_calls_is_so(shipped: Classifier) -> None:
    assert f"less than {shipped.calibration.close_events} in log-odds" in OUTPUT
    assert f"and {shipped.calibration.close_stance} for stances" in OUTPUT
    names = stand_ins(Lexicon.load().actors)["state", "feminine"]
    assert f"«اتهمت {names[0]} {names[1]} بالتصعيد»" in OUTPUT
    low, high = shipped.calibration.thresholds.min(), shipped.calibration.thresholds.max()
    assert f"between {low:.2f} and {high:.2f}" in OUTPUT


def test_what_is_said_of_abstention_was_measured() -> None:
    report = json.loads((ROOT / "training/results/evaluation.json").read_text("utf-8"))
    found = report["variants"]["shipped_int8"]["all"]["abstention"]
    words = " ".join(OUTPUT.split())
    assert f"it marks {found['share']['value']:.1%} of the sentences" in words
    assert f"of these {found['accuracy_abstained']['value']:.0%}" in words
    assert f"of the others {found['accuracy_answered']['value']:.0%}" in words


def test_what_is_said_of_exchanged_actors_was_measured() -> None:
    found = json.loads((ROOT / "training/results/close_calls.json").read_text("utf-8"))["tried"]
    row = next(r for r in found if (r["close_events"], r["close_stance"]) == (0.5, 0.3))
    words = " ".join(OUTPUT.split())
    for name in ("events_same", "stance_same"):
        assert f"{row[name]['value']:.1%}" in words
    assert row["read_twice"] == pytest.approx(0.24, abs=0.015)
    once = next(r for r in found if (r["close_events"], r["close_stance"]) == (0.0, 0.0))
    lost = {n: 100 * (once[n] - row[n]) for n in ("event_macro_f1", "sentence_stance_macro_f1")}
    assert "{event_macro_f1:.1f} points of the events' macro-F1".format(**lost) in words
    assert "and {sentence_stance_macro_f1:.1f} of the sentences' stance".format(**lost) in words


def test_settings_named_for_retraining_exist() -> None:
    pytest.importorskip("torch", reason="training needs the train extra")
    from conflict_nlp.learning.config import TrainConfig

    named = set(re.findall(r"\b(\w+) = ", RETRAINING))
    assert len(named) > 8
    assert named <= {field.name for field in dataclasses.fields(TrainConfig)}


def test_options_named_for_retraining_exist() -> None:
    for line in re.findall(r"conflict-nlp [^\n`]*", RETRAINING):
        words = line.partition("  #")[0].split()[1:]
        command = words[:2] if words[0] == "data" else words[:1]
        told = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200"})
        assert told.exit_code == 0, line
        for option in (word for word in words if word.startswith("-")):
            assert option in told.stdout, line


def test_the_learning_curve_is_the_measured_one() -> None:
    report = (ROOT / "training/results/learning_curve.md").read_text("utf-8")
    rows = [line for line in report.splitlines() if line.startswith("|")]
    assert rows
    assert all(row in RETRAINING for row in rows)


def test_what_is_said_of_the_first_learning_curve_was_measured() -> None:
    scores: dict[int, list[float]] = {}
    file = ROOT / "training/results/learning_curve_many_epochs.jsonl"
    for line in file.read_text("utf-8").splitlines():
        run = json.loads(line)
        scores.setdefault(run["size"], []).append(run["figures"]["event_macro_f1"])
    means = (f"{statistics.mean(scores[size]):.3f}" for size in (50, 200, 1000))
    report = (ROOT / "training/results/learning_curve.md").read_text("utf-8")
    assert "worse where rows are few: {}, {}, {}".format(*means) in report


def test_time_and_memory_of_training_were_measured() -> None:
    found = json.loads((ROOT / "benchmarks/results/training.json").read_text("utf-8"))
    words = " ".join(RETRAINING.split())
    memory = found["peak_memory_mib"] / 1024
    assert f"{found['seconds'] / 60:.1f} minutes and {memory:.1f} GiB" in words
