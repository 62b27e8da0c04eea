"""What a model directory holds beside its weights, for checkpoints and exported models alike."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from dataclasses import dataclass
from typing import Any

from conflict_nlp.errors import ModelError, ModelNotFoundError
from conflict_nlp.text import Normalizer

SETTINGS_FILE = "conflict_nlp.json"
TOKENIZER_FILE = "tokenizer.json"
CALIBRATION_FILE = "calibration.json"
START_CALIBRATION_FILE = "start_calibration.json"  # of the model that was trained onward
ONNX_FILE = "model.onnx"
TRAINING_FILE = "training.json"
CONFIG_FILE = "config.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Labels, backbone and text handling of a model.

    Attributes:
        name: name and version, as results report it.
        base: the encoder the model stands on.
        events: event types in the order of the outputs.
        stances: stances in the order of the outputs.
        codebook: version of this library's codebook; None for other label sets.
        normalizer: normalisation of the backbone.
        actor_names: whether the model reads the names of actors, or of each only the word that
            says what it is (the first of several; of a state that it is one).
        prefix: text put before every sentence.
        max_length: longest input in tokens.
        pooling: how the event head pools the tokens.
        single_label: whether a sentence has one event type at most.
    """

    name: str
    base: str
    events: tuple[str, ...]
    stances: tuple[str, ...]
    codebook: str | None
    normalizer: Normalizer = dataclasses.field(default_factory=Normalizer)
    actor_names: bool = True
    prefix: str = ""
    max_length: int = 512
    pooling: str = "mean"
    single_label: bool = False

    def save(self, folder: pathlib.Path) -> None:
        """Write the settings into a model directory."""
        values: dict[str, Any] = {"format": FORMAT}
        for entry in dataclasses.fields(self):
            values[entry.name] = getattr(self, entry.name)
        values["normalizer"] = self.normalizer.to_dict()
        text = json.dumps(values, ensure_ascii=False, indent=2)
        (folder / SETTINGS_FILE).write_text(text + "\n", "utf-8")

    @classmethod
    def load(cls, folder: pathlib.Path) -> ModelSettings:
        """Read the settings of a model directory.

        Raises:
            ModelNotFoundError: there is no such directory.
            ModelError: there are none, or they are of a format this version does not know.
        """
        path = folder / SETTINGS_FILE
        if not folder.is_dir():
            raise ModelNotFoundError(
                f"there is no directory {folder}. Train a model with conflict-nlp train, or give "
                "the path of one."
            )
        if not path.exists():
            held = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) or "nothing"
            raise ModelError(
                f"{folder} holds no {SETTINGS_FILE} (it holds {held}), so it is not a model of "
                "this library. A bare encoder has no event or stance heads: fine-tune it first "
                "with conflict-nlp train, then pass the directory that conflict-nlp export writes."
            )
        try:
            values = json.loads(path.read_text("utf-8"))
            found = values.pop("format")
            if found != FORMAT:
                raise ModelError(
                    f"{path} has format {found!r}; this version of conflict-nlp reads format "
                    f"{FORMAT}. Install the version that wrote it, or export the model again."
                )
            values["normalizer"] = Normalizer.from_dict(values["normalizer"])
            values["events"], values["stances"] = tuple(values["events"]), tuple(values["stances"])
            return cls(**values)
        except ModelError:
            raise
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{path} is damaged ({error!r}). Copy the model directory again, or train it anew."
            ) from error
