"""Token ids to logits on ONNX Runtime, one sentence at a time."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import onnxruntime

from conflict_nlp.errors import ModelError

__all__ = ["BatchRuntime", "Input", "OnnxRuntime", "Output", "Runtime"]

Floats = npt.NDArray[np.float32]
Input = tuple[Sequence[int], Floats]
"""Token ids ``[length]`` and target masks ``[rows, length]`` of one sentence."""


@dataclass(frozen=True, slots=True)
class Output:
    """Logits of one sentence; those of a head that the model lacks are of no class.

    Attributes:
        events: ``[events]``.
        primary: ``[events + 1]``, the last for no event.
        stance: ``[rows, stances]``, one row for each row of the target masks.
    """

    events: Floats
    primary: Floats
    stance: Floats


class Runtime(Protocol):
    """Anything that turns one sentence's token ids and target masks into logits."""

    def __call__(self, ids: Sequence[int], target_masks: Floats) -> Output:
        """Logits of one sentence; ids ``[length]``, target masks ``[rows, length]``."""
        ...


@runtime_checkable
class BatchRuntime(Runtime, Protocol):
    """A runtime that is faster with many sentences at once, as on a GPU."""

    def batch(self, inputs: Sequence[Input]) -> list[Output]:
        """Logits of each sentence, in the order given; how they are batched is its own affair."""
        ...


class OnnxRuntime:
    """The exported model.

    One sentence a call, unpadded, on one thread: on a CPU a sentence alone is as fast as in a
    batch, and no neighbour or padding can change its result. One session may be called from many
    threads at once.

    Args:
        path: the ``.onnx`` file.

    Raises:
        ModelError: the file is missing or cannot be loaded.
    """

    def __init__(self, path: str | pathlib.Path) -> None:
        self._path = pathlib.Path(path).resolve()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # The arena keeps the peak of the longest sentence ever seen; without it memory goes back.
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path),
                options,
                providers=["CPUExecutionProvider"],
                # Its fused node is slower on a CPU than the nodes that it replaces.
                disabled_optimizers=["SkipLayerNormFusion"],
            )
        except Exception as error:
            raise ModelError(
                f"ONNX Runtime {onnxruntime.__version__} cannot load {path}: {error}. Copy the "
                "model directory again, or export the checkpoint anew."
            ) from error
        # An event model without stance has no use for target masks.
        self._inputs = [value.name for value in self._session.get_inputs()]
        self._outputs = [value.name for value in self._session.get_outputs()]

    def __reduce__(self) -> tuple[type[OnnxRuntime], tuple[pathlib.Path]]:
        """Loaded anew from its file in another process, as ``datasets.map`` sends it there."""
        return type(self), (self._path,)

    def __call__(self, ids: Sequence[int], target_masks: Floats) -> Output:
        """Logits of one sentence; ids ``[length]``, target masks ``[rows, length]``."""
        given = {"input_ids": np.array([ids], np.int64), "target_masks": target_masks[None]}
        found = self._session.run(None, {name: given[name] for name in self._inputs})
        lacking = {
            "events": np.zeros(0, np.float32),
            "primary": np.zeros(1, np.float32),
            "stance": np.zeros((len(target_masks), 0), np.float32),
        }
        return Output(**lacking | {n: v[0] for n, v in zip(self._outputs, found, strict=True)})
