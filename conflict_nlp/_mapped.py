"""Text that knows where each of its characters came from."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Draft", "Edit", "MappedText", "edits_of"]

Edit = tuple[int, int, str]
"""Replace ``text[start:end]`` by the string."""


@dataclass(frozen=True, slots=True)
class MappedText:
    """A text made from another one, with the way back.

    Text that nothing was changed in carries two ``range`` objects, so that it costs no memory
    however long it is.

    Attributes:
        text: the text as it is now.
        offsets: for each character, the index in the original of what it came from.
        ends: for each character, the index just past what it came from in the original.

    Example:
        >>> from conflict_nlp.text import repair
        >>> mended = repair("قـــال quot;لاquot;")
        >>> mended.text
        'قال "لا"'
        >>> mended.span_to_original(0, 3)
        (0, 6)
    """

    text: str
    offsets: tuple[int, ...] | range
    ends: tuple[int, ...] | range

    def span_to_original(self, start: int, end: int) -> tuple[int, int]:
        """Say where in the original a span of this text stands.

        Args:
            start: first character of the span in ``text``; clamped.
            end: one past its last character; clamped.

        Returns:
            Start and end in the original. An empty span gives an empty span.

        Example:
            >>> from conflict_nlp.text import repair
            >>> repair("  حلب").span_to_original(0, 3)
            (2, 5)
        """
        size = len(self.text)
        start = min(max(start, 0), size)
        end = min(max(end, 0), size)
        if start < end:
            return self.offsets[start], self.ends[end - 1]
        if size == 0:
            return 0, 0
        point = self.offsets[start] if start < size else self.ends[-1]
        return point, point

    def span_from_original(self, start: int, end: int) -> tuple[int, int]:
        """Find the smallest span of this text that covers a span of the original.

        Args:
            start: first character of the span in the original.
            end: one past its last character.

        Returns:
            Start and end in ``text``; an empty span where all of it was taken out.

        Example:
            >>> from conflict_nlp.text import repair
            >>> repair("  حلب").span_from_original(0, 3)
            (0, 1)
        """
        first = bisect_right(self.ends, start)
        if end <= start:
            return first, first
        return first, max(first, bisect_left(self.offsets, end))


class Draft:
    """A text under repair: edits change it and its offsets together."""

    __slots__ = ("ends", "offsets", "text")

    def __init__(self, source: str | MappedText) -> None:
        self.offsets: list[int] | tuple[int, ...] | range
        self.ends: list[int] | tuple[int, ...] | range
        if isinstance(source, MappedText):
            self.text, self.offsets, self.ends = source.text, source.offsets, source.ends
        else:
            size = len(source)
            self.text, self.offsets, self.ends = source, range(size), range(1, size + 1)

    def apply(self, edits: Iterable[Edit], *, attach: bool = False) -> bool:
        """Make edits, given in order and without overlap; say whether anything changed.

        With ``attach``, what is deleted still belongs to the character before it, so that the
        span of a word in the original includes the diacritic on its last letter.
        """
        text, old_offsets, old_ends = self.text, self.offsets, self.ends
        pieces: list[str] = []
        offsets: list[int] = []
        ends: list[int] = []
        done = 0
        changed = False
        for start, end, new in edits:
            if text[start:end] == new:
                continue
            changed = True
            if done < start:
                pieces.append(text[done:start])
                # Slices are copied in C: the cost is that of the edits, not of the characters.
                offsets += old_offsets[done:start]
                ends += old_ends[done:start]
            if new:
                pieces.append(new)
                offsets += [old_offsets[start]] * len(new)
                ends += [old_ends[end - 1]] * len(new)
            elif attach and start and ends and not text[start - 1].isspace():
                ends[-1] = old_ends[end - 1]
            done = end
        if changed:
            pieces.append(text[done:])
            offsets += old_offsets[done:]
            ends += old_ends[done:]
            self.text, self.offsets, self.ends = "".join(pieces), offsets, ends
        return changed

    def translate(self, table: dict[int, int]) -> bool:
        """Exchange single characters for single characters; offsets stay as they are."""
        new = self.text.translate(table)
        changed = new != self.text
        self.text = new
        return changed

    def done(self) -> MappedText:
        """Freeze what was made."""
        offsets, ends = self.offsets, self.ends
        return MappedText(
            self.text,
            tuple(offsets) if isinstance(offsets, list) else offsets,
            tuple(ends) if isinstance(ends, list) else ends,
        )


def edits_of(
    pattern: re.Pattern[str], text: str, replace: str | Callable[[re.Match[str]], str]
) -> Iterator[Edit]:
    """Yield an edit for each match of a pattern."""
    for match in pattern.finditer(text):
        new = replace if isinstance(replace, str) else replace(match)
        yield match.start(), match.end(), new
