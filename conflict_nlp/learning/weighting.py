"""How much each class counts in the loss, and how fast each part of the model learns."""

from __future__ import annotations

import collections
import re
import statistics
from collections.abc import Sequence
from typing import Any

from torch import nn

from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.model import ConflictModel, LossWeights

# Encoders call their stack "encoder.layer.3", "transformer.layer.3" or "layers.3".
_LAYER = re.compile(r"\.layers?\.(\d+)\.")


def class_factors(counts: Sequence[int], power: float) -> tuple[float, ...] | None:
    """Factors that raise the weight of rare classes; None at power 0, or without classes."""
    if power == 0 or not counts:
        return None
    middle = statistics.median(counts)
    return tuple(max(1.0, (middle / max(count, 1)) ** power) for count in counts)


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
    """Parameters that learn, by rate: heads, then layers from last to first, then embeddings."""
    layers = model.encoder.config.num_hidden_layers
    groups: dict[tuple[float, float], list[nn.Parameter]] = collections.defaultdict(list)
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        decay = config.weight_decay if parameter.dim() > 1 else 0.0
        groups[_rate(name, layers, config), decay].append(parameter)
    return [
        {"params": parameters, "lr": rate, "weight_decay": decay}
        for (rate, decay), parameters in groups.items()
    ]


def _rate(name: str, layers: int, config: TrainConfig) -> float:
    if not name.startswith("encoder."):
        return config.head_learning_rate
    layer = _LAYER.search(name)
    if layer:
        return config.learning_rate * config.layer_decay ** (layers - 1 - int(layer[1]))
    return config.learning_rate * config.layer_decay ** (layers if "embeddings" in name else 0)
