"""The scripts that build the base encoder and write the model's card."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys

import numpy as np
import pytest
from conftest import ROOT, SHIPPED

pytest.importorskip("torch", reason="the scripts need the train extra")

sys.path.insert(0, str(ROOT / "training"))
import build_base

sys.path.pop(0)


def test_four_bit_blocks() -> None:
    weights = np.arange(-8, 8).repeat(2).astype(np.float32)  # 32 of them, each 4-bit value twice
    shuffled = np.random.default_rng(0).permutation(weights)
    low, high = shuffled[:16] + 8, shuffled[16:] + 8
    packed = bytes(int(a) | int(b) << 4 for a, b in zip(low, high, strict=True))
    block = struct.pack("<e", 0.5) + packed
    assert np.array_equal(build_base.dequantise(block, 1, 32)[0], 0.5 * shuffled)
    two = build_base.dequantise(block + struct.pack("<e", 2.0) + packed, 2, 32)
    assert np.array_equal(two[1], 2.0 * shuffled)


def vocabulary() -> list[list[object]]:
    pieces = [
        "<s>",
        "<pad>",
        "</s>",
        "<unk>",
        "▁قصف",
        "▁the",
        "ab",
        "▁Москва",
        "漢",
        "9",
        "ـ",
        "😀",
    ]
    pieces += [f"▁word{chr(97 + i)}" for i in range(3)]
    return [[piece, -float(place)] for place, piece in enumerate(pieces)] + [["<mask>", 0.0]]


def test_what_is_kept_of_the_vocabulary() -> None:
    pieces = vocabulary()
    keep = build_base.kept_pieces(pieces)
    names = [pieces[i][0] for i in keep]
    assert names[:4] == ["<s>", "<pad>", "</s>", "<unk>"] and names[-1] == "<mask>"
    assert {"▁قصف", "ab", "9", "😀", "▁the"} <= set(names)
    assert not {"▁Москва", "漢"} & set(names)


def test_special_tokens_follow_their_pieces() -> None:
    pieces = vocabulary()
    keep = build_base.kept_pieces(pieces)
    tokenizer = {
        "model": {"vocab": pieces},
        "truncation": {},
        "padding": {},
        "added_tokens": [
            {"id": 0, "content": "<s>"},
            {"id": len(pieces) - 1, "content": "<mask>"},
        ],
    }
    pruned = build_base.prune_tokenizer(tokenizer, keep)
    for token in pruned["added_tokens"]:
        assert pruned["model"]["vocab"][token["id"]][0] == token["content"]
    assert pruned["truncation"] is None and pruned["padding"] is None


def test_the_card_is_the_one_that_the_results_give(tmp_path) -> None:
    if not (SHIPPED / "model.onnx").exists():
        pytest.skip("this checkout holds no shipped model in models/default")
    model = tmp_path / "model"
    shutil.copytree(SHIPPED, model)
    (model / "README.md").unlink()
    results = ("training/results/evaluation.json", "benchmarks/results/speed.json")
    arguments = ("--model", model, "--evaluation", results[0], "--speed", results[1])
    script = [sys.executable, "training/model_card.py", *map(str, arguments)]
    subprocess.run(script, cwd=ROOT, check=True)
    assert (model / "README.md").read_text("utf-8") == (SHIPPED / "README.md").read_text("utf-8")
