"""One activation scale for each token instead of one for the whole sentence.

ONNX Runtime's dynamic quantisation takes the largest activation of the whole input as its scale, so
that one outlying token costs all others their precision. Here each row (token) gets a scale of its
own, as in CTranslate2's int8 encoder. Models up to release 5 were made in this way,
then with biases inside the attention; ``quantisation.py`` compares it with what came after.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import NodeProto, helper, numpy_helper

_STEPS = 127  # symmetric: so many steps to each side of the zero point
_CONSTANTS: dict[str, np.ndarray[Any, Any]] = {
    "rowwise_step": np.array(1 / _STEPS, np.float32),
    "rowwise_zero_point": np.array(128, np.uint8),
}


def row_wise(model: onnx.ModelProto) -> None:
    """Rewrite a dynamically quantised graph in place.

    Every ``DynamicQuantizeLinear`` becomes a scale a row, and every ``MatMulInteger`` with its
    rescaling becomes ``MatMulIntegerToFloat`` followed by a product with the rows' maxima.

    Args:
        model: what ``onnxruntime.quantization.quantize_dynamic`` wrote.
    """
    graph = model.graph
    consumers: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for value in node.input:
            consumers.setdefault(value, []).append(node)
    scales: dict[str, str] = {}  # quantised activation → scale of its rows
    replaced: set[str] = set()  # outputs of nodes that are no longer needed
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type == "DynamicQuantizeLinear":
            nodes += _quantise(node)
            scales[node.output[0]] = node.output[1]
        elif node.op_type == "MatMulInteger" and node.input[0] in scales:
            cast = consumers[node.output[0]][0]
            rescaled = consumers[cast.output[0]][0]
            both = next(value for value in rescaled.input if value != cast.output[0])
            product = next(n for n in graph.node if both in n.output)
            row_scale = scales[node.input[0]]
            weight_scale = next(value for value in product.input if value != row_scale)
            nodes += _multiply(node, row_scale, weight_scale, rescaled.output[0])
            replaced |= {cast.output[0], both, rescaled.output[0]}
        elif node.output[0] not in replaced:
            nodes.append(node)
    # The products of scales come before their MatMulInteger, so they were kept above.
    kept = [node for node in nodes if not _unused(node, replaced)]
    del graph.node[:]
    graph.node.extend(kept)
    graph.initializer.extend(numpy_helper.from_array(v, n) for n, v in _CONSTANTS.items())
    if not any(entry.domain == "com.microsoft" for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _unused(node: NodeProto, replaced: set[str]) -> bool:
    return node.op_type == "Mul" and node.output[0] in replaced and "_rowwise" not in node.name


def _quantise(node: NodeProto) -> list[NodeProto]:
    """``x`` → ``round(127 x / max |x|) + 128``, the maximum being that of each row.

    A row of nothing but zeros would divide by zero; no row comes out of a LayerNorm, a GELU or an
    attention mean like that.
    """
    x, quantised, largest = node.input[0], node.output[0], node.output[1]
    start = f"{quantised}_rowwise"
    return [
        helper.make_node("Abs", [x], [f"{start}_abs"]),
        helper.make_node("ReduceMax", [f"{start}_abs"], [largest], axes=[-1], keepdims=1),
        helper.make_node("Div", [x, largest], [f"{start}_relative"]),
        helper.make_node(
            "QuantizeLinear",
            [f"{start}_relative", "rowwise_step", "rowwise_zero_point"],
            [quantised],
        ),
    ]


def _multiply(node: NodeProto, row_scale: str, weight_scale: str, output: str) -> list[NodeProto]:
    """Integer product, rescaled by the columns' scales inside and by the rows' after it."""
    activations, weights, _, weight_zero_point = node.input
    return [
        helper.make_node(
            "MatMulIntegerToFloat",
            [
                activations,
                weights,
                "rowwise_step",
                weight_scale,
                "rowwise_zero_point",
                weight_zero_point,
            ],
            [f"{output}_columns"],
            domain="com.microsoft",
        ),
        helper.make_node(
            "Mul", [f"{output}_columns", row_scale], [output], name=f"{output}_rowwise"
        ),
    ]
