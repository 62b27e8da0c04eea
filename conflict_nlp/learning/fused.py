"""Attention as one node, which ONNX Runtime computes without its sixteen steps a layer.

ONNX Runtime's own optimiser does not know the attention that transformers exports. Scores, softmax
and the mixing of values, with the biases, reshapes and transposes around them, become one
``MultiHeadAttention`` a layer: the same sums in another order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

# From the product of queries and keys back to each of these, and from the values' mix on.
_SCALED = ("Mul", "Transpose", "Reshape", "Add")
_VALUES = ("Transpose", "Reshape", "Add")


def fuse_attention(model: onnx.ModelProto, heads: int) -> None:
    """Rewrite an fp32 graph in place; attention that is written otherwise stays as it is.

    Args:
        model: one sentence without padding, so that there is no mask.
        heads: attention heads of each layer.
    """
    graph = model.graph
    made_by = {value: node for node in graph.node for value in node.output}
    parameters = {initializer.name for initializer in graph.initializer}
    fused: dict[str, list[NodeProto]] = {}  # output of the last node replaced → what replaces it
    for node in graph.node:
        if node.op_type != "Softmax":
            continue
        scores = made_by[node.input[0]]
        mixed = next(n for n in graph.node if node.output[0] in n.input)
        if not scores.op_type == mixed.op_type == "MatMul":
            continue
        parts = [
            _back(scores.input[0], _SCALED, made_by),
            _back(scores.input[1], _SCALED, made_by),
            _back(mixed.input[1], _VALUES, made_by),
        ]
        linear = [_split(part, parameters) for part in parts if part is not None]
        found = [pair for pair in linear if pair is not None]
        if len(found) == len(parts):
            scale = _constant(made_by[scores.input[0]], made_by)
            scale *= _constant(made_by[scores.input[1]], made_by)
            last = _onward(mixed.output[0], ("Transpose", "Reshape"), graph.node)
            name = node.name.rpartition("/")[0]
            fused[last] = _attention(name, found, last, num_heads=heads, scale=scale)
            # The quantiser asks for the type, which it cannot infer through such a node.
            graph.value_info.append(
                helper.make_tensor_value_info(last, TensorProto.FLOAT, [1, None, None])
            )
    nodes = [new for node in graph.node for new in fused.get(node.output[0], [node])]
    del graph.node[:]
    graph.node.extend(_used(nodes, {output.name for output in graph.output}))
    if fused and not any(entry.domain == "com.microsoft" for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _attention(
    name: str, linear: Sequence[tuple[str, str]], output: str, **settings: Any
) -> list[NodeProto]:
    biases = [bias for _, bias in linear]
    # Joined when the model is loaded, so that each keeps its parameter's name in the file.
    joined = helper.make_node("Concat", biases, [f"{name}/biases"], axis=0)
    attention = helper.make_node(
        "MultiHeadAttention",
        [*(product for product, _ in linear), f"{name}/biases"],
        [output],
        name=f"{name}/MultiHeadAttention",
        domain="com.microsoft",
        **settings,
    )
    return [joined, attention]


def _constant(multiply: NodeProto, made_by: dict[str, NodeProto]) -> float:
    """The number that queries or keys are multiplied by."""
    return float(numpy_helper.to_array(made_by[multiply.input[1]].attribute[0].t))


def _back(value: str, steps: Sequence[str], made_by: dict[str, NodeProto]) -> NodeProto | None:
    """The node some steps before a value; None where the steps are others."""
    node = None
    for step in steps:
        node = made_by.get(value)
        if node is None or node.op_type != step:
            return None
        value = node.input[0]
    return node


def _onward(value: str, steps: Sequence[str], nodes: Sequence[NodeProto]) -> str:
    """Output of the last of the steps that follow a value, some of them more than once."""
    while True:
        following = [n for n in nodes if value in n.input[:1] and n.op_type in steps]
        if not following:
            return value
        value = following[0].output[0]


def _split(add: NodeProto, parameters: set[str]) -> tuple[str, str] | None:
    """What a bias is added to, and the bias."""
    biases = [value for value in add.input if value in parameters]
    products = [value for value in add.input if value not in parameters]
    return (products[0], biases[0]) if len(biases) == len(products) == 1 else None


def _used(nodes: Sequence[NodeProto], wanted: set[str]) -> list[NodeProto]:
    """The nodes that something of what is wanted hangs on."""
    kept = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
    return kept[::-1]
