"""Int8 with a scale a token: what one token is does not change what another becomes."""

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

HIDDEN = 32


@pytest.fixture
def graph(tmp_path: pathlib.Path) -> pathlib.Path:
    """Two linear layers with a ReLU between, over any number of tokens."""
    chance = np.random.default_rng(0)
    first, second = (chance.normal(size=(HIDDEN, HIDDEN)).astype(np.float32) for _ in range(2))
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["a"], name="/encoder/first/MatMul"),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Add", ["b", "one"], ["c"]),  # no token of zeros alone
        helper.make_node("MatMul", ["c", "second"], ["y"], name="/encoder/second/MatMul"),
    ]
    shape: list[Any] = [1, "length", HIDDEN]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "two_layers",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
            [
                numpy_helper.from_array(first, "first"),
                numpy_helper.from_array(second, "second"),
                numpy_helper.from_array(np.array([0.01], np.float32), "one"),
            ],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    path = tmp_path / "fp32.onnx"
    onnx.save(model, path)
    return path


def run(path: pathlib.Path, tokens: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    session = InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found: np.ndarray[Any, Any] = session.run(None, {"x": tokens[None]})[0][0]
    return found


def test_a_token_does_not_hang_on_its_neighbours(
    graph: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    tokens = np.random.default_rng(1).normal(size=(6, HIDDEN)).astype(np.float32)
    tokens[3] *= 100  # one that outshines the others
    quantise(graph, tmp_path / "int8.onnx")
    together = run(tmp_path / "int8.onnx", tokens)
    for place, token in enumerate(tokens):
        assert np.array_equal(run(tmp_path / "int8.onnx", token[None])[0], together[place])


def test_an_outlier_costs_the_others_nothing(graph: pathlib.Path, tmp_path: pathlib.Path) -> None:
    tokens = np.random.default_rng(1).normal(size=(6, HIDDEN)).astype(np.float32)
    tokens[3] *= 100
    exact = run(graph, tokens)

    def error(name: str, by_row: bool) -> float:
        quantise(graph, tmp_path / name, by_row=by_row)
        others = np.arange(6) != 3
        away = run(tmp_path / name, tokens)[others] - exact[others]
        return float(np.abs(away).mean() / np.abs(exact[others]).mean())

    assert error("rows.onnx", True) < 0.05
    assert error("whole.onnx", False) > 4 * error("rows.onnx", True)
