"""Labelled sentences as the tensors that the model trains on."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from conflict_nlp._encoding import Encoded, Encoder
from conflict_nlp.learning.examples import Example, LabelScheme, SoftLabels, one_hot
from conflict_nlp.text import repair


class SentenceDataset(Dataset[dict[str, Any]]):
    """Examples as model inputs, encoded once.

    Args:
        examples: labelled sentences.
        scheme: the model's labels.
        encoder: tokenizer and normalisation of the backbone.
        topic_share: share of the sentences with targets that are also shown with one target as
            second segment, so that the model learns to judge topics a sentence does not name.
        seed: seed of that choice.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        scheme: LabelScheme,
        encoder: Encoder,
        topic_share: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._items = [
            sentence_item(example, scheme, encoder)
            for example in examples
            if example.events is not None
            or example.stance is not None
            or example.soft is not None
            or any(target.span is not None for target in example.targets)
        ]
        for text, topic, stance in _topics(examples, topic_share, random.Random(seed)):
            self._items.append(topic_item(text, topic, stance, scheme, encoder))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self._items[index]


def sentence_item(example: Example, scheme: LabelScheme, encoder: Encoder) -> dict[str, Any]:
    """A sentence with its named targets, as the model reads it."""
    encoded = encoder.encode(repair(example.text))
    spans = [target.span for target in example.targets if target.span is not None]
    return _item(encoded, spans, scheme.targets_of(example))


def topic_item(
    text: str, topic: str, stance: str | None, scheme: LabelScheme, encoder: Encoder
) -> dict[str, Any]:
    """A sentence with a topic as second segment, for the stance toward that alone."""
    encoded = encoder.encode(repair(text), repair(topic).text)
    sentence = scheme.targets_of(Example("", text, None, None))
    toward = one_hot(scheme.stance_index(stance), len(scheme.stances))
    return _item(encoded, [], replace(sentence, stances=(*sentence.stances, toward)))


def _item(encoded: Encoded, spans: list[tuple[int, int]], aims: SoftLabels) -> dict[str, Any]:
    return {
        "input_ids": torch.tensor(encoded.ids),
        # Special and topic tokens have no place in the text.
        "own": torch.tensor([end > 0 for _, end in encoded.spans]),
        "target_masks": torch.from_numpy(encoded.target_masks(spans)),
        "events": torch.tensor(aims.events),
        "primary": torch.tensor(aims.primary),
        "stance": torch.tensor(aims.stances),
    }


def _topics(
    examples: Sequence[Example], share: float, chance: random.Random
) -> Iterator[tuple[str, str, str]]:
    """Sentence, topic and stance: topics labelled as such, and a share of the named targets."""
    names = sorted({target.text for example in examples for target in example.targets})
    for example in examples:
        for target in example.targets:
            if target.span is None:
                yield example.text, target.text, target.stance
        if example.targets and chance.random() < share:
            target = chance.choice(example.targets)
            yield example.text, target.text, target.stance
            # An actor that the sentence does not mention: no stance can be read.
            other = chance.choice(names)
            if chance.random() < 0.3 and other not in example.text:
                yield example.text, other, "none"


@dataclass(frozen=True)
class Collator:
    """Pads a batch to its longest sentence and to its largest number of targets.

    Attributes:
        pad_id: id of the padding token.
    """

    pad_id: int

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, Tensor]:
        """Tensors of one batch, by the names of the model's arguments.

        ``own`` besides marks the sentence's own tokens, which are neither special nor a topic's.
        """
        size = len(items)
        length = max(len(item["input_ids"]) for item in items)
        rows = max(len(item["stance"]) for item in items)
        ids = torch.full((size, length), self.pad_id)
        attention = torch.zeros(size, length, dtype=torch.long)
        own = torch.zeros(size, length, dtype=torch.bool)
        masks = torch.zeros(size, rows, length)
        stance = torch.zeros(size, rows, items[0]["stance"].shape[-1])
        for place, item in enumerate(items):
            tokens, targets = len(item["input_ids"]), len(item["stance"])
            ids[place, :tokens] = item["input_ids"]
            own[place, :tokens] = item["own"]
            attention[place, :tokens] = 1
            masks[place, :targets, :tokens] = item["target_masks"]
            stance[place, :targets] = item["stance"]
        return {
            "input_ids": ids,
            "attention_mask": attention,
            "own": own,
            "target_masks": masks,
            "events": torch.stack([item["events"] for item in items]),
            "primary": torch.stack([item["primary"] for item in items]),
            "stance": stance,
        }
