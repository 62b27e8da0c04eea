"""From the int8 model directory back to torch weights, to train onward from a released model."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from transformers import AutoConfig, AutoModel

from conflict_nlp._model_files import CONFIG_FILE, ONNX_FILE, ModelSettings
from conflict_nlp.errors import ModelError
from conflict_nlp.learning.model import ConflictModel, no_pooler
from conflict_nlp.learning.static import OWN

_INT8 = "_quantized"
_EARLIER = "rowwise_"  # constants of models with a scale a token, which later versions read too
_TRANSPOSED = re.compile(r"\.T$|_Transposed$")


def load_exported(folder: pathlib.Path) -> tuple[ConflictModel, ModelSettings]:
    """Read an exported model's weights, int8 ones dequantised, in evaluation mode.

    What rounding to seven bits changed is lost; the first steps of training make up for it.

    Args:
        folder: model directory with ``model.onnx`` and the encoder's ``config.json``.

    Raises:
        ModelError: there is no such file, or the graph does not hold the model's parameters.
    """
    settings = ModelSettings.load(folder)
    if not (folder / CONFIG_FILE).exists():
        raise ModelError(
            f"{folder} has no {CONFIG_FILE}, which describes its encoder. It was exported by an "
            f"earlier version: copy the {CONFIG_FILE} of its base encoder ({settings.base}) there."
        )
    state = _weights(folder / ONNX_FILE)
    config = AutoConfig.from_pretrained(folder)
    encoder = AutoModel.from_config(config, **no_pooler(config))
    model = ConflictModel(encoder, len(settings.events), len(settings.stances), settings.pooling)
    missing, unknown = model.load_state_dict(state, strict=False)
    if missing or unknown:
        raise ModelError(
            f"the parameters in {folder / ONNX_FILE} are not those of the encoder in its "
            f"{CONFIG_FILE}: {sorted([*missing, *unknown])[:3]} differ. Train onward from the "
            "checkpoint that it was exported from."
        )
    return model.eval(), settings


def _weights(path: pathlib.Path) -> dict[str, torch.Tensor]:
    """The graph's parameters under their torch names."""
    graph = onnx.load(path).graph
    stored = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    steps = _steps(graph, stored)
    quantised = {name.removesuffix(_INT8) for name in stored if name.endswith(_INT8)}
    for name in quantised:
        zero = stored.pop(f"{name}_zero_point").astype(np.float32)
        integers = stored.pop(f"{name}{_INT8}").astype(np.float32)
        # One scale for each column of a stored (transposed) weight, or one for all of it.
        weights = (integers - zero) * stored.pop(f"{name}_scale")
        stored[name] = weights * steps[name][:, None] if name in steps else weights
    # Parameters with the same values are written once, and named again.
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in stored:
            stored[node.output[0]] = stored[node.input[0]]
    found = {}
    for name, array in stored.items():
        if name.startswith((OWN, _EARLIER)):
            continue
        if _TRANSPOSED.search(name):
            name, array = _TRANSPOSED.sub("", name), array.T
        found[name.removeprefix("model.")] = torch.from_numpy(np.array(array, np.float32))
    return found


def _steps(
    graph: onnx.GraphProto, stored: dict[str, np.ndarray[Any, Any]]
) -> dict[str, np.ndarray[Any, Any]]:
    """By what the rows of each weight were divided: the steps a unit of its layer's input."""
    made_by = {node.output[0]: node for node in graph.node}
    found = {}
    for node in graph.node:
        if node.op_type == "MatMulIntegerToFloat":
            scaled = made_by[made_by[node.input[0]].input[0]]
            if scaled.op_type == "Mul" and scaled.input[1] in stored:
                found[node.input[1].removesuffix(_INT8)] = stored[scaled.input[1]]
    return found
