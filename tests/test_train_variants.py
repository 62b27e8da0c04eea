"""The script that trains CAMeLBERT's variants where the hub is in reach, end to end."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

pytest.importorskip("torch", reason="training needs the train extra")

from test_backbones import SMALL, Write, camelbert

__all__ = ["camelbert"]  # a fixture


def test_variants_join_the_table_of_the_shipped_model(
    camelbert: Write,
    exported: pathlib.Path,
    checkpoint: pathlib.Path,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
) -> None:
    camelbert(**SMALL)
    labels = tmp_path / "labels"
    labels.mkdir()
    for split in ("train", "dev", "test"):
        shutil.copy(labelled_file, labels / f"{split}.jsonl")
    configs = []
    for variant in ("camelbert_msa", "camelbert_mix"):
        lines = (ROOT / f"training/configs/{variant}.toml").read_text("utf-8")
        configs.append(tmp_path / f"{variant}.toml")
        configs[-1].write_text(lines.replace('"artifacts/', f'"{tmp_path}/'), "utf-8")
    given = {"train": labels / "train.jsonl", "dev": labels / "dev.jsonl", "epochs": 1}
    output = tmp_path / "variants.json"
    outcome = subprocess.run(
        [
            *(sys.executable, "training/train_variants.py", *configs),
            *(part for name, value in given.items() for part in ("--set", f"{name}={value}")),
            *("--model", exported, "--checkpoint", checkpoint, "--labels", labels),
            *("--baselines", tmp_path, "--draws", "20", "--output", output),
        ],
        cwd=ROOT,
        env=os.environ | {"HF_HUB_CACHE": str(tmp_path / "hub"), "HF_HUB_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    record = json.loads(output.read_text("utf-8"))
    assert {"shipped_int8", "conflict-nlp-camelbert-msa"} <= record["variants"].keys()
    assert "cannot be reached" in record["unavailable"]["conflict-nlp-camelbert-mix"]
    pairs = [(c["first"], c["second"]) for c in record["comparisons"]]
    assert ("conflict-nlp-camelbert-msa", "shipped_int8") in pairs
    table = output.with_suffix(".md").read_text("utf-8")
    assert "| conflict-nlp-camelbert-msa |" in table
    assert "not available: conflict-nlp-camelbert-mix: " in table
