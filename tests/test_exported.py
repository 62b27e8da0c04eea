"""Torch weights out of the int8 model, so that a released model can be trained onward."""

from __future__ import annotations

import dataclasses
import pathlib

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from conftest import SHIPPED
from safetensors.torch import load_file
from training_helpers import scheme_of, standing_still, weights_after

from conflict_nlp._model_files import ModelSettings
from conflict_nlp.calibration import Calibration
from conflict_nlp.errors import DataError, ModelError
from conflict_nlp.evaluation.training_run import train_and_judge
from conflict_nlp.learning.checkpoint import kept_calibration, load_encoder, start_calibration
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.export import export
from conflict_nlp.learning.exported import load_exported
from conflict_nlp.learning.predict import predict_in_use, predict_torch
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.runtime import OnnxRuntime


def test_the_restored_model_gives_the_exported_one_s_logits(
    exported: pathlib.Path, labelled_file: pathlib.Path
) -> None:
    model, settings = load_exported(exported)
    examples, encoder = read_labelled(labelled_file), load_encoder(settings, exported)
    ours = predict_torch(model, scheme_of(settings), encoder, examples)
    theirs = predict_in_use(OnnxRuntime(exported / "model.onnx"), encoder, examples)
    for head in ("events", "primary", "stance"):
        one, other = getattr(ours, head), getattr(theirs, head)
        # Only the activations' eight bits are between them.
        assert np.abs(one - other).max() < 0.05 * np.abs(other).max(), head


def test_the_shipped_model_s_weights_are_restored(labelled_file: pathlib.Path) -> None:
    if not (SHIPPED / "model.onnx").exists():
        pytest.skip("this checkout holds no shipped model in models/default")
    model, settings = load_exported(SHIPPED)
    examples, encoder = read_labelled(labelled_file)[:8], load_encoder(settings, SHIPPED)
    ours = predict_torch(model, LabelScheme.of_model(settings), encoder, examples)
    theirs = predict_in_use(OnnxRuntime(SHIPPED / "model.onnx"), encoder, examples)
    assert np.abs(ours.events - theirs.events).mean() < 0.15


def test_weights_of_another_encoder_are_refused(
    exported: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    for file in exported.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = (tmp_path / "config.json").read_text("utf-8")
    fewer = config.replace('"num_hidden_layers": 2', '"num_hidden_layers": 1')
    (tmp_path / "config.json").write_text(fewer, "utf-8")
    with pytest.raises(ModelError, match=r"encoder.encoder.layer.1.* differ. Train onward from"):
        load_exported(tmp_path)


def test_training_onward_from_an_exported_model_starts_where_it_stands(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    export(checkpoint, tmp_path / "int8", read_labelled(labelled_file))
    after = weights_after(standing_still(tmp_path / "int8", labelled_file, tmp_path / "onward"))
    before = load_file(checkpoint / "model.safetensors")
    assert before.keys() == after.keys()
    for name, weights in before.items():
        away, largest = (weights - after[name]).abs(), weights.abs().max()
        assert away.mean() <= largest / 100, name
        # In the layers one weight may go further than half a step: it makes good what others lost.
        if not (".layer." in name and name.endswith("weight") and weights.ndim == 2):
            assert away.max() <= largest / 100, name


def test_an_exported_model_without_its_encoder_s_configuration_says_what_to_copy(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    settings, _ = export(checkpoint, tmp_path / "int8", read_labelled(labelled_file))
    (tmp_path / "int8" / "config.json").unlink()
    with pytest.raises(
        ModelError, match=f"copy the config.json of its base encoder .{settings.base}"
    ):
        load_exported(tmp_path / "int8")


def test_a_model_is_not_exported_without_a_sentence(
    checkpoint: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(DataError, match=r"ranges of its activations.* Give some hundred sentences"):
        export(checkpoint, tmp_path / "int8", [])
    assert not (tmp_path / "int8").exists()


def test_what_training_started_from_is_kept_in_part(
    exported: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    still = standing_still(exported, labelled_file, tmp_path / "start")
    moving = dataclasses.replace(still, learning_rate=1e-3, head_learning_rate=1e-3)
    start = weights_after(still)
    end = weights_after(dataclasses.replace(moving, output=str(tmp_path / "end")))
    kept = dataclasses.replace(moving, keep_start=0.25, output=str(tmp_path / "kept"))
    for name, weights in weights_after(kept).items():
        expected = 0.25 * start[name] + 0.75 * end[name]
        assert torch.allclose(weights, expected, atol=1e-5), name
    bare = dataclasses.replace(kept, base=str(tmp_path))
    assert any(problem.startswith("keep_start") for problem in bare.problems())


def test_a_model_trained_onward_knows_how_its_start_was_calibrated(
    exported: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    before = Calibration.load(exported / "calibration.json")
    train_and_judge(standing_still(exported, labelled_file, tmp_path / "once"))
    kept = kept_calibration(tmp_path / "once")
    assert kept is not None
    assert np.array_equal(kept.thresholds, before.thresholds)
    settings = ModelSettings.load(tmp_path / "once")
    # From a checkpoint onward its own calibration counts, and of other labels none does.
    own = start_calibration(tmp_path / "once", settings)
    assert own is not None
    assert np.array_equal(
        own.events(np.zeros(24)),
        Calibration.load(tmp_path / "once" / "calibration.json").events(np.zeros(24)),
    )
    other = start_calibration(exported, dataclasses.replace(settings, events=("one", "two")))
    assert other is not None
    assert len(other.event_scale) == 0
    assert np.array_equal(other.stance_scale, before.stance_scale)
