"""Which quotation marks and brackets of a paragraph belong together.

Dirty text has quotes without direction, entities in place of quotes, and quotes that are never
closed. Only a pair that is found whole and holds few enough words counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Enclosure", "enclosures"]

MAX_WORDS = 60

_AMP = r"&?(?:amp;){0,4}"
_TOKEN = re.compile(
    rf"(?P<open>[«“„‹(\[{{]|{_AMP}(?:laquo|ldquo);)"
    rf"|(?P<close>[»›)\]}}]|{_AMP}(?:raquo|rdquo);)"
    # ” opens in some papers and closes in others; ’ is an apostrophe too, as ' is.
    rf"|(?P<either>[\"”]|''|{_AMP}(?:(?<![A-Za-z0-9])|(?<=[;&]))(?:quot|\#0*34);|['’‘])"
)
_KIND = {"“": '"', "”": '"', "„": '"', "«": "«", "»": "«", "‹": "‹", "›": "‹", "(": "(", ")": "(",
         "[": "[", "]": "[", "{": "{", "}": "{", "'": "'", "’": "'", "‘": "'"}  # fmt: skip
_AFTER_OPENING = re.compile(r"\w|[«“\"'(\[…#@.]|&")
# Written together with the word after them: لـ"داعش"، بـ"النصرة"، و"قسد".
_CLITIC = re.compile(r"(?:^|[\s(«“])[وفبلك]?(?:[وفبلك]|ال|لل)ـ*$")


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A quotation or bracket: ``opened`` and ``closed`` are the spans of its two marks."""

    opened: tuple[int, int]
    closed: tuple[int, int]
    words: int

    @property
    def holds(self) -> bool:
        """Whether it is short enough to keep its sentences together."""
        return self.words <= MAX_WORDS


def _kind(mark: str) -> str:
    if mark in _KIND:
        return _KIND[mark]
    return "«" if "aquo" in mark else '"'


def _opens(text: str, start: int, end: int) -> bool | None:
    """Say whether a mark without direction opens; None when its neighbours do not tell."""
    before = text[start - 1 : start]
    after = text[end : end + 1]
    space_before = not before or before.isspace() or before in "([{«“:،-–—/"
    space_after = not after or after.isspace() or after in ")]}»”.،؛:؟!?,…-–—/"
    if space_before != space_after:
        return space_before
    if not space_before and _CLITIC.search(text, max(0, start - 6), start):
        return True
    return None


def enclosures(text: str, start: int, end: int) -> list[Enclosure]:
    """Pair the quotes and brackets of a paragraph.

    Args:
        text: the whole text.
        start: where the paragraph begins.
        end: where it ends.

    Returns:
        The pairs in the order of their closing marks.
    """
    # Words before each character would cost memory; counting between tokens is enough.
    open_marks: list[tuple[str, int, int, int]] = []
    waiting: dict[str, int] = {}
    found: list[Enclosure] = []
    words = 0
    at = start
    for match in _TOKEN.finditer(text, start, end):
        words += len(text[at : match.start()].split())
        at = match.end()
        mark = match[0]
        kind = _kind(mark)
        opening = match["open"] is not None
        if match["either"] is not None:
            direction = _opens(text, match.start(), match.end())
            if kind == "'" and direction is None:
                continue  # an apostrophe
            opening = direction if direction is not None else not waiting.get(kind)
        if opening:
            open_marks.append((kind, match.start(), match.end(), words))
            waiting[kind] = waiting.get(kind, 0) + 1
            continue
        if not waiting.get(kind):
            continue
        # Whatever was opened since and not closed is unbalanced.
        while open_marks:
            other, opened_at, opened_to, words_before = open_marks.pop()
            waiting[other] -= 1
            if other == kind:
                pair = Enclosure((opened_at, opened_to), match.span(), words - words_before)
                found.append(pair)
                break
    return found
