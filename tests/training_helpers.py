"""What several tests of training share."""

from __future__ import annotations

import pathlib

from conflict_nlp._model_files import ModelSettings
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.examples import LabelScheme


def scheme_of(settings: ModelSettings) -> LabelScheme:
    return LabelScheme.of_model(settings)


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
