"""A trained model with narrower layers says what the whole one said, as far as it can."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest
from conftest import ROOT

pytest.importorskip("torch", reason="training needs the train extra")

import numpy as np
import numpy.typing as npt
import torch
from training_helpers import settings_for

from conflict_nlp.evaluation.training_run import train_and_judge
from conflict_nlp.learning.checkpoint import load_encoder, load_weights, save_checkpoint
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.predict import predict_torch
from conflict_nlp.learning.read import read_labelled

Floats = npt.NDArray[np.float32]
SENTENCES = [
    ("قصفت قوات النظام أحياء المدينة", ["shelling"]),
    ("أفرجت حركة حماس عن الأسرى", ["release"]),
    ("أدان مجلس الأمن الهجوم", ["accusation"]),
    ("تقع القرية على ضفة النهر", []),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    path = tmp_path_factory.mktemp("narrow") / "sentences.jsonl"
    rows = [{"text": text, "events": events, "stance": "none"} for text, events in SENTENCES]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def checkpoint(
    tiny_base: pathlib.Path, data: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> pathlib.Path:
    """A model in which every other feed-forward unit is the copy of one of the rest."""
    folder = tmp_path_factory.mktemp("checkpoint")
    train_and_judge(settings_for(tiny_base, data, folder))
    model, settings = load_weights(folder)
    for layer in model.encoder.encoder.layer:
        inner = layer.intermediate.dense
        with torch.no_grad():
            inner.weight[1::2], inner.bias[1::2] = inner.weight[::2], inner.bias[::2]
    save_checkpoint(model, settings, (folder / "tokenizer.json").read_text("utf-8"), folder)
    return folder


def narrowed(
    checkpoint: pathlib.Path, data: pathlib.Path, output: pathlib.Path, units: int
) -> subprocess.CompletedProcess[str]:
    script = ["training/narrow.py", checkpoint, "--intermediate", units, "--data", data]
    script += ["--rows", len(SENTENCES), "--output", output]
    return subprocess.run(
        [sys.executable, *map(str, script)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
    )


def events_of(folder: pathlib.Path, data: pathlib.Path) -> Floats:
    model, settings = load_weights(folder)
    scheme = LabelScheme.of_model(settings)
    return predict_torch(model, scheme, load_encoder(settings, folder), read_labelled(data)).events


def test_units_that_others_can_stand_for_are_not_missed(
    checkpoint: pathlib.Path, data: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    model, settings = load_weights(checkpoint)
    units = model.encoder.config.intermediate_size
    for kept, name in ((units, "whole"), (units // 2, "half")):
        narrowed(checkpoint, data, tmp_path / name, kept)
        read, there = load_weights(tmp_path / name)
        assert there == settings and read.encoder.config.intermediate_size == kept
    for layer in model.encoder.encoder.layer:
        with torch.no_grad():
            layer.output.dense.weight[:, 1::2] = 0.0
    tokenizer = (checkpoint / "tokenizer.json").read_text("utf-8")
    save_checkpoint(model, settings, tokenizer, tmp_path / "cut")
    whole, half, cut = (events_of(tmp_path / name, data) for name in ("whole", "half", "cut"))
    # Those that stay have taken over what the copies did, all but for the damping.
    assert np.abs(half - whole).max() < 0.2 * np.abs(cut - whole).max()


def test_more_units_than_there_are_is_refused(
    checkpoint: pathlib.Path, data: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    done = narrowed(checkpoint, data, tmp_path / "wide", 100_000)
    assert done.returncode == 2 and "from 1 to" in done.stderr
    assert not (tmp_path / "wide").exists()
