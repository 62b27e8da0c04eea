"""What goes into the linear layers of a graph, over some hundred sentences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import TensorProto, helper

Floats = npt.NDArray[np.float32]
_TOKENS_AT_ONCE = 512


@dataclass
class Activations:
    """A layer's input over all tokens seen.

    Attributes:
        lowest: least value of each column, ``[columns]``; 0 where all are above.
        highest: greatest value of each column, ``[columns]``; 0 where all are below.
        products: sum over the tokens of the products of two columns, ``[columns, columns]``.
    """

    lowest: Floats
    highest: Floats
    products: Floats

    @classmethod
    def none_yet(cls, columns: int) -> Activations:
        """Before the first token."""
        zeros = np.zeros(columns, np.float32)
        return cls(zeros, zeros, np.zeros((columns, columns), np.float32))

    def add(self, tokens: Floats) -> None:
        """Take more tokens into account, ``[tokens, columns]``."""
        self.lowest = np.minimum(self.lowest, tokens.min(0))
        self.highest = np.maximum(self.highest, tokens.max(0))
        self.products += tokens.T @ tokens


def observe(
    model: onnx.ModelProto, values: Collection[str], sentences: Iterable[Sequence[int]]
) -> dict[str, Activations]:
    """Run sentences through a graph and watch some of its values.

    Args:
        model: takes ``input_ids`` and, if it judges stance, ``target_masks``.
        values: names of values whose last dimension is the columns.
        sentences: token ids of each; at least one.

    Returns:
        For each value what was seen of it.
    """
    session = onnxruntime.InferenceSession(
        _watched(model, values), providers=["CPUExecutionProvider"]
    )
    inputs = {value.name for value in session.get_inputs()}
    seen: dict[str, Activations] = {}
    waiting: dict[str, list[Floats]] = {value: [] for value in values}

    def take() -> None:
        for value, parts in waiting.items():
            if parts:
                tokens = np.concatenate(parts)
                seen.setdefault(value, Activations.none_yet(tokens.shape[1])).add(tokens)
                parts.clear()

    tokens = 0
    for ids in sentences:
        given: dict[str, Any] = {
            "input_ids": np.array([ids], np.int64),
            "target_masks": np.zeros((1, 1, len(ids)), np.float32),
        }
        found = session.run(list(values), {name: given[name] for name in inputs})
        for value, array in zip(values, found, strict=True):
            waiting[value].append(array.reshape(-1, array.shape[-1]))
        tokens += len(ids)
        if tokens >= _TOKENS_AT_ONCE:
            take()
            tokens = 0
    take()
    return seen


def _watched(model: onnx.ModelProto, values: Collection[str]) -> bytes:
    """The model with some of its values as further outputs."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    known = {output.name for output in model.graph.output}
    watched.graph.output.extend(
        helper.make_tensor_value_info(value, TensorProto.FLOAT, None)
        for value in values
        if value not in known
    )
    return bytes(watched.SerializeToString())
