"""Learning from a teacher's probabilities, and training onward from a checkpoint."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from safetensors.torch import load_file
from training_helpers import scheme_of, settings_for, standing_still, weights_after

from conflict_nlp._model_files import ModelSettings
from conflict_nlp.errors import DataError, ModelError
from conflict_nlp.learning.checkpoint import load_checkpoint, load_encoder
from conflict_nlp.learning.data import Collator, SentenceDataset, sentence_item
from conflict_nlp.learning.examples import Example, SoftLabels
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.trainer import train

TEXT = "قصفت المدفعية أحياء المدينة القديمة"


def loss_of(folder: pathlib.Path, examples: list[Example]) -> float:
    model, settings = load_checkpoint(folder)
    encoder, scheme = load_encoder(settings, folder), scheme_of(settings)
    collate = Collator(model.encoder.config.pad_token_id)
    with torch.no_grad():
        batch = collate([sentence_item(example, scheme, encoder) for example in examples])
        batch.pop("own")  # for the trainer, which hides words
        return float(model(**batch)["loss"])


def certain(folder: pathlib.Path, example: Example) -> Example:
    """The labels of a sentence, as a teacher that is sure of them would give them."""
    scheme = scheme_of(load_checkpoint(folder)[1])
    return dataclasses.replace(example, events=None, stance=None, soft=scheme.targets_of(example))


def test_a_certain_teacher_is_worth_the_labels(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path
) -> None:
    examples = read_labelled(labelled_file)
    taught = [certain(checkpoint, example) for example in examples]
    assert loss_of(checkpoint, taught) == pytest.approx(loss_of(checkpoint, examples))


def test_a_doubtful_teacher_asks_for_something_else(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path
) -> None:
    example = certain(checkpoint, read_labelled(labelled_file)[0])
    assert example.soft is not None
    doubtful = dataclasses.replace(
        example.soft, events=tuple(0.9 * p + 0.05 for p in example.soft.events)
    )
    other = dataclasses.replace(example, soft=doubtful)
    assert loss_of(checkpoint, [other]) != pytest.approx(loss_of(checkpoint, [example]))


def test_soft_labels_are_read_and_trained_on(
    checkpoint: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    _, settings = load_checkpoint(checkpoint)
    scheme = scheme_of(settings)
    hard = Example("a", TEXT, ("shelling",), "none")
    soft = scheme.targets_of(hard)
    row = {"id": "a", "text": TEXT, "soft": dataclasses.asdict(soft)}
    (tmp_path / "soft.jsonl").write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    (example,) = read_labelled(tmp_path / "soft.jsonl")
    assert example.soft == soft
    assert example.events is None
    assert len(SentenceDataset([example], scheme, load_encoder(settings, checkpoint))) == 1


def test_soft_labels_of_another_label_set_are_told_before_training(
    checkpoint: pathlib.Path, tiny_base: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    row = {"text": TEXT, "soft": {"events": [0.1], "primary": [0.9, 0.1], "stances": [[1.0]]}}
    path = tmp_path / "foreign.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    with pytest.raises(DataError, match="sentence foreign:1: soft labels of the sizes"):
        train(settings_for(tiny_base, path, tmp_path / "out"))
    scheme = scheme_of(load_checkpoint(checkpoint)[1])
    soft = SoftLabels((0.0,) * 24, (0.0,) * 25, ((1.0, 0.0, 0.0),) * 2)
    with pytest.raises(DataError, match="with a teacher of the same labels"):
        scheme.check(Example("b", TEXT, None, None, (), soft=soft))


def test_training_onward_keeps_the_heads_and_what_they_see(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    after = weights_after(standing_still(checkpoint, labelled_file, tmp_path / "onward"))
    before = load_file(checkpoint / "model.safetensors")
    assert before.keys() == after.keys()
    assert all(torch.allclose(before[name], after[name], atol=1e-5) for name in before)


def test_training_onward_with_another_pooling_is_refused(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = settings_for(checkpoint, labelled_file, tmp_path / "out")
    with pytest.raises(ModelError, match="was trained with pooling 'label'"):
        train(dataclasses.replace(config, pooling="mean"))


def test_training_onward_pools_as_the_start_does_unless_told(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    train(settings_for(checkpoint, labelled_file, tmp_path / "out"))
    assert ModelSettings.load(tmp_path / "out").pooling == "label"


def test_training_onward_keeps_the_last_layer(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = settings_for(checkpoint, labelled_file, tmp_path / "out")
    with pytest.raises(DataError, match=r"layers: 1 asked for, but .* is a checkpoint of 2"):
        dataclasses.replace(config, layers=1).checked()


def test_training_onward_without_a_layer(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = standing_still(checkpoint, labelled_file, tmp_path / "onward")
    train(dataclasses.replace(config, drop_layers=(0,)))
    before = load_file(checkpoint / "model.safetensors")
    after, _ = load_checkpoint(tmp_path / "onward")
    assert after.encoder.config.num_hidden_layers == 1
    kept = after.state_dict()["encoder.encoder.layer.0.output.dense.weight"]
    assert torch.allclose(kept, before["encoder.encoder.layer.1.output.dense.weight"], atol=1e-5)


@pytest.mark.parametrize("layers", [(2,), (0, 1), (-1,)])
def test_layers_that_cannot_be_left_out_are_told(
    checkpoint: pathlib.Path,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    layers: tuple[int, ...],
) -> None:
    config = settings_for(checkpoint, labelled_file, tmp_path / "out")
    with pytest.raises(DataError, match=r"has layers 0 to 1, of which some must stay"):
        dataclasses.replace(config, drop_layers=layers).checked()


def test_layers_of_a_bare_encoder_are_dropped_from_the_end_alone(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = settings_for(tiny_base, labelled_file, tmp_path / "out")
    with pytest.raises(DataError, match="is a bare encoder"):
        dataclasses.replace(config, drop_layers=(0,)).checked()


def test_dropout_inside_the_encoder_changes_what_is_learnt(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = settings_for(tiny_base, labelled_file, tmp_path / "without")
    first = weights_after(config)
    changed = dataclasses.replace(config, output=str(tmp_path / "with"), encoder_dropout=0.5)
    second = weights_after(changed)
    name = "encoder.encoder.layer.0.output.dense.weight"
    assert not torch.equal(first[name], second[name])
