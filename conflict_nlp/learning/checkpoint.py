"""Torch checkpoints: a directory with weights, tokenizer and settings."""

from __future__ import annotations

import pathlib
from collections.abc import Collection
from dataclasses import replace
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import nn
from transformers import (
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PretrainedConfig,
    PreTrainedModel,
)

from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import (
    CALIBRATION_FILE,
    CONFIG_FILE,
    START_CALIBRATION_FILE,
    TOKENIZER_FILE,
    ModelSettings,
)
from conflict_nlp.actors import Lexicon
from conflict_nlp.calibration import EVENT_VALUES, STANCE_VALUES, Calibration
from conflict_nlp.errors import ModelError
from conflict_nlp.learning.exported import load_exported
from conflict_nlp.learning.model import HEADS, ConflictModel, no_pooler

WEIGHTS_FILE = "model.safetensors"


def load_encoder(settings: ModelSettings, folder: pathlib.Path) -> Encoder:
    """The text encoder of a checkpoint or base directory."""
    tokenizer = Tokenizer.from_str(read_tokenizer(folder))
    hidden = None if settings.actor_names else Lexicon.load()
    return Encoder(tokenizer, settings.normalizer, settings.prefix, settings.max_length, hidden)


def read_tokenizer(folder: pathlib.Path) -> str:
    """The content of ``tokenizer.json``, made from a vocabulary where a directory has only that.

    Raises:
        ModelError: the directory has neither.
    """
    if (folder / TOKENIZER_FILE).exists():
        return (folder / TOKENIZER_FILE).read_text("utf-8")
    try:
        made = AutoTokenizer.from_pretrained(folder)
        # Without its vocabulary a tokenizer is made all the same, of special tokens alone.
        if len(made) > len(made.all_special_tokens):
            return str(made.backend_tokenizer.to_str())
        cause = "no vocabulary"
    except (OSError, ValueError, AttributeError, ImportError) as error:
        cause = _first_line(error)
    raise ModelError(
        f"{folder} has no {TOKENIZER_FILE}, and none can be made from what it has ({cause}). "
        "Save the encoder with its fast tokenizer: "
        "AutoTokenizer.from_pretrained(...).save_pretrained(folder)"
    )


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

    Raises:
        ModelError: the directory holds no encoder, or no weights that can be read.
    """
    config = _encoder_config(base)
    config.hidden_dropout_prob = encoder_dropout
    # Dropout on the attention itself would halve the speed of fused attention on a CPU.
    config.attention_probs_dropout_prob = 0.0
    if layers is not None:
        config.num_hidden_layers = layers
    try:
        # Pickled weights (pytorch_model.bin) can hold code, which weights_only does not run.
        encoder, loaded = AutoModel.from_pretrained(
            base,
            config=config,
            dtype="float32",
            weights_only=True,
            output_loading_info=True,
            **no_pooler(config),
        )
    except (OSError, ValueError, RuntimeError, SafetensorError, UnpicklingError) as error:
        raise ModelError(
            f"the weights in {base} cannot be read ({_first_line(error)}). Fetch the encoder "
            "again; it needs model.safetensors or pytorch_model.bin."
        ) from error
    missing = sorted(name for name in loaded["missing_keys"] if "pooler" not in name)
    if missing:
        raise ModelError(
            f"the weights in {base} are not of the encoder that {CONFIG_FILE} describes: "
            f"{len(missing)} parameters are missing, such as {missing[0]}. Fetch the encoder again."
        )
    return _headed(encoder, settings, dropout)


def _encoder_config(base: pathlib.Path) -> PretrainedConfig:
    try:
        config: PretrainedConfig = AutoConfig.from_pretrained(base)
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(
            f"the configuration in {base} cannot be used ({_first_line(error)}). If the encoder "
            "is newer than the installed transformers, upgrade that."
        ) from error
    # What can fill in masked words reads both ways; a decoder reads from the left alone.
    if (
        type(config) not in MODEL_FOR_MASKED_LM_MAPPING
        or getattr(config, "is_decoder", False)
        or getattr(config, "is_encoder_decoder", False)
    ):
        raise ModelError(
            f"{base} holds a {config.model_type} model, which is no encoder. Take a BERT-like one "
            'that reads in both directions, such as "camelbert-msa", "arabert-v02" or '
            '"xlm-r-base".'
        )
    return config


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


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
    if settings.codebook is not None and there.codebook not in (None, settings.codebook):
        raise ModelError(
            f"{base} was trained with version {there.codebook} of the codebook, and this library "
            f"has version {settings.codebook}: labels of one name may mean other things. Train "
            'from the bare encoder, or keep its labels as your own with labels = "data".'
        )
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


def keep_start(model: ConflictModel, start: ConflictModel, share: float) -> None:
    """Move a trained model's weights in place toward those that its training started from.

    Args:
        model: the trained one.
        start: of the same layers and labels.
        share: how far; at 1 it would be the start again.
    """
    earlier = dict(start.named_parameters())
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.lerp_(earlier[name].to(parameter), share)


def start_calibration(folder: pathlib.Path, settings: ModelSettings) -> Calibration | None:
    """What a model that is trained onward is calibrated by, for the labels that stay the same.

    Args:
        folder: of that model; a checkpoint tells of the model that it was itself trained from.
        settings: labels of the model to come.

    Returns:
        The calibration, with no value for heads whose labels are new; None where none is known.
    """
    files = [folder / name for name in (CALIBRATION_FILE, START_CALIBRATION_FILE)]
    file = next((path for path in files if path.exists()), None)
    if file is None:
        return None
    there, found = ModelSettings.load(folder), Calibration.load(file)
    nothing = Calibration.identity(0, 0)
    for labels, values in (("events", EVENT_VALUES), ("stances", STANCE_VALUES)):
        if getattr(there, labels) != getattr(settings, labels):
            found = replace(found, **{name: getattr(nothing, name) for name in values})
    return found


def kept_calibration(checkpoint: pathlib.Path) -> Calibration | None:
    """What :func:`start_calibration` found before a checkpoint was trained; None for nothing."""
    file = checkpoint / START_CALIBRATION_FILE
    return Calibration.load(file) if file.exists() else None


def save_checkpoint(
    model: ConflictModel, settings: ModelSettings, tokenizer: str, folder: pathlib.Path
) -> None:
    """Write a checkpoint directory; ``tokenizer`` is the content of its tokenizer.json.

    Raises:
        OSError: it cannot be written, because the disk is full for instance.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
    try:
        save_file(state, folder / WEIGHTS_FILE)
    except SafetensorError as error:
        raise OSError(f"{folder / WEIGHTS_FILE} cannot be written: {error}") from error
    model.encoder.config.save_pretrained(folder)
    settings.save(folder)
    (folder / TOKENIZER_FILE).write_text(tokenizer, "utf-8")


def load_checkpoint(folder: pathlib.Path) -> tuple[ConflictModel, ModelSettings]:
    """Read a checkpoint directory, in evaluation mode."""
    settings = ModelSettings.load(folder)
    config = AutoConfig.from_pretrained(folder)
    encoder = AutoModel.from_config(config, **no_pooler(config))
    model = ConflictModel(encoder, len(settings.events), len(settings.stances), settings.pooling)
    model.load_state_dict(load_file(folder / WEIGHTS_FILE))
    return model.eval(), settings


def load_weights(folder: pathlib.Path) -> tuple[ConflictModel, ModelSettings]:
    """Read a model, be it a checkpoint or exported, in evaluation mode.

    Raises:
        ModelError: its weights cannot be read.
    """
    return load_checkpoint(folder) if (folder / WEIGHTS_FILE).exists() else load_exported(folder)
