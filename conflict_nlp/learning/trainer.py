"""Fine-tuning with Hugging Face's Trainer."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import random
import shutil
from contextlib import nullcontext
from typing import Any

import torch
from accelerate import PartialState
from transformers import (
    EarlyStoppingCallback,
    PretrainedConfig,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from conflict_nlp import codebook
from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import CALIBRATION_FILE, START_CALIBRATION_FILE, ModelSettings
from conflict_nlp._sources import fingerprint
from conflict_nlp.errors import DataError
from conflict_nlp.learning.backbones import Backbone, backbone_folder, known_backbone
from conflict_nlp.learning.callbacks import MEAN_FILE, StopOnInterrupt, WeightAverage
from conflict_nlp.learning.checkpoint import (
    continued_model,
    keep_start,
    load_encoder,
    new_model,
    read_tokenizer,
    save_checkpoint,
    start_calibration,
)
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.data import Collator, SentenceDataset
from conflict_nlp.learning.dev_score import dev_macro_f1
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.lora import add_lora, merge_lora
from conflict_nlp.learning.model import ConflictModel
from conflict_nlp.learning.predict import predict_torch
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.sentence_trainer import DEV_SCORE, SentenceTrainer
from conflict_nlp.learning.weighting import loss_weights, parameter_groups
from conflict_nlp.text import Normalizer

STANDARDISING = 512  # sentences that mean and deviation of the features are taken from
SAVES = 10  # times in a run that all is saved that is needed to go on
STEPS_FOLDER = "trainer"  # where, inside the output


@dataclasses.dataclass(frozen=True)
class _Labelled:
    """The sentences of a run, and the labels of all of them."""

    train: list[Example]
    auxiliary: list[Example]
    dev: list[Example]
    scheme: LabelScheme


def mask_token(encoder: Encoder, word_dropout: float) -> int | None:
    """Id of the mask token; None where no words are to be hidden.

    Raises:
        DataError: words are to be hidden, but the tokenizer has no mask token.
    """
    if not word_dropout:
        return None
    for name in ("<mask>", "[MASK]"):
        mask = encoder.tokenizer.token_to_id(name)
        if mask is not None:
            return int(mask)
    raise DataError(
        f"word_dropout is {word_dropout}, but the tokenizer has neither <mask> nor [MASK]. Set "
        "word_dropout to 0, or start from an encoder that was pretrained with masks."
    )


def longest_input(config: PretrainedConfig) -> int:
    """Most tokens that an encoder reads; RoBERTa's positions begin after that of the padding."""
    positions = int(config.max_position_embeddings)
    if config.model_type in ("roberta", "xlm-roberta", "camembert"):
        positions -= int(config.pad_token_id) + 1
    return positions


