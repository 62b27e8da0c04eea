"""Arabic letters folded for the comparison of names, and texts as folded words."""

from __future__ import annotations

import re

__all__ = ["Words", "fold", "folded_names"]

# One letter for one letter, so that offsets stay. Eight passes of str.replace take a twentieth of
# the time of one str.translate.
_FOLD = tuple(
    (letter, plain)
    for plain, letters in {"ا": "أإآٱ", "ي": "ىئ", "ه": "ة", "و": "ؤ"}.items()
    for letter in letters
)
# Nominative and oblique are one name: المتمردون and المتمردين, مقاتلو and مقاتلي, أبو and أبي.
_CASE = re.compile(r"(?<=\w\w)و(?=ن?\b)")
_WORD = re.compile(r"\w+")
_NOT_NAME = re.compile(r"[^\w|\n]+")
_PLAIN_GAPS = re.compile(r"\w+(?: \w+)*").fullmatch
# Quotation marks, brackets and commas may stand inside a name (تنظيم «داعش»); these may not.
_BREAK = re.compile(r"[.!?؟؛:\n…]")


def fold(text: str) -> str:
    """Write one letter for all that writers exchange; the length stays."""
    for letter, plain in _FOLD:
        text = text.replace(letter, plain)
    return _CASE.sub("ي", text)


def folded_names(names: str) -> list[str]:
    """Fold names separated by ``|`` or line breaks, their words separated by one space."""
    return [name.strip() for name in _NOT_NAME.sub(" ", fold(names)).replace("\n", "|").split("|")]


class Words:
    """A folded text and where its words stand; what lies between them is looked at only on need."""

    __slots__ = ("ends", "size", "starts", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = fold(text)
        found = [*_WORD.finditer(self.text)]
        self.words = [match[0] for match in found]
        self.starts = [match.start() for match in found]
        self.ends = [match.end() for match in found]
        self.size = len(found)

    def gap(self, i: int) -> str:
        """What stands before word ``i``."""
        return self.text[self.ends[i - 1] if i else 0 : self.starts[i]]

    def follows(self, i: int) -> bool:
        """Whether word ``i`` may belong to the same phrase as the word before it."""
        if i >= self.size:
            return False
        gap = self.gap(i)
        return gap == " " or not _BREAK.search(gap)

    def dateline(self, last: int) -> bool:
        """Whether a bracket follows, as in دمشق (رويترز)."""
        return self.text.startswith(" (", self.ends[last])

    def run(self, start: int, last: int) -> str:
        """Text from character ``start`` to word ``last``, its words separated by one space."""
        text = self.text[start : self.ends[last]]
        return text if _PLAIN_GAPS(text) else _NOT_NAME.sub(" ", text)
