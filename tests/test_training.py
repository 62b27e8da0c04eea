from __future__ import annotations

import dataclasses
import json
import pathlib

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import onnx
import torch
from safetensors.torch import load_file
from training_helpers import scheme_of, settings_for, weights_after

from conflict_nlp import Classifier
from conflict_nlp._model_files import ModelSettings
from conflict_nlp.errors import DataError, ModelError
from conflict_nlp.learning.checkpoint import load_checkpoint, load_encoder
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.export import export_onnx
from conflict_nlp.learning.predict import Logits, predict_in_use, predict_torch
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.trainer import train
from conflict_nlp.runtime import OnnxRuntime
from conflict_nlp.text import Normalizer


def test_training_changes_the_encoder_and_fits_the_sentences(
    checkpoint: pathlib.Path, tiny_base: pathlib.Path
) -> None:
    trained = load_file(checkpoint / "model.safetensors")
    before = load_file(tiny_base / "model.safetensors")
    name = "encoder.layer.0.output.dense.weight"
    assert not torch.equal(trained[f"encoder.{name}"], before[name])


def test_same_seed_gives_same_weights(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    first, second = (
        weights_after(settings_for(tiny_base, labelled_file, tmp_path / name))
        for name in ("a", "b")
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_seed_gives_other_weights(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = settings_for(tiny_base, labelled_file, tmp_path / "a")
    first = weights_after(config)
    second = weights_after(dataclasses.replace(config, output=str(tmp_path / "b"), seed=14))
    assert not torch.equal(first["event_head.weight"], second["event_head.weight"])


def test_fp32_export_gives_the_torch_logits(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    model, settings = load_checkpoint(checkpoint)
    examples = read_labelled(labelled_file)
    encoder = load_encoder(settings, checkpoint)
    export_onnx(model, tmp_path / "model.onnx")
    expected = predict_torch(model, scheme_of(settings), encoder, examples)
    found = predict_in_use(OnnxRuntime(tmp_path / "model.onnx"), encoder, examples)
    for name in ("events", "primary", "stance"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-4)
    assert found.rows.tolist() == expected.rows.tolist()


def test_exported_parameters_keep_their_names(
    checkpoint: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    model, _ = load_checkpoint(checkpoint)
    export_onnx(model, tmp_path / "model.onnx")
    stored = {i.name: i for i in onnx.load(tmp_path / "model.onnx").graph.initializer}
    for name, parameter in model.named_parameters():
        if f"{name}.T" in stored:
            array = onnx.numpy_helper.to_array(stored[f"{name}.T"]).T
        else:
            array = onnx.numpy_helper.to_array(stored[name])
        np.testing.assert_array_equal(array, parameter.detach().numpy())


def test_weights_are_int8_and_logits_close_to_fp32(
    checkpoint: pathlib.Path, exported: pathlib.Path, labelled_file: pathlib.Path
) -> None:
    model, settings = load_checkpoint(checkpoint)
    examples = read_labelled(labelled_file)
    encoder = load_encoder(settings, checkpoint)
    expected = predict_torch(model, scheme_of(settings), encoder, examples)
    found = predict_in_use(OnnxRuntime(exported / "model.onnx"), encoder, examples)
    assert np.corrcoef(found.events.ravel(), expected.events.ravel())[0, 1] > 0.98
    stored = {i.name: i.data_type for i in onnx.load(exported / "model.onnx").graph.initializer}
    for name in (
        "encoder.encoder.layer.0.output.dense.weight.T_quantized",
        "encoder.embeddings.word_embeddings.weight_quantized",
    ):
        assert stored[name] in (onnx.TensorProto.INT8, onnx.TensorProto.UINT8)
    assert stored["event_head.weight_Transposed"] == onnx.TensorProto.FLOAT


def test_checkpoint_without_export_says_how_to_export(checkpoint: pathlib.Path) -> None:
    with pytest.raises(ModelError, match="conflict-nlp export"):
        Classifier.from_pretrained(checkpoint)


def test_bare_encoder_is_refused_with_the_next_step(tiny_base: pathlib.Path) -> None:
    with pytest.raises(ModelError, match="fine-tune it first"):
        Classifier.from_pretrained(tiny_base)


def test_all_problems_of_a_configuration_are_told_at_once(tmp_path: pathlib.Path) -> None:
    config = TrainConfig(
        base=str(tmp_path),
        train=("missing.jsonl",),
        dev="gone.jsonl",
        output="x",
        epochs=0,
        normalizer=("diacritics", "vowels"),
    )
    with pytest.raises(DataError) as caught:
        train(config)
    for part in ("no encoder in", "missing.jsonl", "gone.jsonl", "epochs", "normalizer: vowels;"):
        assert part in str(caught.value)


def test_unknown_and_missing_settings_are_named(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('base = "b"\nlerning_rate = 1', "utf-8")
    with pytest.raises(DataError, match=r"lerning_rate.*'dev', 'output', 'train'"):
        TrainConfig.from_toml(path)


def test_a_model_reads_what_its_configuration_says(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "config.toml"
    path.write_text('normalizer = ["kashida", "quotes"]', "utf-8")
    given = settings_for(tiny_base, labelled_file, tmp_path / "out")
    config = TrainConfig.from_toml(
        path, base=given.base, train=given.train, dev=given.dev, output=given.output
    )
    train(config)
    assert ModelSettings.load(tmp_path / "out").normalizer == Normalizer.only("kashida", "quotes")


def test_overrides_replace_the_file(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('base = "b"\ntrain = ["t"]\ndev = "d"\noutput = "o"\nseed = 1', "utf-8")
    assert TrainConfig.from_toml(path, seed=5).seed == 5


def test_a_bad_line_of_labels_is_named(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps({"text": "نص"}) + "\n{broken\n", "utf-8")
    with pytest.raises(DataError, match="line 2"):
        read_labelled(path)


def test_logits_come_back_from_a_file_unchanged(
    exported: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    settings = ModelSettings.load(exported)
    examples = read_labelled(labelled_file)
    logits = predict_in_use(
        OnnxRuntime(exported / "model.onnx"), load_encoder(settings, exported), examples
    )
    logits.save(tmp_path / "logits.npz")
    again = Logits.load(tmp_path / "logits.npz")
    assert again.ids == logits.ids
    for name in ("events", "primary", "stance", "rows"):
        np.testing.assert_array_equal(getattr(again, name), getattr(logits, name))
    with pytest.raises(DataError, match="other sentences"):
        again.checked_against(examples[::-1])


def test_heads_see_standardised_features(checkpoint: pathlib.Path) -> None:
    state = load_file(checkpoint / "model.safetensors")
    for name in ("pooled", "token"):
        # Neither is what a model starts with, so both were taken from the data and saved.
        assert state[f"{name}_mean"].abs().sum() > 0
        assert (state[f"{name}_scale"] - 1).abs().max() > 1e-3


def test_standardising_gives_mean_zero_and_deviation_one(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path
) -> None:
    from conflict_nlp.learning.data import Collator, SentenceDataset

    model, settings = load_checkpoint(checkpoint)
    encoder = load_encoder(settings, checkpoint)
    data = SentenceDataset(read_labelled(labelled_file), scheme_of(settings), encoder)
    batch = Collator(0)([data[i] for i in range(len(data))])
    model.standardise([batch])
    with torch.no_grad():
        _, pooled, _ = model._features(batch["input_ids"], batch["attention_mask"])
    standard = (pooled - model.pooled_mean) * model.pooled_scale
    torch.testing.assert_close(standard.mean(0), torch.zeros(32), atol=1e-4, rtol=0)
    torch.testing.assert_close(standard.std(0), torch.ones(32), atol=1e-3, rtol=0)
