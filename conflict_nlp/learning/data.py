"""Labelled sentences: read them, and turn them into the tensors the model trains on."""

from __future__ import annotations

import difflib
import json
import math
import pathlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from conflict_nlp._encoding import Encoded, Encoder
from conflict_nlp._targets import locate, mended
from conflict_nlp.errors import DataError
from conflict_nlp.text import repair

IGNORED = -100  # what torch's cross-entropy leaves out


@dataclass(frozen=True, slots=True)
class Target:
    """A labelled target: its span in the sentence, or None for a topic it does not name."""

    text: str
    span: tuple[int, int] | None
    stance: str


@dataclass(frozen=True, slots=True)
class SoftLabels:
    """A teacher's probabilities, learnt in place of 0/1 labels (Hinton et al. 2015).

    Attributes:
        events: of each event type.
        primary: of each event type and of no event.
        stances: of each stance, for the sentence and then for each target that it names.
    """

    events: tuple[float, ...]
    primary: tuple[float, ...]
    stances: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled sentence.

    Attributes:
        id: identifier of the sentence, used to report on it without showing its text.
        text: the sentence as received.
        events: event types, most salient first; None where they were not labelled.
        stance: stance of the sentence; None where it was not labelled.
        targets: targets with their stances.
        source: outlet or file, for leave-one-outlet-out evaluation.
        draw: ``random`` where the sentence was drawn evenly from the news.
        soft: a teacher's probabilities, which training prefers to the labels.
    """

    id: str
    text: str
    events: tuple[str, ...] | None
    stance: str | None
    targets: tuple[Target, ...] = ()
    source: str = ""
    draw: str = ""
    soft: SoftLabels | None = None


@dataclass(frozen=True, slots=True)
class LabelScheme:
    """The label set of a model, in the order of its outputs."""

    events: tuple[str, ...]
    stances: tuple[str, ...]
    codebook: str | None = None
    _event_index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index = {name: place for place, name in enumerate(self.events)}
        object.__setattr__(self, "_event_index", index)

    def check(self, example: Example) -> None:
        """Make sure that all labels of a sentence are the model's.

        Raises:
            DataError: one is not; the message names the sentence and the nearest label.
        """
        stances = (example.stance, *(target.stance for target in example.targets))
        for kind, given, known in (
            ("event type", example.events or (), self.events),
            ("stance", [s for s in stances if s is not None], self.stances),
        ):
            for name in given:
                if name not in known:
                    near = difflib.get_close_matches(str(name), known, n=1)
                    hint = f"; perhaps {near[0]!r} is meant" if near else ""
                    raise DataError(
                        f"sentence {example.id}: {name!r} is no {kind}{hint}. "
                        f"Accepted are: {', '.join(known)}."
                    )
        if example.soft is not None:
            self._check_soft(example.id, example.soft, example.targets)

    def _check_soft(self, name: str, soft: SoftLabels, targets: Sequence[Target]) -> None:
        named = sum(target.span is not None for target in targets)
        events, stances = len(self.events), len(self.stances)
        wanted = (events, events + 1, [stances] * (1 + named))
        found = (len(soft.events), len(soft.primary), [len(row) for row in soft.stances])
        if found != wanted:
            raise DataError(
                f"sentence {name}: soft labels of the sizes {found} (events, primary, stances) for "
                f"a model that needs {wanted}. Make them again with a teacher of the same labels."
            )

    def event_vector(self, events: Sequence[str] | None) -> list[float]:
        """0/1 for each event type; NaN throughout where events were not labelled."""
        if events is None:
            return [math.nan] * len(self.events)
        vector = [0.0] * len(self.events)
        for name in events:
            vector[self._event_index[name]] = 1.0
        return vector

    def primary_index(self, events: Sequence[str] | None) -> int:
        """Class of the primary head: the first event, or the last class for no event."""
        if events is None:
            return IGNORED
        return self._event_index[events[0]] if events else len(self.events)

    def stance_index(self, stance: str | None) -> int:
        """Class of the stance head."""
        return IGNORED if stance is None else self.stances.index(stance)

    def targets_of(self, example: Example) -> SoftLabels:
        """What training aims at: the teacher's probabilities, else all of it on the labels.

        NaN stands for events that were not labelled, a row of zeros for a primary event or a
        stance that was not.
        """
        if example.soft is not None:
            return example.soft
        named = [target.stance for target in example.targets if target.span is not None]
        stances = [self.stance_index(stance) for stance in (example.stance, *named)]
        return SoftLabels(
            tuple(self.event_vector(example.events)),
            _one_hot(self.primary_index(example.events), len(self.events) + 1),
            tuple(_one_hot(index, len(self.stances)) for index in stances),
        )


def _one_hot(index: int, size: int) -> tuple[float, ...]:
    return tuple(float(place == index) for place in range(size))


def read_labelled(path: str | pathlib.Path) -> list[Example]:
    """Read labelled sentences from a JSON Lines file.

    Args:
        path: file of objects with ``text`` and, as far as labelled, ``events``, ``stance`` and
            ``targets`` (``text``, ``stance`` and optionally ``start`` and ``end``).

    Raises:
        DataError: a line is not such an object; the message names the line.
    """
    path = pathlib.Path(path)
    examples = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                examples.append(_example(json.loads(line), f"{path.stem}:{number}"))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise DataError(
                    f"{path}, line {number}: not a labelled sentence ({error!r}). Each line is a "
                    'JSON object such as {"text": "…", "events": ["shelling"], "stance": "none", '
                    '"targets": [{"text": "…", "stance": "none"}]}.'
                ) from error
    return examples


def _example(row: dict[str, Any], fallback_id: str) -> Example:
    targets = []
    for target in row.get("targets", ()):
        if target.get("start") is None:
            span = locate(repair(row["text"]), mended(target["text"]))
        else:
            span = (target["start"], target["end"])
        targets.append(Target(target["text"], span, target["stance"]))
    events = row.get("events")
    if isinstance(events, str):
        raise TypeError(f"events is the string {events!r}; a list is accepted")
    soft = row.get("soft")
    return Example(
        id=row.get("id", fallback_id),
        text=row["text"],
        events=None if events is None else tuple(events),
        stance=row.get("stance"),
        targets=tuple(targets),
        source=row.get("source", fallback_id.split(":")[0]),
        draw=row.get("draw", ""),
        soft=None
        if soft is None
        else SoftLabels(
            tuple(soft["events"]), tuple(soft["primary"]), tuple(map(tuple, soft["stances"]))
        ),
    )


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
    toward = _one_hot(scheme.stance_index(stance), len(scheme.stances))
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
        mask_id: id of the token that hides a word.
        word_dropout: share of the sentence's own tokens that are hidden, so that no single word or
            name decides a label (after Iyyer et al. 2015, who leave them out).
    """

    pad_id: int
    mask_id: int | None = None
    word_dropout: float = 0.0

    def __call__(self, items: list[dict[str, Any]]) -> dict[str, Tensor]:
        """Tensors of one batch, by the names of the model's arguments."""
        size = len(items)
        length = max(len(item["input_ids"]) for item in items)
        rows = max(len(item["stance"]) for item in items)
        ids = torch.full((size, length), self.pad_id)
        attention = torch.zeros(size, length, dtype=torch.long)
        masks = torch.zeros(size, rows, length)
        stance = torch.zeros(size, rows, items[0]["stance"].shape[-1])
        for place, item in enumerate(items):
            tokens, targets = len(item["input_ids"]), len(item["stance"])
            ids[place, :tokens] = item["input_ids"]
            if self.word_dropout and self.mask_id is not None:
                hidden = item["own"] & (torch.rand(tokens) < self.word_dropout)
                ids[place, :tokens][hidden] = self.mask_id
            attention[place, :tokens] = 1
            masks[place, :targets, :tokens] = item["target_masks"]
            stance[place, :targets] = item["stance"]
        return {
            "input_ids": ids,
            "attention_mask": attention,
            "target_masks": masks,
            "events": torch.stack([item["events"] for item in items]),
            "primary": torch.stack([item["primary"] for item in items]),
            "stance": stance,
        }
