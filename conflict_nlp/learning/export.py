"""From a torch checkpoint to the int8 ONNX model that is used without torch."""

from __future__ import annotations

import dataclasses
import logging
import pathlib
import shutil
import tempfile
import warnings
from collections.abc import Sequence

import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import quantize_dynamic
from torch import Tensor, nn

from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import (
    CALIBRATION_FILE,
    CONFIG_FILE,
    ONNX_FILE,
    TOKENIZER_FILE,
    TRAINING_FILE,
    ModelSettings,
)
from conflict_nlp.errors import DataError, ModelError
from conflict_nlp.learning.checkpoint import load_checkpoint, load_encoder
from conflict_nlp.learning.examples import Example
from conflict_nlp.learning.fused import fuse_attention
from conflict_nlp.learning.model import HEADS, ConflictModel
from conflict_nlp.learning.static import quantise_linear
from conflict_nlp.text import repair

SENTENCES = 200  # that the ranges of activations are taken from; more change next to nothing
_JOINED = 25  # of them, to fill a longest input


class _OneSentence(nn.Module):
    """The model as it is exported: one unpadded sentence, so no attention mask."""

    def __init__(self, model: ConflictModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, target_masks: Tensor) -> tuple[Tensor, ...]:
        output = self.model(input_ids, None, target_masks)
        return tuple(output[name] for name in self.outputs)

    @property
    def outputs(self) -> list[str]:
        """Logits of the heads that the model has."""
        found = [] if self.model.event_head is None else ["events", "primary"]
        return found if self.model.stance_head is None else [*found, "stance"]


def export_onnx(model: ConflictModel, path: pathlib.Path) -> None:
    """Write the fp32 ONNX graph, with the parameters under their torch names.

    Args:
        model: in evaluation mode.
        path: file to write.
    """
    ids = torch.tensor([[0, 5, 6, 7, 2]])
    masks = torch.zeros(1, 2, 5)
    masks[0, 1, 2] = 1.0
    length, rows = {1: "length"}, {1: "rows", 2: "length"}
    one_sentence = _OneSentence(model).eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tracing warns of branches that the export never takes
        torch.onnx.export(
            one_sentence,
            (ids, masks),
            str(path),
            input_names=["input_ids", "target_masks"],
            output_names=one_sentence.outputs,
            dynamic_axes={"input_ids": length, "target_masks": rows, "stance": {1: "rows"}},
            opset_version=17,
            dynamo=False,
        )
    graph = onnx.load(path)
    _restore_names(graph, model)
    fuse_attention(graph, model.encoder.config.num_attention_heads)
    onnx.save(graph, path)


def _restore_names(graph: onnx.ModelProto, model: ConflictModel) -> None:
    """Give initialisers their parameters' names; torch calls folded ones ``onnx::MatMul_920``.

    A linear layer's weight is stored transposed, which its name says: ``….weight.T``.
    """
    parameters = dict(model.named_parameters())
    renamed: dict[str, str] = {}
    for initializer in graph.graph.initializer:
        name = initializer.name.removeprefix("model.")
        if name in parameters:
            renamed[initializer.name] = name
    for node in graph.graph.node:
        if node.op_type != "MatMul":
            continue
        # Node names follow the modules: /model/encoder/encoder/layer.0/output/dense/MatMul
        module = node.name.strip("/").removeprefix("model/").rpartition("/")[0].replace("/", ".")
        for value in node.input:
            if value.startswith("onnx::MatMul"):
                renamed[value] = _parameter_of(module, value, graph, parameters)
    for initializer in graph.graph.initializer:
        initializer.name = renamed.get(initializer.name, initializer.name)
    for node in graph.graph.node:
        node.input[:] = [renamed.get(value, value) for value in node.input]


def _parameter_of(
    module: str, value: str, graph: onnx.ModelProto, parameters: dict[str, nn.Parameter]
) -> str:
    stored = next((i for i in graph.graph.initializer if i.name == value), None)
    if stored is not None:
        array = torch.from_numpy(numpy_helper.to_array(stored).copy())
        for name, parameter in parameters.items():
            if name.startswith(module + ".") and torch.equal(parameter.detach().T, array):
                return f"{name}.T"
    raise ModelError(
        f"the export cannot tell which parameter of '{module}' the graph's {value} is. Encoders "
        "whose layers share weights cannot be exported; with others, this torch version names "
        "nodes differently: use the version in constraints.txt."
    )


