"""The search for the settings that train best."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

pytest.importorskip("optuna", reason="searching needs the tune extra")

from cli_helpers import run
from training_helpers import settings_for

from conflict_nlp.errors import DataError
from conflict_nlp.evaluation import tuning
from conflict_nlp.evaluation.tuning import Range, tune

# What training would score with each number of epochs.
SCORES = {1: 0.2, 2: 0.9, 3: 0.5}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stands in for training; keeps the configurations."""
    found: list[Any] = []

    def judged(config: Any) -> dict[str, Any]:
        found.append(config)
        pathlib.Path(config.output).mkdir(parents=True)
        return {"all": {"event_macro_f1": {"value": SCORES[config.epochs]}, "sentences": 3}}

    monkeypatch.setattr(tuning, "train_and_judge", judged)
    return found


def test_the_best_run_is_kept_and_a_search_goes_on(
    runs: list[Any], tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = settings_for(tiny_base, labelled_file, tmp_path / "search")
    ranges = [Range.parse("epochs=1,2,3"), Range.parse("learning_rate=1e-5..1e-3")]
    best = tune(config, ranges, 8)
    assert best["value"] == 0.9 and best["settings"]["epochs"] == 2 and best["trials"] == 8
    assert [str(p) for p in (tmp_path / "search").glob("trial*")] == [best["checkpoint"]]
    assert all(1e-5 <= run.learning_rate <= 1e-3 for run in runs)
    tune(config, ranges, 10)
    assert len(runs) == 10
    tune(config, ranges, 10)
    assert len(runs) == 10


def test_the_command_trains(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    values = {"base": tiny_base, "train": labelled_file, "dev": labelled_file}
    values |= {"output": tmp_path / "out", "batch_size": 5, "max_length": 32}
    given = [part for n, v in values.items() for part in ("--set", f"{n}={v}")]
    outcome = run("tune", *given, "--search", "epochs=1,2", "--trials", 2)
    best = json.loads((tmp_path / "out" / "best.json").read_text("utf-8"))
    assert "best of 2 runs" in outcome.stdout and f"epochs = {best['settings']['epochs']}" in (
        outcome.stdout
    )
    assert (pathlib.Path(best["checkpoint"]) / "model.safetensors").exists()


@pytest.mark.parametrize(
    "text", ["epochs", "epochs=", "epoch=1,2", "dropout=0.5..0.1", "name=a..b"]
)
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(DataError, match=r"Give NAME=LOW\.\.HIGH"):
        Range.parse(text)
