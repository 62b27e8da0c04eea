"""Which found span is which annotated one."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["match"]

Span = tuple[int, int]


def match(text: str, annotated: Sequence[Span], found: Sequence[Span]) -> dict[int, int]:
    """Pair annotated and found spans; best overlaps first, each span once.

    Two match where at least half of the words of the longer one overlap.

    Args:
        text: the sentence.
        annotated: spans ``(start, end)`` in it.
        found: likewise.

    Returns:
        Index of the found span of each annotated one that has any.

    Example:
        >>> match("قصفت قوات النظام البلدة", [(5, 16)], [(0, 4), (10, 16)])
        {0: 1}
    """
    left, right = [[_words(text, span) for span in spans] for spans in (annotated, found)]
    shares = [
        (len(a & b) / max(len(a), len(b), 1), -i, -j)
        for i, a in enumerate(left)
        for j, b in enumerate(right)
    ]
    pairs: dict[int, int] = {}
    for share, i, j in sorted(shares, reverse=True):
        if share >= 0.5 and -i not in pairs and -j not in pairs.values():
            pairs[-i] = -j
    return pairs


def _words(text: str, span: Span) -> set[int]:
    """Which words of the text a span touches: a clitic belongs to its word."""
    found = enumerate(re.finditer(r"\w+", text))
    return {i for i, word in found if word.start() < span[1] and word.end() > span[0]}
