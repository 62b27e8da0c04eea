"""Variants with an encoder: a ready model, or one fine-tuned on the task."""

from __future__ import annotations

import json
import pathlib
from dataclasses import asdict, replace
from typing import Any

from conflict_nlp._close_calls import CloseCalls
from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE, TOKENIZER_FILE, ModelSettings
from conflict_nlp._resources import model_path
from conflict_nlp.actors import Lexicon
from conflict_nlp.calibration import Calibration
from conflict_nlp.errors import ModelError
from conflict_nlp.evaluation.on_dev import with_authored
from conflict_nlp.evaluation.outputs import Fitted
from conflict_nlp.evaluation.registry import LEAVE_ONE_OUT, Task, Variant
from conflict_nlp.evaluation.task_data import Part, Sentences
from conflict_nlp.learning.checkpoint import kept_calibration, load_encoder
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.export import export
from conflict_nlp.learning.predict import Logits, predict_in_use
from conflict_nlp.learning.trainer import train
from conflict_nlp.runtime import OnnxRuntime


class ExportedModel:
    """Logits of an exported model, a sentence at a time as in use.

    Args:
        folder: the model's directory.
        calibration: by which it settles close calls; None: it reads every sentence once.
        stance_alone: leave out what its event heads give.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        calibration: Calibration | None = None,
        stance_alone: bool = False,
    ) -> None:
        self.folder, self.calibration, self.stance_alone = folder, calibration, stance_alone
        self._loaded: tuple[OnnxRuntime, Encoder, CloseCalls | None] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_loaded": None}

    def _model(self) -> tuple[OnnxRuntime, Encoder, CloseCalls | None]:
        if self._loaded is None:
            encoder = load_encoder(ModelSettings.load(self.folder), self.folder)
            close_calls = None
            if self.calibration is not None:
                close_calls = CloseCalls(encoder, self.calibration, Lexicon.load())
            self._loaded = OnnxRuntime(self.folder / ONNX_FILE), encoder, close_calls
        return self._loaded

    def __call__(self, sentences: Sentences) -> Logits:
        """Logits for sentences; with topics, the stance toward these."""
        runtime, encoder, close_calls = self._model()
        found = predict_in_use(runtime, encoder, sentences.examples, sentences.topics, close_calls)
        if self.stance_alone:
            found = replace(found, events=found.events[:, :0], primary=found.primary[:, -1:])
        return found


def exported_variant(folder: pathlib.Path, stance_alone: bool = False) -> Fitted:
    """An exported model with the calibration that is stored with it.

    Args:
        folder: the model's directory.
        stance_alone: leave its event types out, for tasks that have none.
    """
    scheme = LabelScheme.of_model(ModelSettings.load(folder))
    calibration = Calibration.load(folder / CALIBRATION_FILE)
    model = ExportedModel(folder, calibration, stance_alone)
    if stance_alone:
        scheme = LabelScheme((), scheme.stances)
        calibration = replace(
            Calibration.identity(0, len(scheme.stances)),
            stance_scale=calibration.stance_scale,
            stance_bias=calibration.stance_bias,
            stance_weights=calibration.stance_weights,
        )
    return Fitted(model, scheme, calibration, files=_files(folder))


def ready(variant: Variant, task: Task, part: Part) -> Fitted:
    """A model that has learnt the task's labels already.

    Raises:
        ModelError: there is no such model, or it has other labels.
    """
    found = exported_variant(model_path(variant.path), stance_alone=not part.scheme.events)
    if (found.scheme.events, found.scheme.stances) != (part.scheme.events, part.scheme.stances):
        raise ModelError(f"{variant.path} has other labels than the task")
    if task.split == LEAVE_ONE_OUT:
        raise ModelError(f"{variant.path} was trained on the outlet that is left out")
    return found


def fine_tuned(variant: Variant, task: Task, part: Part, seed: int, folder: pathlib.Path) -> Fitted:
    """An encoder fine-tuned on a part of a task, exported to int8.

    Args:
        variant: what to fine-tune, and how.
        task: the task.
        part: its division.
        seed: of training.
        folder: where the checkpoint and the exported model go; a run broken off goes on there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name, sentences in (("train", part.train), ("dev", part.dev)):
        path = folder / f"{name}.jsonl"
        rows = [json.dumps(_row(e), ensure_ascii=False) + "\n" for e in sentences.trained_on()]
        # A run goes on only from files that are as it left them, their date too.
        if not path.exists() or path.read_text("utf-8") != "".join(rows):
            path.write_text("".join(rows), "utf-8")
        files[name] = str(path)
    settings = variant.settings_for(task.name)
    config = TrainConfig.from_toml(
        None,
        **settings,
        train=files["train"],
        dev=files["dev"],
        output=str(folder / "checkpoint"),
        name=variant.name,
        labels="codebook" if task.codebook else "data",
        seed=seed,
    ).checked()
    if config.onward and task.split == LEAVE_ONE_OUT:
        raise ModelError(f"{config.base} was trained on the outlet that is left out")
    train(config, resume=True)
    model = folder / "model"
    settings_of_model, _ = export(
        folder / "checkpoint", model, with_authored(part.dev.trained_on())
    )
    scheme = LabelScheme.of_model(settings_of_model)
    if (set(scheme.events), set(scheme.stances)) != (
        set(part.scheme.events),
        set(part.scheme.stances),
    ):
        raise ModelError(f"{variant.name} came out with other labels than the task")
    start = kept_calibration(folder / "checkpoint")
    return Fitted(ExportedModel(model), scheme, start=start, files=_files(model))


def _files(folder: pathlib.Path) -> tuple[pathlib.Path, ...]:
    return tuple(folder / name for name in (ONNX_FILE, TOKENIZER_FILE))


def _row(example: Example) -> dict[str, Any]:
    """A sentence as a line of labelled data."""
    row = asdict(replace(example, targets=(), soft=None))
    row["targets"] = [
        {"text": t.text, "stance": t.stance}
        | ({} if t.span is None else {"start": t.span[0], "end": t.span[1]})
        for t in example.targets
    ]
    return {name: value for name, value in row.items() if value is not None}
