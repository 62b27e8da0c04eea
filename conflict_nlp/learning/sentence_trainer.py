"""Hugging Face's Trainer, with an order of sentences that a resumed run can take up again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from accelerate.utils import broadcast_object_list
from torch.utils.data import DataLoader, Sampler
from transformers import (
    ProgressCallback,
    Trainer,
    TrainerCallback,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_pt_utils import get_length_grouped_indices

from conflict_nlp.learning.callbacks import Progress

DEV_SCORE = "eval_macro_f1"


class LengthGrouped(Sampler[int]):
    """Sentences of about one length together, in an order that depends on seed and epoch alone.

    The Trainer's own sampler draws from the global random state, which a run that goes on in the
    middle of an epoch no longer has.

    Args:
        lengths: of the sentences, in tokens.
        batch_size: sentences a step, over which lengths are alike.
        seed: seed of the order.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self._lengths = list(lengths)
        self._batch_size = batch_size
        self._seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(1000 * self._seed + self.epoch)
        yield from get_length_grouped_indices(self._lengths, self._batch_size, generator=generator)


class _EpochOrder(TrainerCallback):
    """Tells the sampler which epoch begins."""

    def __init__(self, sampler: LengthGrouped) -> None:
        self._sampler = sampler

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, *_: Any, **__: Any
    ) -> None:
        self._sampler.epoch = int(state.epoch or 0)


class SentenceTrainer(Trainer):
    """A Trainer over labelled sentences.

    Args:
        judge: the model's score on the development set, for early stopping; None without it.
        word_dropout: share of the sentences' own tokens that are hidden, so that no single word or
            name decides a label (after Iyyer et al. 2015, who leave them out).
        mask_id: id of the token that hides a word.
        **settings: what :class:`transformers.Trainer` takes.
    """

    def __init__(
        self,
        judge: Callable[[], float] | None,
        word_dropout: float = 0.0,
        mask_id: int | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self._judge = judge
        self._word_dropout = word_dropout
        self._mask_id = mask_id
        data: Any = self.train_dataset
        seed = self.args.seed if self.args.data_seed is None else self.args.data_seed
        self._order = LengthGrouped(
            [len(data[i]["input_ids"]) for i in range(len(data))],
            self._train_batch_size * self.args.gradient_accumulation_steps,
            seed,
        )
        self.add_callback(_EpochOrder(self._order))
        self.remove_callback(ProgressCallback)
        self.add_callback(Progress)

    def get_train_dataloader(self) -> DataLoader[Any]:
        """The sentences in their order, shared out among the processes."""
        data: Any = self.train_dataset
        loader = DataLoader(
            data,
            batch_size=self._train_batch_size,
            sampler=self._order,
            collate_fn=self.data_collator,
        )
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared

    def compute_loss(self, model: Any, inputs: Any, *given: Any, **named: Any) -> Any:
        """The model's loss, with some words hidden from it.

        They are drawn here and not where batches are made, which is ahead of the step: a run that
        goes on draws the same.
        """
        own = inputs.pop("own")
        if self._word_dropout and self._mask_id is not None:
            hidden = own & (torch.rand(own.shape, device=own.device) < self._word_dropout)
            inputs["input_ids"] = inputs["input_ids"].masked_fill(hidden, self._mask_id)
        return super().compute_loss(model, inputs, *given, **named)

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Score on the development set, as :data:`DEV_SCORE`."""
        assert self._judge is not None
        # Of several processes one judges: all must stop at the same epoch, and keep the same one.
        score = [self._judge() if self.is_world_process_zero() else None]
        scores = {DEV_SCORE: float(broadcast_object_list(score)[0])}
        self.log(scores)
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, scores
        )
        return scores
