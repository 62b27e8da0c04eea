"""What is done between the steps of a training run."""

from __future__ import annotations

import pathlib
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    ProgressCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from conflict_nlp._whole import whole_file
from conflict_nlp.learning.model import ConflictModel

# What is shown of a run's log, and what it is called there.
SHOWN = {"loss": "loss", "learning_rate": "learning rate", "eval_macro_f1": "dev macro-F1"}
MEAN_FILE = "mean.safetensors"


class WeightAverage(TrainerCallback):
    """Keeps a running mean of the weights and puts it into the model when training ends.

    Args:
        model: the model that is trained.
        decay: share of the mean that a step keeps.
    """

    def __init__(self, model: ConflictModel, decay: float) -> None:
        self._model = model
        self._decay = decay
        self._mean: dict[str, torch.Tensor] = {}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any
    ) -> None:
        """Start from the weights as they are, or from the mean at which a run was broken off."""
        self._mean = {n: p.detach().clone() for n, p in self._model.named_parameters()}
        if state.global_step:
            self._mean = self._kept(_folder(args, state))

    def on_step_end(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Move the mean toward the current weights, faster in the first steps."""
        decay = min(self._decay, (1 + state.global_step) / (10 + state.global_step))
        with torch.no_grad():
            for name, parameter in self._model.named_parameters():
                self._mean[name].lerp_(parameter, 1 - decay)

    def on_save(self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any) -> None:
        """Keep the mean beside the weights, so that a run can go on from here."""
        if state.is_world_process_zero:
            mean = {name: value.contiguous() for name, value in self._mean.items()}
            with whole_file(_folder(args, state) / MEAN_FILE) as unfinished:
                save_file(mean, unfinished)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any
    ) -> None:
        """Replace the model's weights by their mean: the last, or the best epoch's."""
        if state.best_model_checkpoint is not None:
            self._mean = self._kept(pathlib.Path(state.best_model_checkpoint))
        self._swap(self._mean)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The mean as the model's weights, for as long as the context lasts."""
        own = {n: p.detach().clone() for n, p in self._model.named_parameters()}
        self._swap(self._mean)
        try:
            yield
        finally:
            self._swap(own)

    def _swap(self, weights: dict[str, torch.Tensor]) -> None:
        with torch.no_grad():
            for name, parameter in self._model.named_parameters():
                parameter.copy_(weights[name])

    def _kept(self, folder: pathlib.Path) -> dict[str, torch.Tensor]:
        kept = load_file(folder / MEAN_FILE)
        return {name: kept[name].to(mean) for name, mean in self._mean.items()}


class Progress(ProgressCallback):
    """The Trainer's progress bar, with what is learnt on standard error, where the bar is."""

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Say how training stands: loss, learning rate, and the development score if judged."""
        if not state.is_world_process_zero or self.training_bar is None:
            return
        logs = logs or {}
        shown = {name: logs[name] for name in SHOWN if name in logs}
        if shown:
            epoch = f"epoch {state.epoch or 0:.2f}"
            figures = (f"{SHOWN[name]} {float(value):.4g}" for name, value in shown.items())
            self.training_bar.write(", ".join([epoch, *figures]), file=sys.stderr)


class StopOnInterrupt(TrainerCallback):
    """On Ctrl-C ends training after the step under way, with a checkpoint; on a second one at once.

    Attributes:
        stopped_at: the step at which training was stopped; None where it was not.
    """

    def __init__(self) -> None:
        self.stopped_at: int | None = None
        self._asked = False
        self._before: Any = None

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Listen for Ctrl-C; only a program's main thread may."""
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._ask)

    def _ask(self, *_: Any) -> None:
        self._asked = True
        signal.signal(signal.SIGINT, self._before)

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **_: Any,
    ) -> None:
        """Stop and save, if that was asked for, in every process at the same step."""
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            asked = torch.tensor(float(self._asked), device=args.device)
            torch.distributed.all_reduce(asked, torch.distributed.ReduceOp.MAX)
            self._asked = bool(asked)
        if self._asked:
            self.stopped_at = state.global_step
            control.should_save = control.should_training_stop = True

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Leave Ctrl-C to whoever listened before."""
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)


def _folder(args: TrainingArguments, state: TrainerState) -> pathlib.Path:
    return pathlib.Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"
