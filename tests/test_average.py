"""The mean of several runs' weights, as the shipped model is made."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import subprocess
import sys

import pytest
from conftest import ROOT

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from safetensors.torch import load_file
from training_helpers import settings_for

from conflict_nlp._model_files import ModelSettings
from conflict_nlp.evaluation.training_run import train_and_judge


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Sentences with names of several words."""
    rows = [
        {"text": "قصفت قوات النظام أحياء المدينة", "events": ["shelling"], "stance": "none"},
        {"text": "أفرجت حركة حماس عن الأسرى", "events": ["release"], "stance": "none"},
        {"text": "أدان مجلس الأمن الهجوم", "events": ["accusation"], "stance": "against"},
        {"text": "تقع القرية على ضفة النهر", "events": [], "stance": "none"},
    ]
    path = tmp_path_factory.mktemp("named") / "sentences.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def runs(
    tiny_base: pathlib.Path, data: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> list[pathlib.Path]:
    """A run that reads names, one that does not, and one whose heads started apart."""
    place = tmp_path_factory.mktemp("average")
    changes = [{}, {"actor_names": False}, {"seed": 14}]
    folders = [place / str(number) for number in range(len(changes))]
    for folder, change in zip(folders, changes, strict=True):
        config = settings_for(tiny_base, data, folder)
        train_and_judge(dataclasses.replace(config, **change))
    return folders


def average(folders: list[pathlib.Path], output: pathlib.Path, dev: pathlib.Path) -> str:
    """Run the script, and give what it said on stderr."""
    script = ["training/average.py", *folders, "--output", output, "--dev", dev]
    done = subprocess.run(
        [sys.executable, *map(str, script)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )
    return done.stderr


def test_the_mean_of_runs_reads_what_the_first_one_did(
    runs: list[pathlib.Path], data: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    first, second = runs[:2]
    average([first, second], tmp_path / "named", data)
    average([second, first], tmp_path / "unnamed", data)
    one, other, mean = (
        load_file(folder / "model.safetensors") for folder in (first, second, tmp_path / "named")
    )
    assert any(not torch.equal(one[name], other[name]) for name in one)
    for name, tensor in mean.items():
        torch.testing.assert_close(tensor, (one[name] + other[name]) / 2)
    assert ModelSettings.load(tmp_path / "named").actor_names
    assert not ModelSettings.load(tmp_path / "unnamed").actor_names


def test_a_run_named_twice_weighs_twice(
    runs: list[pathlib.Path], data: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    first, second = runs[:2]
    average([first, second, first], tmp_path / "mean", data)
    one, other, mean = (
        load_file(folder / "model.safetensors") for folder in (first, second, tmp_path / "mean")
    )
    for name, tensor in mean.items():
        torch.testing.assert_close(tensor, (2 * one[name] + other[name]) / 3)
    record = json.loads((tmp_path / "mean" / "training.json").read_text("utf-8"))
    assert [run["weight"] for run in record["averaged"]] == [2, 1]


def test_runs_whose_heads_started_apart_are_refused(
    runs: list[pathlib.Path], data: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    said = average([runs[0], runs[2]], tmp_path / "mean", data)
    assert "seeds [13, 14]" in said and not (tmp_path / "mean").exists()
