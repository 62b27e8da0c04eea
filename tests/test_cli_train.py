"""From labelled sentences to a model that classifies them, on the command line."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import signal
from typing import Any

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from cli_helpers import run
from safetensors.torch import load_file
from training_helpers import settings_for, weights_after

from conflict_nlp.errors import DataError
from conflict_nlp.learning.callbacks import WeightAverage
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.model import ConflictModel
from conflict_nlp.learning.trainer import train


def flags(base: pathlib.Path, data: pathlib.Path, output: pathlib.Path, **more: Any) -> list[str]:
    values = {"base": base, "train": data, "dev": data, "output": output, "epochs": 2, **more}
    values |= {"batch_size": 4, "max_length": 64}
    return [part for name, value in values.items() for part in ("--set", f"{name}={value}")]


def test_train_export_classify(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    trained, model = tmp_path / "trained", tmp_path / "model"
    outcome = run("train", *flags(tiny_base, labelled_file, trained, name="mine-1"))
    assert "event_macro_f1" in outcome.stdout and f"checkpoint in {trained}" in outcome.stdout
    record = json.loads((trained / "training.json").read_text("utf-8"))
    assert record["config"]["epochs"] == 2
    hashed = record["provenance"]["data_sha256"]
    assert {pathlib.Path(name).name for name in hashed} == {labelled_file.name, "model.safetensors"}
    assert (trained / "dev_scores.json").exists() and not (trained / "trainer").exists()
    outcome = run("export", trained, "-o", model)
    assert f"model in {model}" in outcome.stdout
    outcome = run("classify", "قصفت المدفعية البلدة.", "--model", model, "--format", "jsonl")
    assert json.loads(outcome.stdout)["model"] == "mine-1"


def test_several_seeds_give_mean_and_deviation(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    given = flags(tiny_base, labelled_file, tmp_path / "out", epochs=1, seed=5)
    outcome = run("train", *given, "--seeds", "2")
    assert "event_macro_f1" in outcome.stdout and " ± " in outcome.stdout
    summary = json.loads((tmp_path / "out" / "seeds.json").read_text("utf-8"))
    assert len(summary["event_macro_f1"]["values"]) == 2
    written = {
        seed: (tmp_path / "out" / f"seed{seed}" / "training.json").stat().st_mtime_ns
        for seed in (5, 6)
    }
    (tmp_path / "out" / "seed6" / "dev_scores.json").unlink()
    again = run("train", *given, "--seeds", "2", "--resume")
    assert again.stdout.splitlines()[-1] == outcome.stdout.splitlines()[-1]
    for seed, redone in ((5, False), (6, True)):
        record = tmp_path / "out" / f"seed{seed}" / "training.json"
        assert (record.stat().st_mtime_ns != written[seed]) == redone


def test_settings_come_from_a_file_and_flags_go_before_it(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(f'base = "{tiny_base}"\ntrain = ["none.jsonl"]\ndev = "none.jsonl"\n', "utf-8")
    outcome = run("train", file, "--set", f"train={labelled_file}", "--set", "output=x", code=2)
    assert "train/dev/auxiliary: no file 'none.jsonl'" in outcome.stderr
    assert outcome.stderr.count("none.jsonl") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.toml"], "no settings can be read from missing.toml"),
        (["--set", "epochs"], "NAME=VALUE"),
        (["--set", "epoch=2"], "unknown settings ['epoch'], missing settings ['base', 'dev'"),
    ],
)
def test_wrong_use_is_told(arguments: list[str], said: str) -> None:
    assert said in run("train", *arguments, code=2).stderr


def test_export_of_what_is_no_checkpoint(tmp_path: pathlib.Path, labelled_file: Any) -> None:
    outcome = run("export", tmp_path, "-o", tmp_path / "x", "--dev", labelled_file, code=2)
    assert "holds no conflict_nlp.json" in outcome.stderr


def interrupt_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Ctrl-C in the n-th step of a run."""
    forward, count = ConflictModel.forward, 0

    def learning(self: ConflictModel, *given: Any, **named: Any) -> dict[str, Any]:
        nonlocal count
        count += 1
        if count == step:
            signal.raise_signal(signal.SIGINT)
        return forward(self, *given, **named)

    monkeypatch.setattr(ConflictModel, "forward", learning)


