"""Arabic letters and marks: which there are, and what each is written as.

The inventories come from pyarabic; what it does not know (Quranic marks added to Unicode later,
letters of Persian keyboards) is added here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from pyarabic import araby

from conflict_nlp._mapped import Edit

__all__ = [
    "ARABIC_LETTER",
    "DIGIT",
    "DIGITS",
    "LOOKALIKES",
    "MARKS",
    "PRESENTATION_FORM",
    "TATWEEL",
    "mark_edits",
    "presentation_edits",
    "quote_edits",
    "separator_edits",
]

TATWEEL: str = araby.TATWEEL

_LATER_MARKS = "\u0659-\u065f\u06e5-\u06e8\u08ca-\u08e1\u08e3-\u08ff"
MARKS = "".join(re.escape(mark) for mark in araby.DIACRITICS) + _LATER_MARKS
"""Everything written above or below a letter, as the inside of a character class."""

DIGITS = {0x660 + value: 0x30 + value for value in range(10)}
DIGITS |= {0x6F0 + value: 0x30 + value for value in range(10)}
DIGITS[ord("٪")] = ord("%")
DIGIT = re.compile("[٫٬" + "".join(map(chr, DIGITS)) + "]")

# Letters of Persian, Urdu and Kurdish keyboards that stand for an Arabic letter. Letters that
# write another sound (پ چ ژ گ ڤ ڨ) carry information and stay.
LOOKALIKES = {
    ord(foreign): ord(arabic)
    for arabic, all_foreign in {
        "ك": "کڪ", "ي": "یےۍې", "ه": "ہھەۀۂۿ", "ة": "ۃ", "ا": "ٱ", "أ": "ٲ", "إ": "ٳ",
    }.items()
    for foreign in all_foreign
}  # fmt: skip

PRESENTATION_FORM = "\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
ARABIC_LETTER = re.compile(
    "[\u0620-\u063f\u0641-\u064a\u066e\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff"
    "\u0750-\u077f\u08a0-\u08c7\ufb50-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdc7\ufdf0-\ufdfb\ufe80-\ufefc]"
)

_FORMS = re.compile(f"[{PRESENTATION_FORM}]")
_COMPOSED = {
    "ا\u0653": "آ", "ا\u0654": "أ", "ا\u0655": "إ",
    "و\u0654": "ؤ", "ي\u0654": "ئ", "ى\u0654": "ئ",
}  # fmt: skip
_QUOTES = re.compile("[\"'«»‹›“”„‟‘’‚`´]+")
_SEPARATOR = re.compile(r"[٫٬](?<=\d[٫٬])(?=\d)")


@cache
def _plain(form: str) -> str:
    # A diacritic standing on nothing decomposes into a space and the diacritic.
    return unicodedata.normalize("NFKC", form).strip()


def presentation_edits(text: str) -> Iterator[Edit]:
    """Spell presentation forms and ligatures with ordinary letters."""
    for match in _FORMS.finditer(text):
        yield match.start(), match.end(), _plain(match[0])


def separator_edits(text: str) -> Iterator[Edit]:
    """Write the Arabic decimal and thousands separators between digits as . and ,"""
    for match in _SEPARATOR.finditer(text):
        yield match.start(), match.end(), "." if match[0] == "٫" else ","


def quote_edits(text: str) -> Iterator[Edit]:
    """Take out quotation marks, and put a space where they alone part two words.

    A letter or two before them is a clitic: ل"داعش" is لداعش.
    """
    for match in _QUOTES.finditer(text):
        start, end = match.span()
        part = text[max(start - 3, 0) : start + 1]
        inside = start > 0 and part[-2].isalnum() and text[end : end + 1].isalnum()
        clitic = len(part.rsplit(maxsplit=1)[-1]) <= 3
        yield start, end, " " if inside and not clitic else ""


@cache
def _mark_pattern(marks: bool, kashida: bool) -> re.Pattern[str]:
    inside = (MARKS if marks else "") + (TATWEEL if kashida else "")
    return re.compile(f"[{inside}]+")


def mark_edits(text: str, *, marks: bool = True, kashida: bool = True) -> Iterator[Edit]:
    """Take out diacritics and kashida.

    A hamza or madda written as a mark of its own is part of the letter: ا + ٔ is أ. A kashida
    that stretches no word is somebody's dash.
    """
    for match in _mark_pattern(marks, kashida).finditer(text):
        start, end = match.span()
        found = match[0]
        if found.strip(TATWEEL):
            before = base = text[start - 1 : start]
            for mark in found:
                base = _COMPOSED.get(base + mark, base)
            # What is left without a change is deleted, which is cheaper than written anew.
            yield (start - 1, end, base) if base != before else (start, end, "")
        else:
            yield start, end, "-" if _alone(text, start, end) else ""


def _alone(text: str, start: int, end: int) -> bool:
    before = start == 0 or text[start - 1].isspace()
    after = end == len(text) or text[end].isspace()
    return before and after
