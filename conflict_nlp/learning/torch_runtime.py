"""Token ids to logits in torch, many sentences at once: for a GPU."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Self

import numpy as np
import torch

from conflict_nlp._resources import model_path
from conflict_nlp.errors import ModelError
from conflict_nlp.learning.checkpoint import load_weights
from conflict_nlp.learning.model import ConflictModel
from conflict_nlp.runtime import Floats, Input, Output

BATCH = 64


class TorchRuntime:
    """The torch model as a runtime of the classifier.

    Sentences of similar length are read together. Padding and the company a sentence is in change
    its logits in their last digits, so that a probability may differ in the fourth decimal from run
    to run, and by more where that decides whether a sentence is a close call. An int8 model's
    weights are used as floats here: on 300 authored sentences the shipped model's probabilities
    differed from those of ``OnnxRuntime`` by 0.001 on average and 0.1 at most, and two of the
    primary events. On a CPU, ``OnnxRuntime`` is the faster of the two.

    Args:
        model: in evaluation mode, on the device to use.
        batch_size: sentences a forward pass.

    Example:
        >>> from conflict_nlp import Classifier
        >>> runtime = TorchRuntime.from_pretrained(device="cuda")  # doctest: +SKIP
        >>> Classifier.from_pretrained(runtime=runtime)  # doctest: +SKIP
    """

    def __init__(self, model: ConflictModel, batch_size: int = BATCH) -> None:
        self._model = model
        self._batch_size = batch_size

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | os.PathLike[str] = "default",
        *,
        device: str | None = None,
        batch_size: int = BATCH,
    ) -> Self:
        """Load the weights of a model.

        Args:
            name_or_path: the name of a shipped model, or the directory of an exported one or of a
                checkpoint.
            device: where to compute, such as ``cuda``; by default a GPU where there is one.
            batch_size: sentences a forward pass.

        Raises:
            ModelNotFoundError: there is no such model.
            ModelError: its weights cannot be read, or the device cannot be used.

        Example:
            >>> TorchRuntime.from_pretrained("default", batch_size=256)  # doctest: +SKIP
        """
        model, _ = load_weights(model_path(name_or_path))
        wanted = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            return cls(model.to(wanted), batch_size)
        except (RuntimeError, AssertionError) as error:  # torch's own for either kind of mistake
            cause = next(iter(str(error).strip().splitlines()), type(error).__name__)
            seen = "torch sees a GPU: cuda" if torch.cuda.is_available() else "torch sees no GPU"
            raise ModelError(
                f"the device {wanted!r} cannot be used ({cause}). Accepted is cpu or a device that "
                f"torch knows, such as cuda; here {seen}. Without a device ONNX Runtime is used."
            ) from error

    def __call__(self, ids: Sequence[int], target_masks: Floats) -> Output:
        """Logits of one sentence; ids ``[length]``, target masks ``[rows, length]``."""
        return self.batch([(ids, target_masks)])[0]

    def batch(self, inputs: Sequence[Input]) -> list[Output]:
        """Logits of each sentence, in the order given, read in batches of similar length."""
        order = sorted(range(len(inputs)), key=lambda place: len(inputs[place][0]))
        found: dict[int, Output] = {}
        for start in range(0, len(order), self._batch_size):
            places = order[start : start + self._batch_size]
            found |= zip(places, self._read([inputs[place] for place in places]), strict=True)
        return [found[place] for place in range(len(inputs))]

    def _read(self, inputs: Sequence[Input]) -> list[Output]:
        """One forward pass."""
        size, length = len(inputs), max(len(ids) for ids, _ in inputs)
        rows = max(len(masks) for _, masks in inputs)
        tokens = np.full((size, length), self._model.encoder.config.pad_token_id or 0, np.int64)
        attention = np.zeros((size, length), np.int64)
        targets = np.zeros((size, rows, length), np.float32)
        for place, (ids, masks) in enumerate(inputs):
            tokens[place, : len(ids)] = ids
            attention[place, : len(ids)] = 1
            targets[place, : len(masks), : len(ids)] = masks
        device = next(self._model.parameters()).device
        given = (torch.from_numpy(array).to(device) for array in (tokens, attention, targets))
        with torch.inference_mode():
            heads = {n: h.float().cpu().numpy() for n, h in self._model(*given).items()}
        return [
            Output(heads["events"][i], heads["primary"][i], heads["stance"][i, : len(masks)])
            for i, (_, masks) in enumerate(inputs)
        ]