@pytest.fixture
def config(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> TrainConfig:
    settings = settings_for(checkpoint, labelled_file, tmp_path / "broken")
    return dataclasses.replace(settings, pooling="label", epochs=6, average=0.9)


def break_off(config: TrainConfig, step: int) -> dict[str, torch.Tensor]:
    """Ctrl-C in the n-th step of a run; gives the weights that it leaves."""
    with pytest.MonkeyPatch.context() as context:
        interrupt_at(context, step)
        with pytest.raises(KeyboardInterrupt, match=r"stopped after \d+ of \d+ steps"):
            train(config)
    return load_file(pathlib.Path(config.output) / "model.safetensors")


def resumed_like_unbroken(config: TrainConfig, whole: pathlib.Path) -> dict[str, torch.Tensor]:
    """Go on with a run, check that it ends like an unbroken one, and give those weights."""
    expected = weights_after(dataclasses.replace(config, output=str(whole)))
    train(config, resume=True)
    resumed = load_file(pathlib.Path(config.output) / "model.safetensors")
    assert all(torch.equal(expected[name], resumed[name]) for name in expected)
    return expected


def test_a_run_broken_off_and_resumed_ends_like_an_unbroken_one(
    config: TrainConfig, tmp_path: pathlib.Path
) -> None:
    usable = break_off(config, 4)
    whole = resumed_like_unbroken(config, tmp_path / "whole")
    assert usable.keys() == whole.keys()
    assert not torch.equal(usable["event_head.weight"], whole["event_head.weight"])


def test_the_command_says_how_to_go_on(
    tiny_base: pathlib.Path,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = flags(tiny_base, labelled_file, tmp_path / "out", epochs=3)
    with monkeypatch.context() as context:
        interrupt_at(context, 2)
        outcome = run("train", *given, code=130)
    assert "the same run with --resume (resume=True) goes on from there" in outcome.stderr
    assert "checkpoint in" in run("train", *given, "--resume").stdout


def test_a_run_is_resumed_with_its_own_settings(config: TrainConfig) -> None:
    break_off(config, 4)
    with pytest.raises(DataError, match="had other settings: epochs, learning_rate"):
        train(dataclasses.replace(config, epochs=7, learning_rate=1.0), resume=True)
    train(config)  # anew


def test_early_stopping_keeps_the_best_epoch(
    config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.1, 0.5, 0.4, 0.3, 0.9])
    monkeypatch.setattr("conflict_nlp.learning.trainer.dev_macro_f1", lambda *_: next(scores))
    kept: dict[int, Any] = {}
    save = WeightAverage.on_save

    def keeping(self: WeightAverage, args: Any, state: Any, *given: Any, **named: Any) -> None:
        save(self, args, state, *given, **named)
        folder = pathlib.Path(args.output_dir) / f"checkpoint-{state.global_step}"
        kept[round(state.epoch)] = load_file(folder / "mean.safetensors")

    monkeypatch.setattr(WeightAverage, "on_save", keeping)
    train(dataclasses.replace(config, patience=2))
    assert sorted(kept) == [1, 2, 3, 4]
    final = load_file(pathlib.Path(config.output) / "model.safetensors")
    assert all(torch.equal(final[name], kept[2][name]) for name in kept[2])


def test_lora_trains_the_encoder_and_leaves_a_plain_one(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    pytest.importorskip("peft", reason="low-rank updates need the tune extra")
    config = settings_for(tiny_base, labelled_file, tmp_path / "lora")
    before = load_file(tiny_base / "model.safetensors")
    train(dataclasses.replace(config, lora_rank=2, learning_rate=0.01))
    after = load_file(tmp_path / "lora" / "model.safetensors")
    name = "encoder.layer.1.attention.self.query.weight"
    assert not torch.equal(before[name], after[f"encoder.{name}"])
    assert not [name for name in after if "lora" in name]
    embeddings = "embeddings.word_embeddings.weight"
    assert torch.equal(before[embeddings], after[f"encoder.{embeddings}"])


def test_two_batches_can_make_one_step(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    config = settings_for(tiny_base, labelled_file, tmp_path / "few")
    few = dataclasses.replace(config, batch_size=2, gradient_accumulation=5, max_length=32)
    with pytest.MonkeyPatch.context() as context:
        steps: list[int] = []
        context.setattr(
            WeightAverage, "on_step_end", lambda self, args, state, *_, **__: steps.append(1)
        )
        train(dataclasses.replace(few, average=0.5))
    assert len(steps) == 1


def test_a_checkpoint_torn_by_a_crash_is_passed_over(
    config: TrainConfig, tmp_path: pathlib.Path
) -> None:
    break_off(config, 8)
    steps = pathlib.Path(config.output) / "trainer"
    newest = max(steps.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    (newest / "mean.safetensors").unlink()
    resumed_like_unbroken(config, tmp_path / "whole")


def test_words_hidden_after_a_break_are_those_of_an_unbroken_run(
    config: TrainConfig, tmp_path: pathlib.Path
) -> None:
    config = dataclasses.replace(config, word_dropout=0.3)
    break_off(config, 4)
    resumed_like_unbroken(config, tmp_path / "whole")


def test_a_run_is_not_gone_on_with_on_other_data(
    config: TrainConfig, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    data = tmp_path / "data.jsonl"
    lines = labelled_file.read_text("utf-8").splitlines()
    data.write_text("\n".join(lines), "utf-8")
    config = dataclasses.replace(config, train=(str(data),))
    break_off(config, 4)
    data.write_text("\n".join(lines[:-1]), "utf-8")
    with pytest.raises(DataError, match="had other settings: data"):
        train(config, resume=True)


def test_a_run_that_fails_leaves_the_record_of_the_weights_that_are_there(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    output, bad = tmp_path / "out", tmp_path / "bad.jsonl"
    run("train", *flags(tiny_base, labelled_file, output))
    kept = {
        name: (output / name).read_bytes()
        for name in ("model.safetensors", "training.json", "dev_scores.json")
    }
    bad.write_text('{"text": "نص", "events": ["shellling"]}\n', "utf-8")
    assert "shelling" in run("train", *flags(tiny_base, bad, output), code=2).stderr
    assert all((output / name).read_bytes() == content for name, content in kept.items())


def test_what_was_learnt_until_ctrl_c_can_be_exported(
    tiny_base: pathlib.Path,
    labelled_file: pathlib.Path,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = flags(tiny_base, labelled_file, tmp_path / "out", epochs=3)
    with monkeypatch.context() as context:
        interrupt_at(context, 3)
        run("train", *given, code=130)
    run("export", tmp_path / "out", "-o", tmp_path / "model")