def train(config: TrainConfig, resume: bool = False) -> ConflictModel:
    """Fine-tune an encoder on labelled sentences and write the checkpoint.

    While it runs, all that is needed to go on is saved ten times over the run (with early
    stopping: after each epoch), and on Ctrl-C. Started by ``accelerate launch`` or ``torchrun`` it
    shares the sentences out among the processes.

    Args:
        config: settings of the run.
        resume: go on from where a run of the same settings was broken off, if it was; the end is
            the same as without the break.

    Returns:
        The trained model, in evaluation mode.

    Raises:
        DataError: the settings or the data cannot be used, or the run that was broken off had
            other settings.
        ModelError: the encoder or checkpoint cannot be used, or the output not be written.
        KeyboardInterrupt: after Ctrl-C; what was learnt so far is in the checkpoint.

    Example:
        >>> train(TrainConfig.from_toml("training/configs/from_base.toml"))  # doctest: +SKIP
    """
    config.checked()
    # First of all: only from these does accelerate learn of other processes where there is no GPU.
    arguments = _arguments(config)
    set_seed(config.seed)
    labelled = _labelled(config)
    with PartialState().main_process_first():
        last = _left_off(config, resume)
    base, output = backbone_folder(config.base), pathlib.Path(config.output)
    scheme = labelled.scheme
    settings = _settings(config, scheme, base)
    how = (config.dropout, config.encoder_dropout, config.drop_layers)
    if config.onward:
        model = continued_model(base, settings, *how)
    else:
        model = new_model(base, settings, config.dropout, config.layers, config.encoder_dropout)
    if config.bf16 and PartialState().default_device.type == "cpu":
        # torch's fused attention takes longer backward in bfloat16 there than all the rest.
        model.encoder.set_attn_implementation("eager")
    model.loss_weights = loss_weights(labelled.train, scheme, config)
    encoder = load_encoder(settings, base)
    data = SentenceDataset(
        [*labelled.train, *labelled.auxiliary], scheme, encoder, config.topic_share, config.seed
    )
    collate = Collator(model.encoder.config.pad_token_id)
    if not config.onward:
        model.standardise(
            collate([data[i] for i in range(start, min(start + config.batch_size, len(data)))])
            for start in range(0, min(len(data), STANDARDISING), config.batch_size)
        )
    if config.lora_rank:
        add_lora(model, config.lora_rank)
    average = WeightAverage(model, config.average) if config.average else None
    interruption = StopOnInterrupt()
    callbacks: list[TrainerCallback] = [interruption]
    if average is not None:
        callbacks.append(average)
    if config.patience:
        callbacks.append(EarlyStoppingCallback(config.patience))

    def judge() -> float:
        model.eval()
        with nullcontext() if average is None else average.in_place():
            logits = predict_torch(model, scheme, encoder, labelled.dev)
        model.train()
        return dev_macro_f1(logits, labelled.dev, scheme)

    trainer = SentenceTrainer(
        judge if config.patience else None,
        model=model,
        args=arguments,
        train_dataset=data,
        eval_dataset=data,  # asked for, but judge() knows what to predict
        data_collator=collate,
        word_dropout=config.word_dropout,
        mask_id=mask_token(encoder, config.word_dropout),
        optimizers=(
            torch.optim.AdamW(parameter_groups(model, config), lr=config.learning_rate),
            None,
        ),
        callbacks=callbacks,
    )
    trainer.train(resume_from_checkpoint=last)
    if config.lora_rank:
        merge_lora(model)
    if config.keep_start and _same_labels(ModelSettings.load(base), settings):
        keep_start(model, continued_model(base, settings, *how), config.keep_start)
    calibration = start_calibration(base, settings) if config.onward else None
    # Training sentences are cut short to save time; in use the encoder's whole length is open.
    saved = dataclasses.replace(settings, max_length=longest_input(model.encoder.config))
    if trainer.is_world_process_zero():
        save_checkpoint(model, saved, read_tokenizer(base), output)
        for file in (CALIBRATION_FILE, START_CALIBRATION_FILE):  # of weights that are no more
            (output / file).unlink(missing_ok=True)
        if calibration is not None:
            calibration.save(output / START_CALIBRATION_FILE)
    if interruption.stopped_at is not None:
        raise KeyboardInterrupt(
            f"stopped after {interruption.stopped_at} of {trainer.state.max_steps} steps; {output} "
            "holds what was learnt, and the same run with --resume (resume=True) goes on from there"
        )
    trainer.accelerator.wait_for_everyone()  # another process may still write its last state there
    if trainer.is_world_process_zero():
        shutil.rmtree(output / STEPS_FOLDER)
    return model.eval()


def _same_labels(one: ModelSettings, other: ModelSettings) -> bool:
    return (one.events, one.stances) == (other.events, other.stances)


def _settings(config: TrainConfig, scheme: LabelScheme, base: pathlib.Path) -> ModelSettings:
    """Labels and text handling: a model's own where one is trained onward, else the encoder's."""
    known = known_backbone(config.base, config.base_name)
    settings = ModelSettings(
        name=config.name,
        base=config.base_name or (known.hub if known else base.name),
        events=scheme.events,
        stances=scheme.stances,
        codebook=scheme.codebook,
        max_length=config.max_length,
        single_label=scheme.single_label,
    )
    text: ModelSettings | Backbone | None = ModelSettings.load(base) if config.onward else known
    read: dict[str, Any] = {}
    if text is not None:
        read |= {"normalizer": text.normalizer, "prefix": text.prefix}
    if isinstance(text, ModelSettings):
        read |= {"actor_names": text.actor_names, "pooling": text.pooling}
    if config.actor_names is not None:
        read["actor_names"] = config.actor_names
    if config.pooling is not None:
        read["pooling"] = config.pooling
    if config.normalizer is not None:
        read["normalizer"] = Normalizer.only(*config.normalizer)
    return dataclasses.replace(settings, **read)