def quantise(
    source: pathlib.Path, target: pathlib.Path, sentences: Sequence[Sequence[int]]
) -> None:
    """Int8: weights an output, activations a column, embeddings too; heads stay in fp32.

    Args:
        source: fp32 ONNX file.
        target: int8 file to write.
        sentences: token ids of some hundred sentences like those that will be read; the scales of
            the activations are taken from them.
    """
    logging.disable(logging.WARNING)  # advice to optimise first, which knows no such attention
    try:
        quantize_dynamic(source, target, op_types_to_quantize=["Gather"])
    finally:
        logging.disable(logging.NOTSET)
    graph = onnx.load(target)
    modules = [f"/{head}/" for heads in HEADS.values() for head in heads]
    left = [n.name for n in graph.graph.node if any(module in n.name for module in modules)]
    quantise_linear(graph, sentences, left)
    onnx.save(graph, target)


def export(
    checkpoint: str | pathlib.Path,
    output: str | pathlib.Path,
    examples: Sequence[Example],
    *,
    name: str | None = None,
) -> tuple[ModelSettings, Encoder]:
    """Write a checkpoint as an int8 model directory, not yet calibrated.

    Calibration belongs after quantising, since int8 shifts the logits: fit it with
    :func:`conflict_nlp.learning.calibrate.fit_calibration` on the exported model's predictions.

    Args:
        checkpoint: directory that training wrote.
        output: directory to write.
        examples: some hundred sentences like those that the model will read, of which 200 are
            taken, with the topics that they are labelled with. The ranges of the activations are
            those seen in them, and rounding is fitted to them; no label is used.
        name: name of the model in results; the checkpoint's by default.

    Returns:
        Settings and text encoder of the exported model.

    Raises:
        DataError: there is not one sentence.
    """
    checkpoint, output = pathlib.Path(checkpoint), pathlib.Path(output)
    if not examples:
        raise DataError(
            "an int8 model needs sentences to take the ranges of its activations from, and there "
            "are none. Give some hundred sentences like those that it will read."
        )
    model, settings = load_checkpoint(checkpoint)
    if name is not None:
        settings = dataclasses.replace(settings, name=name)
    output.mkdir(parents=True, exist_ok=True)
    # A calibration that belongs to other weights must not survive an export.
    (output / CALIBRATION_FILE).unlink(missing_ok=True)
    encoder = load_encoder(settings, checkpoint)
    with tempfile.TemporaryDirectory() as folder:
        whole = pathlib.Path(folder) / "fp32.onnx"
        export_onnx(model, whole)
        quantise(whole, output / ONNX_FILE, typical_inputs(examples, encoder))
    for file in (TOKENIZER_FILE, CONFIG_FILE):
        shutil.copy(checkpoint / file, output / file)
    (output / TRAINING_FILE).unlink(missing_ok=True)
    if (checkpoint / TRAINING_FILE).exists():  # how the weights came about stays with them
        shutil.copy(checkpoint / TRAINING_FILE, output / TRAINING_FILE)
    settings.save(output)
    return settings, load_encoder(settings, output)


def typical_inputs(examples: Sequence[Example], encoder: Encoder) -> list[Sequence[int]]:
    """Token ids to take the ranges of activations from.

    Args:
        examples: sentences; 200 of them are taken, from all over, since files are sorted.
        encoder: the model's text encoder.

    Returns:
        Each sentence alone and with each topic that it is labelled with, and as many sentences as
        fit together, for what stands far from the start has ranges of its own.
    """
    count = min(len(examples), SENTENCES)
    few = [examples[place * len(examples) // count] for place in range(count)]
    found: list[Sequence[int]] = []
    for example in few:
        text = repair(example.text)
        found.append(encoder.encode(text).ids)
        for target in example.targets:
            if target.span is None:
                found.append(encoder.encode(text, repair(target.text).text).ids)
    for start in range(0, count, _JOINED):
        together = " ".join(example.text for example in few[start : start + _JOINED])
        found.append(encoder.encode(repair(together)).ids)
    return found
