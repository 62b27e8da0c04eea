"""Fine-tuning with the Hugging Face Trainer."""

from __future__ import annotations

import collections
import dataclasses
import pathlib
import random
import statistics
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers import (
    PretrainedConfig,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    get_linear_schedule_with_warmup,
    set_seed,
)

from conflict_nlp import codebook
from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import SETTINGS_FILE, TOKENIZER_FILE, ModelSettings
from conflict_nlp.errors import DataError
from conflict_nlp.learning.checkpoint import (
    continued_model,
    load_encoder,
    new_model,
    save_checkpoint,
)
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.data import Collator, SentenceDataset
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.model import ConflictModel, LossWeights
from conflict_nlp.learning.read import read_labelled

STANDARDISING = 512  # sentences that mean and deviation of the features are taken from


def class_factors(counts: Sequence[int], power: float) -> tuple[float, ...] | None:
    """Factors that raise the weight of classes rarer than the median; None at power 0."""
    if power == 0:
        return None
    middle = statistics.median(counts)
    return tuple(max(1.0, (middle / max(count, 1)) ** power) for count in counts)


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


def loss_weights(
    examples: Sequence[Example], scheme: LabelScheme, config: TrainConfig
) -> LossWeights:
    """Weights of the loss, from the label counts of the training data."""
    events = collections.Counter(e for example in examples for e in example.events or ())
    stances = collections.Counter(
        stance
        for example in examples
        for stance in (example.stance, *(target.stance for target in example.targets))
    )
    return LossWeights(
        primary=config.primary_weight,
        stance=config.stance_weight,
        positive=class_factors([events[e] for e in scheme.events], config.positive_power),
        stance_classes=class_factors([stances[s] for s in scheme.stances], config.stance_power),
        focus=config.focus,
    )


def parameter_groups(model: ConflictModel, config: TrainConfig) -> list[dict[str, Any]]:
    """Parameters by learning rate: heads, then layers from last to first, then embeddings."""
    layers = model.encoder.config.num_hidden_layers
    rates = {
        f"encoder.encoder.layer.{index}.": config.learning_rate
        * config.layer_decay ** (layers - 1 - index)
        for index in range(layers)
    }
    rates["encoder.embeddings."] = config.learning_rate * config.layer_decay**layers
    groups: dict[tuple[float, float], list[nn.Parameter]] = collections.defaultdict(list)
    for name, parameter in model.named_parameters():
        rate = next(
            (value for start, value in rates.items() if name.startswith(start)),
            config.head_learning_rate,
        )
        decay = config.weight_decay if parameter.dim() > 1 else 0.0
        groups[rate, decay].append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
    ]


class WeightAverage(TrainerCallback):
    """Keeps a running mean of the weights and puts it into the model when training ends."""

    def __init__(self, model: ConflictModel, decay: float) -> None:
        self._model = model
        self._decay = decay
        self._mean: dict[str, torch.Tensor] = {}
        self._steps = 0

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        """Start from the weights as they are, on the device that they are on by now."""
        self._mean = {n: p.detach().clone() for n, p in self._model.named_parameters()}

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Move the mean toward the current weights, faster in the first steps."""
        self._steps += 1
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        with torch.no_grad():
            for name, parameter in self._model.named_parameters():
                self._mean[name].lerp_(parameter, 1 - decay)

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """Replace the model's weights by their mean."""
        with torch.no_grad():
            for name, parameter in self._model.named_parameters():
                parameter.copy_(self._mean[name])


def train(config: TrainConfig) -> ConflictModel:
    """Fine-tune an encoder on labelled sentences and write the checkpoint.

    Args:
        config: settings of the run.

    Returns:
        The trained model, in evaluation mode.

    Raises:
        DataError: the settings or the data cannot be used.
    """
    config.checked()
    set_seed(config.seed)
    base, output = pathlib.Path(config.base), pathlib.Path(config.output)
    examples = [example for path in config.train for example in read_labelled(path)]
    auxiliary = [example for path in config.auxiliary for example in read_labelled(path)]
    dev = read_labelled(config.dev)
    if config.labels == "data":
        scheme = LabelScheme.of([*examples, *auxiliary, *dev])
    else:
        scheme = LabelScheme(codebook.EVENTS, codebook.STANCES, codebook.CODEBOOK_VERSION)
    for example in [*examples, *auxiliary, *dev]:
        scheme.check(example)
    settings = ModelSettings(
        name=config.name,
        base=config.base_name or base.name,
        events=scheme.events,
        stances=scheme.stances,
        codebook=scheme.codebook,
        max_length=config.max_length,
        pooling=config.pooling,
        single_label=scheme.single_label,
    )
    if config.rows is not None:
        examples = random.Random(config.seed).sample(examples, min(config.rows, len(examples)))
    onward = (base / SETTINGS_FILE).exists()
    if onward:
        model = continued_model(
            base, settings, config.dropout, config.encoder_dropout, config.drop_layers
        )
    else:
        model = new_model(base, settings, config.dropout, config.layers, config.encoder_dropout)
    model.loss_weights = loss_weights(examples, scheme, config)
    examples += auxiliary
    encoder = load_encoder(settings, base)
    data = SentenceDataset(examples, scheme, encoder, config.topic_share, config.seed)
    collate = Collator(model.encoder.config.pad_token_id)
    hiding = dataclasses.replace(
        collate, mask_id=mask_token(encoder, config.word_dropout), word_dropout=config.word_dropout
    )
    if not onward:
        model.standardise(
            collate([data[i] for i in range(start, min(start + config.batch_size, len(data)))])
            for start in range(0, min(len(data), STANDARDISING), config.batch_size)
        )
    steps = -(-len(data) // config.batch_size) * config.epochs
    optimizer = torch.optim.AdamW(parameter_groups(model, config), lr=config.learning_rate)
    schedule = get_linear_schedule_with_warmup(optimizer, int(config.warmup * steps), steps)
    arguments = TrainingArguments(
        output_dir=str(output / "trainer"),
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch_size,
        train_sampling_strategy="group_by_length",
        logging_steps=50,
        save_strategy="no",
        dataloader_pin_memory=False,
        report_to=[],
        remove_unused_columns=False,
        seed=config.seed,
        data_seed=config.data_seed,
    )
    callbacks: list[TrainerCallback] = (
        [WeightAverage(model, config.average)] if config.average else []
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=data,
        data_collator=hiding,
        optimizers=(optimizer, schedule),
        callbacks=callbacks,
    )
    trainer.train()
    # Training sentences are cut short to save time; in use the encoder's whole length is open.
    saved = dataclasses.replace(settings, max_length=longest_input(model.encoder.config))
    save_checkpoint(model, saved, base / TOKENIZER_FILE, output)
    return model.eval()
