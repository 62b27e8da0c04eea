"""Encoders by name and by directory, above all CAMeLBERT as the hub holds it."""

from __future__ import annotations

import json
import pathlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import huggingface_hub.constants as hub
import torch
from cli_helpers import run
from conftest import SENTENCES
from training_helpers import settings_for
from transformers import AutoConfig, BertConfig, BertForMaskedLM, GPT2Config

from conflict_nlp.errors import DataError, ModelError
from conflict_nlp.learning.backbones import backbones, known_backbone
from conflict_nlp.learning.trainer import train
from conflict_nlp.text import Normalizer

MSA = "CAMeL-Lab/bert-base-arabic-camelbert-msa"
COMMIT = "0" * 40
Write = Callable[..., pathlib.Path]


def vocabulary(size: int) -> list[str]:
    """A WordPiece vocabulary in the order of CAMeLBERT's: special tokens, letters, word pieces."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = sorted({c for text, *_ in SENTENCES for c in text if c.strip()} | set("ابتثجحخد."))
    words = sorted({word for text, *_ in SENTENCES for word in text.split()})
    pieces = list(dict.fromkeys([*special, *letters, *(f"##{c}" for c in letters), *words]))
    return pieces + [f"[unused{i}]" for i in range(size - len(pieces))]


@pytest.fixture
def camelbert(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a model of CAMeLBERT's architecture and files into a hub cache, network cut off."""
    cache = tmp_path / "hub"
    monkeypatch.setattr(hub, "HF_HUB_CACHE", str(cache))
    monkeypatch.setattr(hub, "HF_HUB_OFFLINE", True)

    def write(weights: str = "pytorch_model.bin", **sizes: int) -> pathlib.Path:
        repository = cache / f"models--{MSA.replace('/', '--')}"
        folder = repository / "snapshots" / COMMIT
        folder.mkdir(parents=True)
        (repository / "refs").mkdir()
        (repository / "refs" / "main").write_text(COMMIT, "utf-8")
        settings: dict[str, Any] = {"vocab_size": 30_000, "type_vocab_size": 2, **sizes}
        pieces = vocabulary(settings["vocab_size"])
        settings["vocab_size"] = len(pieces)
        torch.manual_seed(0)
        model = BertForMaskedLM(BertConfig(**settings))
        model.save_pretrained(folder)
        if weights == "pytorch_model.bin":
            (folder / "model.safetensors").unlink()
            torch.save(model.state_dict(), folder / weights)
        (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
        values = {"do_lower_case": False, "tokenize_chinese_chars": True, "strip_accents": None}
        names = {f"{n.lower()}_token": f"[{n}]" for n in ("UNK", "SEP", "PAD", "CLS", "MASK")}
        (folder / "tokenizer_config.json").write_text(json.dumps(values | names), "utf-8")
        (folder / "special_tokens_map.json").write_text(json.dumps(names), "utf-8")
        return folder

    return write


SMALL = {
    "vocab_size": 300,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}


@pytest.mark.parametrize(
    ("weights", "base", "sizes"),
    [
        # Of the true width and vocabulary; twelve layers would take minutes to export.
        ("pytorch_model.bin", "camelbert-msa", {"num_hidden_layers": 2}),
        ("pytorch_model.bin", MSA, SMALL),
        ("model.safetensors", "camelbert-msa", SMALL),
    ],
)
def test_camelbert_by_name_is_trained_exported_and_used(
    camelbert: Write,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    weights: str,
    base: str,
    sizes: dict[str, int],
) -> None:
    camelbert(weights, **sizes)
    trained, model = tmp_path / "trained", tmp_path / "model"
    given = {"base": base, "train": labelled_file, "dev": labelled_file, "output": trained}
    given |= {"epochs": 1, "batch_size": 10, "max_length": 32, "name": "camel-1"}
    run("train", *(part for n, v in given.items() for part in ("--set", f"{n}={v}")))
    settings = json.loads((trained / "conflict_nlp.json").read_text("utf-8"))
    assert settings["base"] == MSA and settings["max_length"] == 512
    assert settings["normalizer"] == Normalizer(digits=False).to_dict()
    config = AutoConfig.from_pretrained(trained)
    assert config.num_hidden_layers == sizes.get("num_hidden_layers", 12)
    assert config.hidden_size == sizes.get("hidden_size", 768)
    assert config.vocab_size == sizes.get("vocab_size", 30_000)
    run("export", trained, "-o", model)
    shutil.rmtree(trained)
    outcome = run("classify", "قَصَفَت المدفعيّة البلدة.", "--model", model, "--format", "jsonl")
    result = json.loads(outcome.stdout)
    assert result["model"] == "camel-1" and result["error"] is None
    assert set(result["stance"]) == {"label", "probability"}


def test_every_variant_is_known() -> None:
    variants = [name for name in backbones() if name.startswith("camelbert-")]
    assert len(variants) == 8
    assert known_backbone("models/somewhere", MSA) is backbones()["camelbert-msa"]
    assert known_backbone("models/somewhere") is None
    assert backbones()["multilingual-e5-base"].prefix == "query: "


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("camelbert-mix", r"camelbert-mix' is not in this machine's cache.*cannot be reached"),
        (
            "some/encoder",
            r"'some/encoder' is not in this machine's cache.*hf download some/encoder",
        ),
        ("camelbert", r"no such directory, no shipped model, none of camelbert-msa, .*owner/name"),
    ],
)
def test_encoders_out_of_reach(
    camelbert: Write, labelled_file: pathlib.Path, tmp_path: pathlib.Path, base: str, said: str
) -> None:
    config = settings_for(pathlib.Path(base), labelled_file, tmp_path / "out")
    with pytest.raises(DataError, match=said):
        train(config)
    assert not (tmp_path / "out").exists()


def test_a_decoder_is_refused(labelled_file: pathlib.Path, tmp_path: pathlib.Path) -> None:
    GPT2Config(n_layer=1, n_embd=8, n_head=1).save_pretrained(tmp_path / "gpt")
    config = settings_for(tmp_path / "gpt", labelled_file, tmp_path / "out")
    with pytest.raises(ModelError, match=r"gpt2 model, which is no encoder.*camelbert-msa"):
        train(config)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "pytorch_model.bin").unlink(), "weights in .* cannot be read"),
        (lambda folder: (folder / "pytorch_model.bin").write_bytes(b"x"), "weights in .* cannot"),
        (
            lambda folder: torch.save({"x": torch.zeros(1)}, folder / "pytorch_model.bin"),
            r"not of the encoder that config.json describes: \d+ parameters are missing",
        ),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json is damaged"),
        (lambda folder: (folder / "vocab.txt").unlink(), "has no tokenizer.json"),
    ],
)
def test_damaged_encoders(
    camelbert: Write,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    spoil: Callable[[pathlib.Path], Any],
    said: str,
) -> None:
    folder = camelbert(**SMALL)
    spoil(folder)
    with pytest.raises((ModelError, DataError), match=said):
        train(settings_for(folder, labelled_file, tmp_path / "out"))


class Code:
    """An object that runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("this must not run",)


def test_code_in_pickled_weights_is_not_run(
    camelbert: Write,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = camelbert(**SMALL)
    torch.save({"weight": Code()}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="cannot be read"):
        train(settings_for(folder, labelled_file, tmp_path / "out"))
    assert "this must not run" not in capsys.readouterr().out
