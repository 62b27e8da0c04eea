"""Texts that are the same, or nearly: agency copy is repeated with small changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from datasketch import MinHash, MinHashLSH

from conflict_nlp._targets import FOLDED
from conflict_nlp.text import repair

SIMILAR = 0.8  # Jaccard similarity of the texts' shingles from which they are nearly alike
_SHINGLE = 5  # characters
_PERMUTATIONS = 64


def same_text(text: str) -> str:
    """What texts share that differ in nothing but dirt, spelling variants and punctuation.

    Example:
        >>> same_text("سيطر على المنطقه!") == same_text("سيطر علي  المنطقة")
        True
    """
    return " ".join(re.findall(r"\w+", FOLDED(repair(text)).text.lower()))


def similar_pairs(keys: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of nearly the same text, each text with an earlier one at most.

    Candidates come from MinHash signatures (Broder 1997) and are compared exactly; equal texts
    count as similar.

    Args:
        keys: what :func:`same_text` gives for each text.

    Yields:
        Places of the earlier and the later text.

    Example:
        >>> list(similar_pairs([same_text("قصفت المدفعية أطراف البلدة ليلاً")] * 2))
        [(0, 1)]
    """
    index = MinHashLSH(threshold=SIMILAR - 0.1, num_perm=_PERMUTATIONS)
    shingles: list[frozenset[str]] = []
    for place, key in enumerate(keys):
        own = frozenset(key[i : i + _SHINGLE] for i in range(max(1, len(key) - _SHINGLE + 1)))
        shingles.append(own)
        if not key:
            continue
        signature = MinHash(num_perm=_PERMUTATIONS)
        signature.update_batch([shingle.encode() for shingle in own])
        for other in sorted(index.query(signature)):
            shared = len(own & shingles[other])
            if shared / (len(own) + len(shingles[other]) - shared) >= SIMILAR:
                yield other, place
                break
        index.insert(place, signature)
