"""What training does with labelled sentences, and what it refuses."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from safetensors.torch import load_file
from training_helpers import scheme_of, settings_for
from transformers import AutoConfig

from conflict_nlp import Classifier
from conflict_nlp.errors import DataError
from conflict_nlp.learning.checkpoint import load_checkpoint, load_encoder
from conflict_nlp.learning.data import SentenceDataset
from conflict_nlp.learning.examples import Example, Target
from conflict_nlp.learning.export import export
from conflict_nlp.learning.model import ConflictModel
from conflict_nlp.learning.predict import predict_topics, predict_torch
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.trainer import longest_input, train


def test_word_dropout_hides_words_and_nothing_else(
    checkpoint: pathlib.Path,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, settings = load_checkpoint(checkpoint)
    mask = load_encoder(settings, checkpoint).tokenizer.token_to_id("[MASK]")
    seen: list[torch.Tensor] = []
    forward = ConflictModel.forward

    def watching(self: ConflictModel, **inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        seen.append(inputs["input_ids"].clone())
        return forward(self, **inputs)

    monkeypatch.setattr(ConflictModel, "forward", watching)
    config = settings_for(checkpoint, labelled_file, tmp_path / "a")
    config = dataclasses.replace(config, pooling="label", topic_share=1.0)
    train(config)
    plain = list(seen)
    seen.clear()
    train(dataclasses.replace(config, word_dropout=0.99))
    for before, after in zip(plain, seen, strict=True):
        changed = before != after
        assert (after[changed] == mask).all()
        assert not changed[torch.isin(before, torch.tensor([0, 2, 3]))].any()
    words = sum(int((before > 4).sum()) for before in plain)
    hidden = sum(int((after == mask).sum()) for after in seen)
    # All but the topics, which stand behind the sentences.
    assert 0.6 * words < hidden < words


def test_word_dropout_needs_a_mask_token(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    base = tmp_path / "base"
    shutil.copytree(tiny_base, base)
    tokenizer = (base / "tokenizer.json").read_text("utf-8").replace("[MASK]", "[OTHER]")
    (base / "tokenizer.json").write_text(tokenizer, "utf-8")
    config = settings_for(base, labelled_file, tmp_path / "a")
    with pytest.raises(DataError, match="neither <mask> nor"):
        train(dataclasses.replace(config, word_dropout=0.1))


def test_runs_that_differ_in_data_seed_start_from_the_same_heads(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = settings_for(tiny_base, labelled_file, tmp_path / "a")
    still = dataclasses.replace(config, learning_rate=1e-12, head_learning_rate=1e-12)
    train(still)
    train(dataclasses.replace(still, output=str(tmp_path / "b"), data_seed=14))
    train(dataclasses.replace(still, output=str(tmp_path / "c"), seed=14))
    first, second, third = (load_file(tmp_path / n / "model.safetensors") for n in "abc")
    torch.testing.assert_close(first["event_head.weight"], second["event_head.weight"])
    assert not torch.allclose(first["event_head.weight"], third["event_head.weight"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"events": ["shellling"]}, "'shelling' is meant"),
        ({"stance": "neutral"}, "no stance"),
        ({"events": 3}, "a list, or names with ; between, is accepted"),
    ],
)
def test_labels_that_the_model_lacks_are_told_before_training(
    tiny_base: pathlib.Path,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    change: dict[str, object],
    message: str,
) -> None:
    rows = [json.loads(line) for line in labelled_file.read_text("utf-8").splitlines()]
    rows[3] |= change
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    with pytest.raises(DataError, match=message):
        train(settings_for(tiny_base, path, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_rows_with_topics_or_without_labels_are_predicted_one_to_one(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path
) -> None:
    model, settings = load_checkpoint(checkpoint)
    encoder, scheme = load_encoder(settings, checkpoint), scheme_of(settings)
    examples = read_labelled(labelled_file)
    topic = Target("المفاوضات", None, "against")
    examples[0] = dataclasses.replace(examples[0], targets=(topic,))
    examples[1] = dataclasses.replace(examples[1], events=None, stance=None, targets=())
    logits = predict_torch(model, scheme, encoder, examples)
    assert logits.events.shape[0] == len(examples)
    toward = predict_topics(model, scheme, encoder, [(e.text, "النظام") for e in examples])
    assert toward.shape == (len(examples), len(scheme.stances))


def test_sentences_with_nothing_but_a_named_target_are_trained_on(
    checkpoint: pathlib.Path,
) -> None:
    _, settings = load_checkpoint(checkpoint)
    encoder, scheme = load_encoder(settings, checkpoint), scheme_of(settings)
    text = "نحيي الجيش"
    named = Example("a", text, None, None, (Target("الجيش", (5, 10), "favor"),))
    data = SentenceDataset([named], scheme, encoder)
    assert [item["stance"].tolist() for item in map(data.__getitem__, range(len(data)))] == [
        [[0, 0, 0], [1, 0, 0]]
    ]


def test_more_layers_than_the_encoder_has_are_refused(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = settings_for(tiny_base, labelled_file, tmp_path)
    with pytest.raises(DataError, match=r"layers: 3 asked for.* has 2"):
        dataclasses.replace(config, layers=3).checked()


@pytest.mark.parametrize(("kind", "longest"), [("bert", 96), ("xlm-roberta", 94)])
def test_longest_input_leaves_out_the_positions_of_padding(kind: str, longest: int) -> None:
    config = AutoConfig.for_model(kind, max_position_embeddings=96, pad_token_id=1)
    assert longest_input(config) == longest


def test_the_training_record_travels_with_the_model(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    examples = read_labelled(labelled_file)
    (checkpoint / "training.json").write_text("{}", "utf-8")
    try:
        export(checkpoint, tmp_path / "with", examples)
    finally:
        (checkpoint / "training.json").unlink()
    assert (tmp_path / "with" / "training.json").read_text("utf-8") == "{}"
    export(checkpoint, tmp_path / "with", examples)
    assert not (tmp_path / "with" / "training.json").exists()


@pytest.mark.parametrize(
    ("text", "target", "span"),
    [
        ("شدد على رفضه للجيش", "الجيش", (13, 18)),  # ل swallows the article's alef
        ("وانسحب المقاتلون وبالمدرعات", "المدرعات", (19, 27)),
        ("أعلنت إيران رفضها", "ايران", (6, 11)),
        ("وصلت منحة قطرية سادسة", "قطر", None),  # part of another word
    ],
)
def test_a_target_is_located_in_training_as_in_use(
    text: str, target: str, span: tuple[int, int] | None, tmp_path: pathlib.Path
) -> None:
    row = {"text": text, "events": [], "targets": [{"text": target, "stance": "none"}]}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    (example,) = read_labelled(tmp_path / "rows.jsonl")
    assert example.targets[0].span == span
    found = Classifier.from_pretrained().classify(text, target=target).targets[0]
    assert (found.start, found.end) == (span or (None, None))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": "two"}, "epochs: 'two' is no int"),
        ({"learning_rate": True}, "learning_rate: True is no float"),
        ({"train": (3,)}, r"train: \(3,\) is no str"),
        ({"rows": 0}, "rows: 0 is not above 0"),
    ],
)
def test_settings_of_the_wrong_kind(
    tiny_base: pathlib.Path,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    change: dict[str, object],
    said: str,
) -> None:
    config = settings_for(tiny_base, labelled_file, tmp_path / "out")
    with pytest.raises(DataError, match=said):
        dataclasses.replace(config, **change).checked()  # type: ignore[arg-type]


@pytest.mark.parametrize("part", ["train", "dev"])
def test_a_part_without_labels(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path, part: str
) -> None:
    bare = tmp_path / "bare.jsonl"
    bare.write_text('{"text": "نص"}\n', "utf-8")
    config = settings_for(tiny_base, labelled_file, tmp_path / "out")
    given = {"train": (str(bare),), "dev": str(bare)}
    with pytest.raises(DataError, match=f"{part}: no sentence with a label"):
        train(dataclasses.replace(config, **{part: given[part]}))
