"""Attention as one node: the same logits from fewer steps."""

from __future__ import annotations

import pathlib

import numpy as np
import pytest

pytest.importorskip("torch", reason="exporting needs the train extra")

import onnx
import torch
from onnxruntime import InferenceSession
from transformers import AutoConfig, AutoModel

from conflict_nlp.errors import ModelError
from conflict_nlp.learning.export import export_onnx, quantise
from conflict_nlp.learning.model import ConflictModel, no_pooler

SIZES = {
    "vocab_size": 60,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
}


@pytest.mark.parametrize(
    ("kind", "attention", "fused"),
    [
        ("bert", "sdpa", True),
        ("bert", "eager", False),
        ("xlm-roberta", "sdpa", True),
        ("electra", "sdpa", True),
        ("distilbert", "sdpa", True),
    ],
)
def test_the_graph_gives_the_model_s_logits_and_int8_nearly_so(
    tmp_path: pathlib.Path, kind: str, attention: str, fused: bool
) -> None:
    torch.manual_seed(0)
    # DistilBERT has names of its own for the sizes.
    sizes = {"vocab_size": 60, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    config = AutoConfig.for_model(kind, **(sizes if kind == "distilbert" else SIZES))
    encoder = AutoModel.from_config(config, attn_implementation=attention, **no_pooler(config))
    model = ConflictModel(encoder, 24, 3).eval()
    export_onnx(model, tmp_path / "fp32.onnx")

    nodes = [node.op_type for node in onnx.load(tmp_path / "fp32.onnx").graph.node]
    layers = encoder.config.num_hidden_layers
    assert nodes.count("MultiHeadAttention") == (layers if fused else 0)
    assert nodes.count("Softmax") == (0 if fused else layers)
    chance = np.random.default_rng(1)
    quantise(
        tmp_path / "fp32.onnx",
        tmp_path / "int8.onnx",
        [chance.integers(5, 20, length).tolist() for length in range(2, 42)],
    )
    session, rounded = (
        InferenceSession(tmp_path / name, providers=["CPUExecutionProvider"])
        for name in ("fp32.onnx", "int8.onnx")
    )
    for length in (2, 40):
        ids = np.random.default_rng(0).integers(5, 20, (1, length))
        masks = np.zeros((1, 2, length), np.float32)
        masks[0, 1, 1] = 1.0
        given = {"input_ids": ids, "target_masks": masks}
        events, primary, stance = session.run(None, given)
        in_int8 = rounded.run(None, given)[0]
        assert np.abs(in_int8 - events).max() < 0.1 * np.abs(events).max()
        with torch.no_grad():
            whole = model(torch.tensor(ids), None, torch.tensor(masks))
        for name, found in (("events", events), ("primary", primary), ("stance", stance)):
            np.testing.assert_allclose(found, whole[name].numpy(), atol=1e-4)


def test_layers_that_share_weights_cannot_be_exported(tmp_path: pathlib.Path) -> None:
    config = AutoConfig.for_model("albert", **SIZES, embedding_size=32)
    encoder = AutoModel.from_config(config, **no_pooler(config))
    model = ConflictModel(encoder, 24, 3).eval()
    with pytest.raises(ModelError, match="layers share weights cannot be exported"):
        export_onnx(model, tmp_path / "fp32.onnx")