def _labelled(config: TrainConfig) -> _Labelled:
    train = [example for path in config.train for example in read_labelled(path)]
    auxiliary = [example for path in config.auxiliary for example in read_labelled(path)]
    dev = read_labelled(config.dev)
    everything = [*train, *auxiliary, *dev]
    if config.labels == "data":
        scheme = LabelScheme.of(everything)
    else:
        scheme = LabelScheme(codebook.EVENTS, codebook.STANCES, codebook.CODEBOOK_VERSION)
    for example in everything:
        scheme.check(example)
    for name, examples in (("train", [*train, *auxiliary]), ("dev", dev)):
        if not any(e.events is not None or e.stances or e.soft for e in examples):
            raise DataError(f"{name}: no sentence with a label in it. Give labelled sentences.")
    if config.rows is not None:
        train = random.Random(config.seed).sample(train, min(config.rows, len(train)))
    return _Labelled(train, auxiliary, dev, scheme)


def _arguments(config: TrainConfig) -> TrainingArguments:
    stopping: dict[str, Any] = {"save_strategy": "steps", "save_steps": 1 / SAVES}
    if config.patience:
        stopping = {
            "save_strategy": "epoch",
            "eval_strategy": "epoch",
            "load_best_model_at_end": True,
            "metric_for_best_model": DEV_SCORE,
            "greater_is_better": True,
        }
    return TrainingArguments(
        output_dir=str(pathlib.Path(config.output) / STEPS_FOLDER),
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch_size,
        gradient_accumulation_steps=config.gradient_accumulation,
        bf16=config.bf16,
        use_cpu=PartialState().default_device.type == "cpu",
        warmup_steps=config.warmup,
        logging_steps=50,
        disable_tqdm=False,
        save_total_limit=2,  # while one is written there is another to go on from
        restore_callback_states_from_checkpoint=True,  # the patience that is left
        dataloader_pin_memory=False,
        report_to=[],
        remove_unused_columns=False,
        seed=config.seed,
        data_seed=config.data_seed,
        **stopping,
    )


def _left_off(config: TrainConfig, resume: bool) -> str | None:
    """Where a run of these settings and data was broken off, if it is to go on from there."""
    folder = pathlib.Path(config.output) / STEPS_FOLDER
    files = [pathlib.Path(path) for path in (*config.train, *config.auxiliary, config.dev)]
    ours = config.as_json()
    ours["data"] = fingerprint([path for path in files if path.exists()])
    record = folder / "config.json"
    if not PartialState().is_main_process:  # the main process has just made it
        return _newest(folder, config) if resume else None
    last = _newest(folder, config) if resume and record.exists() else None
    if last is not None:
        theirs = json.loads(record.read_text("utf-8"))
        differing = sorted(name for name in ours if ours[name] != theirs.get(name))
        if differing:
            raise DataError(
                f"the run broken off in {config.output} had other settings: "
                f"{', '.join(differing)}. Give it these again, or start anew without resume."
            )
        return last
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(ours) + "\n", "utf-8")
    return None


def _newest(folder: pathlib.Path, config: TrainConfig) -> str | None:
    """The newest checkpoint that was written to its end; a crash may have torn the last one."""
    needed = ["trainer_state.json", "optimizer.pt", *([MEAN_FILE] if config.average else [])]
    whole = [
        path
        for path in folder.glob("checkpoint-*")
        if all((path / name).exists() for name in needed)
    ]
    newest = max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)
    return None if newest is None else str(newest)
