"""Int8 with a scale a column: exact where it can be, and blind to a token's neighbours."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="exporting needs the train extra")

import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession

from conflict_nlp.learning.export import quantise
from conflict_nlp.learning.rounding import rounded

WORDS, HIDDEN = 200, 32
OUTLYING = 5  # a column as every BERT has some


def written(
    path: pathlib.Path,
    nodes: list[onnx.NodeProto],
    parameters: dict[str, np.ndarray[Any, Any]],
    outputs: tuple[str, ...] = ("y",),
) -> pathlib.Path:
    """A graph over token ids, as a file."""
    shape: list[Any] = [1, "length", HIDDEN]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "layers",
            [helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "length"])],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs],
            [numpy_helper.from_array(array, name) for name, array in parameters.items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.save(model, path)
    return path


@pytest.fixture
def graph(tmp_path: pathlib.Path) -> pathlib.Path:
    """Embeddings, and two linear layers with a ReLU between; the first alone has a bias."""
    chance = np.random.default_rng(0)
    words = chance.normal(size=(WORDS, HIDDEN)).astype(np.float32)
    gains = np.ones(HIDDEN, np.float32)
    gains[OUTLYING] = 50
    first, second = (chance.normal(size=(HIDDEN, HIDDEN)).astype(np.float32) for _ in range(2))
    first[OUTLYING] /= 50
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["w"], name="/encoder/words/Gather"),
        helper.make_node("Mul", ["w", "gains"], ["x"]),
        helper.make_node("MatMul", ["x", "first"], ["a"], name="/encoder/first/MatMul"),
        helper.make_node("Add", ["bias", "a"], ["b"], name="/encoder/first/Add"),
        helper.make_node("Relu", ["b"], ["c"]),
        helper.make_node("MatMul", ["c", "second"], ["d"], name="/encoder/second/MatMul"),
        helper.make_node("MatMul", ["d", "head"], ["y"], name="/model/event_head/MatMul"),
    ]
    parameters = {
        "words": words,
        "gains": gains,
        "first": first,
        "bias": chance.normal(size=HIDDEN).astype(np.float32),
        "second": second,
        "head": np.eye(HIDDEN, dtype=np.float32),
    }
    return written(tmp_path / "fp32.onnx", nodes, parameters)


def run(path: pathlib.Path, ids: list[int]) -> np.ndarray[Any, Any]:
    session = InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found: np.ndarray[Any, Any] = session.run(None, {"input_ids": np.array([ids])})[0][0]
    return found


def in_int8(graph: pathlib.Path) -> pathlib.Path:
    path = graph.with_name("int8.onnx")
    quantise(graph, path, [list(range(start, start + 10)) for start in range(0, WORDS, 10)])
    return path


@pytest.fixture
def int8(graph: pathlib.Path) -> pathlib.Path:
    return in_int8(graph)


def test_a_column_of_outliers_costs_the_others_nothing(
    graph: pathlib.Path, int8: pathlib.Path
) -> None:
    ids = list(range(WORDS))
    exact = run(graph, ids)
    assert np.abs(run(int8, ids) - exact).mean() < 0.02 * np.abs(exact).mean()


def test_a_token_does_not_hang_on_its_neighbours(int8: pathlib.Path) -> None:
    ids = [3, 141, 59, 26, 53, 58]
    together = run(int8, ids)
    for place, word in enumerate(ids):
        assert np.array_equal(run(int8, [word])[0], together[place])


def test_layers_are_int8_with_their_bias_and_heads_are_not(int8: pathlib.Path) -> None:
    nodes = {node.name: node for node in onnx.load(int8).graph.node}
    first, second = nodes["/encoder/first/MatMul"], nodes["/encoder/second/MatMul"]
    assert first.op_type == second.op_type == "MatMulIntegerToFloat"
    assert first.input[-1] == "bias"
    assert "/encoder/first/Add" not in nodes
    assert nodes["/model/event_head/MatMul"].op_type == "MatMul"


@pytest.mark.parametrize("case", ["shared weights", "product given out", "no bias of the layer"])
def test_what_cannot_be_merged_stays_right(tmp_path: pathlib.Path, case: str) -> None:
    chance = np.random.default_rng(0)
    weights = chance.normal(size=(HIDDEN, HIDDEN)).astype(np.float32)
    parameters = {
        "words": chance.normal(size=(WORDS, HIDDEN)).astype(np.float32),
        "weights": weights,
        "bias": chance.normal(size=1 if case == "no bias of the layer" else HIDDEN),
    }
    nodes = [
        helper.make_node("Gather", ["words", "input_ids"], ["x"]),
        helper.make_node("MatMul", ["x", "weights"], ["a"], name="one"),
        helper.make_node("Add", ["a", "bias"], ["b"]),
    ]
    if case == "shared weights":
        nodes.append(helper.make_node("MatMul", ["b", "weights"], ["y"], name="two"))
    else:
        nodes.append(helper.make_node("Relu", ["b"], ["y"]))
    arrays = {name: array.astype(np.float32) for name, array in parameters.items()}
    outputs = ("y", "a") if case == "product given out" else ("y",)
    graph = written(tmp_path / "fp32.onnx", nodes, arrays, outputs)
    ids = list(range(WORDS))
    exact = run(graph, ids)
    assert np.abs(run(in_int8(graph), ids) - exact).mean() < 0.03 * np.abs(exact).mean()


def test_rounding_errors_cancel_in_what_comes_out() -> None:
    chance = np.random.default_rng(0)
    tokens = chance.normal(size=(500, 4)) @ chance.normal(size=(4, 16))  # columns vary together
    weights, scale = chance.normal(size=(16, 8)), np.full(8, 0.1)
    ours = rounded(weights, tokens.T @ tokens, scale, 64)
    one_by_one = np.round(weights / scale)

    def error(integers: np.ndarray[Any, Any]) -> float:
        return float(np.abs(tokens @ (integers * scale - weights)).mean())

    assert error(ours) < 0.6 * error(one_by_one)
    assert ours.dtype == np.int8


def test_weights_are_cut_at_the_largest() -> None:
    found = rounded(np.array([[100.0], [-100.0]]), np.eye(2), np.array([1.0]), 64)
    assert found.tolist() == [[64], [-64]]
