"""Toward whom the stance is asked: a row's request, and where its targets stand in the text."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from conflict_nlp.actors import Lexicon
from conflict_nlp.text import MappedText, Normalizer, repair

# Two spellings of a name are the same target; nothing here reaches the model.
_FOLDED = Normalizer(alef=True, ya=True, ta_marbuta=True)


@dataclass(frozen=True, slots=True)
class Request:
    """One row as received: anything may stand in either field."""

    text: Any
    target: Any

    @property
    def missing(self) -> bool:
        """Whether there is no text at all: None, or a table's NaN."""
        return self.text is None or (isinstance(self.text, float) and math.isnan(self.text))

    def problem(self) -> str | None:
        """What is wrong with the row, with what is accepted; None if it can be used."""
        if not self.missing and not isinstance(self.text, str):
            return f"text is of type {type(self.text).__name__}; accepted is a string (str)"
        if self.target is None:
            return None
        if not isinstance(self.target, str):
            return (
                f"target is of type {type(self.target).__name__}; accepted is a string, or None "
                "for every actor found"
            )
        if not re.search(r"\w", repair(self.target).text):
            return f"target {self.target!r} holds no letter; give a name or a topic, or None"
        return None


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


def find_target(
    text: str, repaired: MappedText, target: str | None, lexicon: Lexicon
) -> list[FoundTarget]:
    """The target asked for, or every actor that the text names."""
    if target is None:
        return [
            FoundTarget(
                text[mention.start : mention.end], mention.start, mention.end, mention.actor.id
            )
            for mention in lexicon.find(repaired)
        ]
    known = [mention.actor.id for mention in lexicon.find(target)]
    actor = known[0] if known else None
    span = _locate(repaired, target)
    if span is None:
        return [FoundTarget(target, None, None, actor)]
    return [FoundTarget(text[slice(*span)], *span, actor)]


def _locate(repaired: MappedText, target: str) -> tuple[int, int] | None:
    """Original span of a target: as a word of its own, else behind attached letters."""
    folded, name = _FOLDED(repaired), _FOLDED(repair(target)).text.strip()
    wanted = re.escape(name)
    # Attached و ف ب ل ك س are common; a name inside another word is another name.
    for pattern in (rf"(?<!\w){wanted}(?!\w)", rf"(?<!\w)[وف]?[بلكس]?{wanted}(?!\w)"):
        match = re.search(pattern, folded.text)
        if match:
            return folded.span_to_original(match.end() - len(name), match.end())
    return None
