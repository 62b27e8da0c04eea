"""A model's logits over labelled sentences, from the torch model or from the exported one."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp._close_calls import CloseCalls
from conflict_nlp._encoding import Encoder
from conflict_nlp._parallel import in_order
from conflict_nlp.errors import DataError
from conflict_nlp.learning.data import sentence_item, topic_item
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.model import ConflictModel
from conflict_nlp.learning.torch_runtime import TorchRuntime
from conflict_nlp.runtime import Runtime
from conflict_nlp.text import repair

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Logits:
    """Raw outputs for a list of sentences, in its order.

    Attributes:
        ids: identifiers of the sentences.
        events: ``[n, events]``.
        primary: ``[n, events + 1]``.
        stance: ``[n + targets, stances]``: for each sentence its own row, then its named targets'.
        rows: sentence index of each stance row, ``[n + targets]``.
    """

    ids: tuple[str, ...]
    events: Floats
    primary: Floats
    stance: Floats
    rows: npt.NDArray[np.int64]

    def save(self, path: str | pathlib.Path) -> None:
        """Write as ``.npz``."""
        np.savez_compressed(
            path,
            ids=np.array(self.ids),
            events=self.events,
            primary=self.primary,
            stance=self.stance,
            rows=self.rows,
        )

    @classmethod
    def load(cls, path: str | pathlib.Path) -> Logits:
        """Read what :meth:`save` wrote."""
        with np.load(path) as file:
            ids = tuple(str(i) for i in file["ids"])
            return cls(ids, file["events"], file["primary"], file["stance"], file["rows"])

    def checked_against(self, examples: Sequence[Example]) -> Logits:
        """These logits, if they belong to the sentences given.

        Raises:
            DataError: they are of other sentences, or in another order.
        """
        if self.ids != tuple(example.id for example in examples):
            raise DataError(
                "the predictions belong to other sentences than the labels given. "
                "Predict the same file again, then compare."
            )
        return self


def predict_torch(
    model: ConflictModel,
    scheme: LabelScheme,
    encoder: Encoder,
    examples: Sequence[Example],
    batch_size: int = 32,
) -> Logits:
    """Logits of the torch model, in batches of similar length.

    Args:
        model: in evaluation mode.
        scheme: the model's labels.
        encoder: the model's text encoder.
        examples: labelled sentences; only their text and the spans of their targets are used.
        batch_size: sentences a forward pass.
    """
    items = [sentence_item(example, scheme, encoder) for example in examples]
    return _gather(examples, _outputs(model, items, batch_size))


def predict_topics(
    model: ConflictModel,
    scheme: LabelScheme,
    encoder: Encoder,
    pairs: Sequence[tuple[str, str]],
    batch_size: int = 32,
) -> Floats:
    """Stance logits ``[n, stances]`` of the torch model toward topics, read as second segments.

    Args:
        model: in evaluation mode.
        scheme: the model's labels.
        encoder: the model's text encoder.
        pairs: sentences with a topic each.
        batch_size: pairs a forward pass.
    """
    items = [topic_item(text, topic, None, scheme, encoder) for text, topic in pairs]
    return np.stack([stance[-1] for _, _, stance in _outputs(model, items, batch_size)])


def _outputs(
    model: ConflictModel, items: Sequence[dict[str, Any]], batch_size: int
) -> list[tuple[Floats, Floats, Floats]]:
    """Event, primary and stance logits of each item, in their order."""
    inputs = [(item["input_ids"].tolist(), item["target_masks"].numpy()) for item in items]
    found = TorchRuntime(model, batch_size).batch(inputs)
    return [(output.events, output.primary, output.stance) for output in found]


def predict_in_use(
    runtime: Runtime,
    encoder: Encoder,
    examples: Sequence[Example],
    topics: Sequence[str] | None = None,
    close_calls: CloseCalls | None = None,
) -> Logits:
    """Logits as in use: of the exported model, one sentence a call, as many calls as cores.

    Args:
        runtime: of the model.
        encoder: of the model.
        examples: labelled sentences; only their text and the spans of their targets are used.
        topics: one for each sentence; the only stance is then the one toward it.
        close_calls: which sentences the model reads once more, for figures of a calibrated model;
            None: none, for fitting a calibration or for soft labels.
    """

    def one(given: tuple[Example, str | None]) -> tuple[Floats, Floats, Floats]:
        example, topic = given
        text = repair(example.text)
        if topic is not None:
            encoded = encoder.encode(text, repair(topic).text)
            output = runtime(encoded.ids, encoded.target_masks([]))
            return output.events, output.primary, output.stance[-1:]
        encoded = encoder.encode(text)
        spans = [target.span for target in example.targets if target.span is not None]
        output = runtime(encoded.ids, encoded.target_masks(spans))
        if close_calls is not None:
            again = close_calls.again(text, (encoded, output))
            if again is not None:
                second = runtime(again.ids, again.target_masks([]))
                output = close_calls.settled(output, second)
        return output.events, output.primary, output.stance

    pairs = zip(examples, topics or (None,) * len(examples), strict=True)
    return _gather(examples, list(in_order(one, pairs)))


def _gather(examples: Sequence[Example], found: list[tuple[Floats, Floats, Floats]]) -> Logits:
    counts = [len(stance) for _, _, stance in found]
    return Logits(
        tuple(example.id for example in examples),
        np.stack([events for events, _, _ in found]),
        np.stack([primary for _, primary, _ in found]),
        np.concatenate([stance for _, _, stance in found]),
        np.repeat(np.arange(len(found)), counts),
    )
