"""Torch checkpoints: a directory with weights, tokenizer and settings."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Collection
from typing import Any

from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedModel

from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import TOKENIZER_FILE, ModelSettings
from conflict_nlp.errors import ModelError
from conflict_nlp.learning.exported import load_exported
from conflict_nlp.learning.model import HEADS, ConflictModel

WEIGHTS_FILE = "model.safetensors"


def load_encoder(settings: ModelSettings, folder: pathlib.Path) -> Encoder:
    """The text encoder of a checkpoint or base directory."""
    path = folder / TOKENIZER_FILE
    if not path.exists():
        raise ModelError(
            f"{folder} has no {TOKENIZER_FILE}. Save the backbone with its fast tokenizer "
            "(AutoTokenizer.from_pretrained(...).save_pretrained(folder))."
        )
    tokenizer = Tokenizer.from_file(str(path))
    return Encoder(tokenizer, settings.normalizer, settings.prefix, settings.max_length)


def new_model(
    base: pathlib.Path,
    settings: ModelSettings,
    dropout: float,
    layers: int | None = None,
    encoder_dropout: float = 0.0,
) -> ConflictModel:
    """A model with the weights of a bare encoder and new heads.

    Args:
        base: directory of a Hugging Face encoder.
        settings: labels and pooling.
        dropout: dropout on pooled features.
        layers: keep only the first so many layers; None for all.
        encoder_dropout: dropout on the encoder's hidden states.
    """
    config = AutoConfig.from_pretrained(base)
    config.hidden_dropout_prob = encoder_dropout
    # Dropout on the attention itself would halve the speed of fused attention on a CPU.
    config.attention_probs_dropout_prob = 0.0
    if layers is not None:
        config.num_hidden_layers = layers
    encoder = AutoModel.from_pretrained(
        base, config=config, add_pooling_layer=False, dtype="float32"
    )
    return _headed(encoder, settings, dropout)


def _headed(encoder: PreTrainedModel, settings: ModelSettings, dropout: float) -> ConflictModel:
    return ConflictModel(
        encoder, len(settings.events), len(settings.stances), settings.pooling, dropout
    )


def continued_model(
    base: pathlib.Path,
    settings: ModelSettings,
    dropout: float,
    encoder_dropout: float = 0.0,
    drop_layers: Collection[int] = (),
) -> ConflictModel:
    """A model with the weights of a checkpoint or exported model, heads included, to train onward.

    Where the settings are for labels of the user's own, heads of labels that the checkpoint does
    not know are new.

    Args:
        base: directory of the checkpoint, or model directory with its int8 weights.
        settings: labels, and the pooling, which must be the checkpoint's.
        dropout: dropout on pooled features.
        encoder_dropout: dropout on the encoder's hidden states.
        drop_layers: layers of the encoder to leave out, counted from 0.

    Raises:
        ModelError: the checkpoint has another pooling or, for a codebook's settings, other labels;
            or it cannot be read.
    """
    load = load_checkpoint if (base / WEIGHTS_FILE).exists() else load_exported
    model, there = load(base)
    new_labels = [n for n in ("events", "stances") if getattr(there, n) != getattr(settings, n)]
    if there.pooling != settings.pooling or (new_labels and settings.codebook is not None):
        name = "pooling" if there.pooling != settings.pooling else new_labels[0]
        raise ModelError(
            f"{base} was trained with {name} {getattr(there, name)!r}; the configuration asks "
            f"for {getattr(settings, name)!r}. Train with the checkpoint's, or start from the "
            "bare encoder."
        )
    if new_labels:
        fresh = _headed(model.encoder, settings, dropout)
        for labels in new_labels:
            for name in HEADS[labels]:
                setattr(model, name, getattr(fresh, name))
    if drop_layers:
        stack: Any = model.encoder.encoder
        kept = [layer for i, layer in enumerate(stack.layer) if i not in drop_layers]
        stack.layer = nn.ModuleList(kept)
        model.encoder.config.num_hidden_layers = len(kept)
    for module in model.encoder.modules():
        if isinstance(module, nn.Dropout):
            module.p = encoder_dropout
    model.dropout.p = dropout
    return model


def save_checkpoint(
    model: ConflictModel, settings: ModelSettings, tokenizer: pathlib.Path, folder: pathlib.Path
) -> None:
    """Write a checkpoint directory; ``tokenizer`` is the tokenizer.json to copy into it."""
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(state, folder / WEIGHTS_FILE)
    model.encoder.config.save_pretrained(folder)
    settings.save(folder)
    if tokenizer.resolve() != (folder / TOKENIZER_FILE).resolve():
        shutil.copy(tokenizer, folder / TOKENIZER_FILE)


def load_checkpoint(folder: pathlib.Path) -> tuple[ConflictModel, ModelSettings]:
    """Read a checkpoint directory, in evaluation mode."""
    settings = ModelSettings.load(folder)
    encoder = AutoModel.from_config(AutoConfig.from_pretrained(folder), add_pooling_layer=False)
    model = ConflictModel(encoder, len(settings.events), len(settings.stances), settings.pooling)
    model.load_state_dict(load_file(folder / WEIGHTS_FILE))
    return model.eval(), settings
