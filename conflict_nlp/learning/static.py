"""Int8 linear layers whose activations have a fixed scale a column.

ONNX Runtime's dynamic quantisation takes the largest activation of the whole input as its scale, so
that one outlying token costs all others their precision. A scale a token mends that, at four more
steps a layer over each of its inputs. But the outliers of an encoder stand in the same columns in
every sentence: with a scale a column, fixed beforehand and taken out again by the weights' rows,
one product and one rounding are left, and bias and scale belong to the integer product's own step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
import onnx
from onnx import NodeProto, helper, numpy_helper

from conflict_nlp.learning.activations import Activations, Floats, observe
from conflict_nlp.learning.rounding import rounded

# Seven bits: without VNNI the sum of two products of full int8 pairs overflows 16 bits, and the
# same file must give the same labels on every processor.
_LARGEST_WEIGHT = 64
_ROOM = 1.1  # for activations beyond those seen
_NARROWEST = 0.01  # the range of a column that is hardly used, of that of the widest
_STEPS = 255
OWN = "int8/"  # before the names of constants that are no parameters of the model


def quantise_linear(
    model: onnx.ModelProto, sentences: Sequence[Sequence[int]], left: Collection[str] = ()
) -> None:
    """Rewrite a graph in place: each product with constant weights, and its bias, in int8.

    Args:
        model: fp32; a ``MatMul`` is a linear layer if its second input is a parameter that nothing
            else uses. (Two layers that share their weights would need one scale for both inputs.)
        sentences: token ids of some hundred sentences like those that will be read.
        left: names of nodes to leave as they are.
    """
    graph = model.graph
    uses = Counter(value for node in graph.node for value in node.input)
    weights = {i.name for i in graph.initializer if len(i.dims) == 2 and uses[i.name] == 1}
    linear = [
        node
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in weights and node.name not in left
    ]
    if not linear:
        return
    steps: dict[str, Floats] = {}
    zeros: dict[str, str] = {}
    before: dict[str, list[NodeProto]] = {}  # first layer of each input → what rounds the input
    layers: dict[str, NodeProto] = {}  # output → the layer in int8
    additions = _biases(graph, linear)
    seen = observe(model, list(dict.fromkeys(node.input[0] for node in linear)), sentences)
    graph.initializer.append(numpy_helper.from_array(np.array(1, np.float32), f"{OWN}step"))
    for node in linear:
        value, name = node.input
        if value not in steps:
            steps[value], zero = _scale(seen[value])
            zeros[value] = f"{OWN}{value}/zero_point"
            graph.initializer.extend(
                [
                    numpy_helper.from_array(steps[value], f"{OWN}{value}/steps"),
                    numpy_helper.from_array(np.array(zero, np.uint8), zeros[value]),
                ]
            )
            before[node.output[0]] = _round(value)
        _store(graph, name, steps[value], seen[value])
        addition = additions.get(node.output[0])
        output, bias = (node.output[0], None) if addition is None else addition
        layers[node.output[0]] = _layer(node, output, zeros[value], bias)
    merged = {additions[node.output[0]][0] for node in linear if node.output[0] in additions}
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.output[0] in layers:
            nodes += [*before.get(node.output[0], []), layers[node.output[0]]]
        elif node.output[0] not in merged:
            nodes.append(node)
    replaced = {node.input[1] for node in linear}
    kept = [i for i in graph.initializer if i.name not in replaced]
    for old, new in ((graph.node, nodes), (graph.initializer, kept)):
        del old[:]
        old.extend(new)
    if not any(entry.domain == "com.microsoft" for entry in model.opset_import):
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))


def _biases(graph: onnx.GraphProto, linear: Sequence[NodeProto]) -> dict[str, tuple[str, str]]:
    """For each layer's product to which a bias alone is added: the sum, and the bias."""
    sizes = {i.name: tuple(i.dims) for i in graph.initializer}
    # Parameters with the same values are written once, and named again.
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in sizes:
            sizes[node.output[0]] = sizes[node.input[0]]
    users: dict[str, list[NodeProto]] = {}
    for node in graph.node:
        for value in node.input:
            users.setdefault(value, []).append(node)
    results = {output.name for output in graph.output}
    found = {}
    for layer in linear:
        product, outputs = layer.output[0], sizes[layer.input[1]][1:]
        nodes = users.get(product, [])
        if len(nodes) == 1 and nodes[0].op_type == "Add" and product not in results:
            for bias in nodes[0].input:
                if sizes.get(bias) == outputs:
                    found[product] = (nodes[0].output[0], bias)
    return found


def _scale(seen: Activations) -> tuple[Floats, int]:
    """Steps a unit for each column, and where zero lies: the finest that hold what was seen."""
    widest = max(float(seen.highest.max()), float(-seen.lowest.min()), 1e-6)
    above = np.maximum(seen.highest * _ROOM, _NARROWEST * widest)
    below = np.maximum(-seen.lowest * _ROOM, _NARROWEST * widest)
    # After a GELU nearly all lies above zero, after a LayerNorm half.
    choices = {z: np.minimum((_STEPS - z) / above, z / below) for z in range(16, 129, 8)}
    zero = max(choices, key=lambda z: float(np.log(choices[z]).mean()))
    return choices[zero].astype(np.float32), zero


def _round(value: str) -> list[NodeProto]:
    return [
        helper.make_node("Mul", [value, f"{OWN}{value}/steps"], [f"{OWN}{value}/scaled"]),
        helper.make_node(
            "QuantizeLinear",
            [f"{OWN}{value}/scaled", f"{OWN}step", f"{OWN}{value}/zero_point"],
            [f"{OWN}{value}/rounded"],
        ),
    ]


def _store(graph: onnx.GraphProto, name: str, steps: Floats, seen: Activations) -> None:
    """Add a layer's weights as whole numbers, with a scale for each of its outputs."""
    whole = next(i for i in graph.initializer if i.name == name)
    weights = numpy_helper.to_array(whole) / steps[:, None]
    scale = np.abs(weights).max(0) / _LARGEST_WEIGHT
    scale[scale == 0] = 1
    integers = rounded(weights, seen.products * np.outer(steps, steps), scale, _LARGEST_WEIGHT)
    graph.initializer.extend(
        [
            numpy_helper.from_array(integers, f"{name}_quantized"),
            numpy_helper.from_array(scale.astype(np.float32), f"{name}_scale"),
            numpy_helper.from_array(np.zeros(len(scale), np.int8), f"{name}_zero_point"),
        ]
    )


def _layer(node: NodeProto, output: str, zero: str, bias: str | None) -> NodeProto:
    value, name = node.input
    inputs = [
        f"{OWN}{value}/rounded",
        f"{name}_quantized",
        f"{OWN}step",
        f"{name}_scale",
        zero,
        f"{name}_zero_point",
    ]
    return helper.make_node(
        "MatMulIntegerToFloat",
        inputs if bias is None else [*inputs, bias],
        [output],
        name=node.name,
        domain="com.microsoft",
    )
