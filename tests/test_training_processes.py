"""Training in several processes, and in bfloat16, on a machine without a GPU."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from cli_helpers import run
from safetensors.torch import load_file
from test_cli_train import flags
from training_helpers import settings_for, weights_after

from conflict_nlp import Classifier

PROGRAM = "from conflict_nlp.cli import app; app()"
WITHOUT_GPU = {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}


def in_two_processes(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """``conflict-nlp train``, started by ``torchrun``."""
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    program = ["--no_python", sys.executable, "-c", PROGRAM, "train", *map(str, arguments)]
    outcome = subprocess.run(
        [sys.executable, *launcher, *program],
        env=os.environ | WITHOUT_GPU,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    return outcome


def assert_usable(checkpoint: pathlib.Path, dev: pathlib.Path, model: pathlib.Path) -> None:
    run("export", checkpoint, "-o", model, "--dev", dev)
    result = Classifier.from_pretrained(model).classify("قصفت المدفعية البلدة.")
    assert result.error is None and result.stance is not None


def test_two_processes_share_the_sentences_and_write_one_checkpoint(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    trained = tmp_path / "trained"
    given = flags(tiny_base, labelled_file, trained, patience=1, average=0.9)
    outcome = in_two_processes(*given)
    # 10 sentences, batches of 4 in each of two processes: 2 steps an epoch, where one takes 3.
    assert "/4 [" in outcome.stderr and "/6 [" not in outcome.stderr
    assert outcome.stdout.count("event_macro_f1") == 1
    assert outcome.stdout.count(f"checkpoint in {trained}") == 1
    assert json.loads((trained / "training.json").read_text("utf-8"))["config"]["epochs"] == 2
    assert not (trained / "trainer").exists()
    assert_usable(trained, labelled_file, tmp_path / "model")


def test_bfloat16_without_a_gpu(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = dataclasses.replace(
        settings_for(tiny_base, labelled_file, tmp_path / "bf16"),
        pooling="label",
        bf16=True,
        positive_power=0.3,
        stance_power=0.3,
        topic_share=0.5,
        average=0.9,
    )
    rough = weights_after(config)
    exact = weights_after(dataclasses.replace(config, bf16=False, output=str(tmp_path / "fp32")))
    start = load_file(tiny_base / "model.safetensors")
    name = "encoder.layer.0.output.dense.weight"
    # Weights stay in fp32; what differs is the arithmetic, and by little beside what was learnt.
    assert all(tensor.dtype == torch.float32 for tensor in rough.values())
    assert all(tensor.isfinite().all() for tensor in rough.values())
    difference = (rough[f"encoder.{name}"] - exact[f"encoder.{name}"]).norm()
    assert 0 < difference < (exact[f"encoder.{name}"] - start[name]).norm()
    assert_usable(tmp_path / "bf16", labelled_file, tmp_path / "model")


def test_bfloat16_on_a_cpu_leaves_fused_attention_out(
    tiny_base: pathlib.Path,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fused, calls = torch.nn.functional.scaled_dot_product_attention, 0

    def counted(*arguments: Any, **more: Any) -> torch.Tensor:
        nonlocal calls
        calls += 1
        return fused(*arguments, **more)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", counted)
    config = settings_for(tiny_base, labelled_file, tmp_path / "bf16")
    weights_after(dataclasses.replace(config, bf16=True))
    assert calls == 0
    weights_after(dataclasses.replace(config, output=str(tmp_path / "fp32")))
    assert calls > 0
