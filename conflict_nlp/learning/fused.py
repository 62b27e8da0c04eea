"""Attention as one node, which ONNX Runtime computes without its sixteen steps a layer.

ONNX Runtime's own optimiser does not know the attention that transformers exports. Scores, softmax
and the mixing of values, with the reshapes and transposes around them, become one
``MultiHeadAttention`` a layer: the same sums in another order. Biases stay with the linear layers.
"""

from __future__ import annotations

from collections.abc import Sequence

import onnx
from onnx import NodeProto, helper, numpy_helper

# From the product of queries and keys back to each of these, and from the values' mix on.
_SCALED = ("Mul", "Transpose", "Reshape")
_VALUES = ("Transpose", "Reshape")
_MIXED = ("Reshape", "Transpose", "Reshape")
_HEADS_FIRST, _KEYS = [0, 2, 1, 3], [0, 2, 3, 1]


def fuse_attention(model: onnx.ModelProto, heads: int) -> None:
    """Rewrite an fp32 graph in place; attention that is written otherwise stays as it is.

    Args:
        model: one sentence without padding, so that there is no mask.
        heads: attention heads of each layer.
    """
    graph = model.graph
    made_by = {value: node for node in graph.node for value in node.output}
    fused: dict[str, NodeProto] = {}  # output of the last node replaced → what replaces it
    for node in graph.node:
        if node.op_type != "Softmax":
            continue
        found = _attention_around(node, graph, made_by)
        if found is None:
            continue
        inputs, last, scale = found
        fused[last] = helper.make_node(
            "MultiHeadAttention",
            inputs,
            [last],
            name=f"{node.name.rpartition('/')[0]}/MultiHeadAttention",
            domain="com.microsoft",
            num_heads=heads,
            scale=scale,
        )
    if not fused:
        return
    nodes = [fused.get(node.output[0], node) for node in graph.node]
    del graph.node[:]
    graph.node.extend(_used(nodes, {output.name for output in graph.output}))
    if not any(entry.domain == "com.microsoft" for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _attention_around(
    softmax: NodeProto,
    graph: onnx.GraphProto,
    made_by: dict[str, NodeProto],
) -> tuple[list[str], str, float] | None:
    """Queries, keys and values, what comes out, and the factor of the scores; None if unknown."""
    scores = made_by.get(softmax.input[0])
    mixed = next((node for node in graph.node if softmax.output[0] in node.input), None)
    if scores is None or mixed is None or not scores.op_type == mixed.op_type == "MatMul":
        return None
    factors, inputs = [], []
    for value, steps, order in (
        (scores.input[0], _SCALED, _HEADS_FIRST),
        (scores.input[1], _SCALED, _KEYS),
        (mixed.input[1], _VALUES, _HEADS_FIRST),
    ):
        nodes = _back(value, steps, made_by)
        if nodes is None or _order(nodes[-2]) != order:  # the Transpose, in either list of steps
            return None
        if steps is _SCALED:
            factors.append(_constant(nodes[0], made_by))
        inputs.append(nodes[-1].input[0])
    last = _onward(mixed.output[0], graph.node)
    numbers = [factor for factor in factors if factor is not None]
    if last is None or len(numbers) < len(factors):
        return None
    return inputs, last, numbers[0] * numbers[1]


def _constant(multiply: NodeProto, made_by: dict[str, NodeProto]) -> float | None:
    """The number that queries or keys are multiplied by; None if it is computed."""
    node = made_by.get(multiply.input[1])
    if node is None or node.op_type != "Constant":
        return None
    return float(numpy_helper.to_array(node.attribute[0].t))


def _order(transpose: NodeProto) -> list[int]:
    return list(transpose.attribute[0].ints)


def _back(
    value: str, steps: Sequence[str], made_by: dict[str, NodeProto]
) -> list[NodeProto] | None:
    """The nodes of some steps before a value, the last step first; None if they are others."""
    nodes = []
    for step in steps:
        node = made_by.get(value)
        if node is None or node.op_type != step:
            return None
        nodes.append(node)
        value = node.input[0]
    return nodes


def _onward(value: str, nodes: Sequence[NodeProto]) -> str | None:
    """Where the heads of the mix are side by side again; None if other steps follow it."""
    for step in _MIXED:
        following = next((n for n in nodes if value in n.input[:1] and n.op_type == step), None)
        if following is None:
            return None
        if step == "Transpose" and _order(following) != _HEADS_FIRST:
            return None
        value = following.output[0]
    return value


def _used(nodes: Sequence[NodeProto], wanted: set[str]) -> list[NodeProto]:
    """The nodes that something of what is wanted hangs on."""
    kept = []
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= set(node.input)
            # A branch takes values from around it without listing them.
            wanted |= {v for a in node.attribute for inner in a.g.node for v in inner.input}
    return kept[::-1]
