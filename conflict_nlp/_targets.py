"""Toward whom the stance is asked: a row's request, and where its targets stand in the text."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from conflict_nlp.actors import Lexicon, Mention
from conflict_nlp.errors import DataError
from conflict_nlp.text import MappedText, Normalizer, repair

# Two spellings of a name are the same target; nothing here reaches the model.
FOLDED = Normalizer(alef=True, ya=True, ta_marbuta=True)


def is_missing(value: Any) -> bool:
    """Whether a cell is empty: None, NaN, or what pandas puts in their place."""
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


@dataclass(frozen=True, slots=True)
class Request:
    """One row as received: anything may stand in either field."""

    text: Any
    target: Any

    @property
    def topic(self) -> str | None:
        """The target asked for, mended; None where every actor found is wanted."""
        return None if is_missing(self.target) else mended(self.target)

    def problem(self) -> str | None:
        """What is wrong with the row, with what is accepted; None if it can be used."""
        if not is_missing(self.text) and not isinstance(self.text, str):
            return f"text is of type {type(self.text).__name__}; accepted is a string (str)"
        if is_missing(self.target):
            return None
        if not isinstance(self.target, str):
            return (
                f"target is of type {type(self.target).__name__}; accepted is a string, or None "
                "for every actor found"
            )
        if not re.search(r"\w", mended(self.target)):
            return f"target {self.target!r} holds no letter; give a name or a topic, or None"
        return None


def requests_of(
    texts: Iterable[Any], target: str | Iterable[str | None] | None
) -> Iterator[Request]:
    """Texts with their targets: one target for all, or one a text.

    Raises:
        DataError: once one of the two is exhausted, there are more of the other.
    """
    if target is None or isinstance(target, str):
        yield from (Request(text, target) for text in texts)
        return
    nothing = object()
    pairs = itertools.zip_longest(texts, target, fillvalue=nothing)
    for number, (text, wish) in enumerate(pairs):
        if text is nothing or wish is nothing:
            shorter, longer = ("texts", "targets") if text is nothing else ("targets", "texts")
            raise DataError(
                f"there are {number} {shorter} but more {longer}. Give one target for all, or one "
                "a text (None where every actor found is wanted)."
            )
        yield Request(text, wish)


@dataclass(frozen=True, slots=True)
class FoundTarget:
    """A target and its place in the original text; no place for a topic it does not name."""

    text: str
    start: int | None
    end: int | None
    actor: str | None

    @property
    def span(self) -> tuple[int, int] | None:
        """Start and end, if the text names the target."""
        return None if self.start is None or self.end is None else (self.start, self.end)


def find_targets(
    request: Request, repaired: MappedText, mentions: Sequence[Mention], lexicon: Lexicon
) -> list[FoundTarget]:
    """The target asked for, or every actor that the text names.

    Args:
        request: the row.
        repaired: its text, repaired.
        mentions: the actors that the text names.
        lexicon: where the mentions come from.
    """
    text, topic = request.text, request.topic
    if topic is None:
        return [FoundTarget(text[m.start : m.end], m.start, m.end, m.actor.id) for m in mentions]
    span = locate(repaired, topic)
    if span is None:
        named = lexicon.named(topic)
        return [FoundTarget(request.target, None, None, named.id if named else None)]
    # The words around a name may have told who it is.
    within = [m.actor for m in mentions if _same(span, (m.start, m.end))]
    actor = within[0] if within else lexicon.named(topic)
    return [FoundTarget(text[slice(*span)], *span, actor.id if actor else None)]


def _same(target: tuple[int, int], mention: tuple[int, int]) -> bool:
    """Whether a mention holds at least half of a target's letters, and is not just one of many."""
    shared = min(target[1], mention[1]) - max(target[0], mention[0])
    return shared * 2 >= target[1] - target[0]


@lru_cache(maxsize=1024)
def mended(target: str) -> str:
    """A target's name without the dirt of its text."""
    return repair(target).text.strip()


@lru_cache(maxsize=1024)
def _patterns(topic: str) -> tuple[re.Pattern[str], ...]:
    """Ways in which a text names a topic, the plainest first; the name is the group."""
    words = FOLDED(topic).text.split()
    name = r"\s+".join(map(re.escape, words))
    # Attached و ف ب ل ك س are common; a name inside another word is another name.
    found = [rf"(?<!\w)({name})(?!\w)", rf"(?<!\w)[وف]?[بلكس]?({name})(?!\w)"]
    if words and words[0].startswith("ال"):
        # ل swallows the article's alef, and the span keeps what is fused: للجيش.
        found.append(rf"(?<!\w)[وف]?(لل{name[2:]})(?!\w)")
    return tuple(map(re.compile, found))


def locate(repaired: MappedText, topic: str) -> tuple[int, int] | None:
    """Original span of a target: as a word of its own, else behind attached letters.

    Args:
        repaired: the text, repaired.
        topic: the target's name, mended.
    """
    folded = FOLDED(repaired)
    for pattern in _patterns(topic):
        match = pattern.search(folded.text)
        if match:
            return folded.span_to_original(*match.span(1))
    return None
