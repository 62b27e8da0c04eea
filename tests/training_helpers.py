"""What several tests of training share."""

from __future__ import annotations

import dataclasses
import pathlib

import torch
from safetensors.torch import load_file

from conflict_nlp._model_files import ModelSettings
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.trainer import train


def scheme_of(settings: ModelSettings) -> LabelScheme:
    return LabelScheme.of_model(settings)


def weights_after(config: TrainConfig) -> dict[str, torch.Tensor]:
    """The weights of the checkpoint that a run writes."""
    train(config)
    return load_file(pathlib.Path(config.output) / "model.safetensors")


def standing_still(base: pathlib.Path, data: pathlib.Path, output: pathlib.Path) -> TrainConfig:
    """Training onward at rates that change nothing, to see what it starts from."""
    return dataclasses.replace(
        settings_for(base, data, output),
        pooling="label",
        learning_rate=1e-8,
        head_learning_rate=1e-8,
    )


def settings_for(base: pathlib.Path, data: pathlib.Path, output: pathlib.Path) -> TrainConfig:
    return TrainConfig(
        base=str(base),
        train=(str(data),),
        dev=str(data),
        output=str(output),
        epochs=1,
        batch_size=4,
        max_length=64,
    )
