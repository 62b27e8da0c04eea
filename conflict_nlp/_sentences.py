"""Where the sentences of Arabic news end.

The text is taken as it comes, before any repair, so that what is returned stands in the original.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from conflict_nlp._quotes import Enclosure, enclosures

__all__ = ["Sentence", "split_sentences"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and where it stands.

    Attributes:
        text: the sentence, with no white space around it.
        start: index of its first character in the text it was cut from.
        end: index just past its last character, so that ``original[start:end] == text``.

    Example:
        >>> split_sentences("توقف القتال. عاد الأهالي.")[1].start
        13
    """

    text: str
    start: int
    end: int


_TAG_BREAK = r"(?:<(?:br|/?p|/?div|/?li|/h[1-6])(?:[\s/][^<>\n]{0,200})?>[^\S\n]*)+"
_LINE_END = re.compile(
    rf"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|{_TAG_BREAK}", re.IGNORECASE | re.ASCII
)
_STOPS = re.compile(r"[.!؟?…۔]+")
_NO_STOPS = re.compile(
    r"(?:https?:/{1,2}|www\.)[^\s<>\"«»“”،؛؟\u0600-\u06ff]*[A-Za-z0-9/#=&_-]"
    r"|@(?<=[A-Za-z0-9]@)[A-Za-z0-9.-]{1,255}[A-Za-z0-9]",
    re.IGNORECASE,
)
_CLOSERS = re.compile(r"(?:[\"'»”’›)\]}]|(?:&(?:amp;){0,4}|\b)(?:quot|raquo|rdquo|\#34);)+")
_CONTENT = re.compile(r"[^\W_]")
_SPACED_CLOSER = re.compile(r"[^\S\n]{1,3}[»›)\]}](?=\s|$)")
_SPACES = re.compile(r"\s*")
_NOT_IN_WORD = frozenset(".!؟?…۔،؛:()[]{}«»“”\"'/<>;-–—")
_LONGEST_WORD = 30
_WORD_AFTER = re.compile(r"\s*([^\W\d_]+)")
_MARK = re.compile("[\u064b-\u065f\u0670\u0640\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")

# Titles and the like, before a name; single letters (د. م. أ. ج. ص.) need no list.
_ABBREVIATIONS = frozenset(
    {"ود", "وم", "وأ", "لد", "بد", "كد", "أد", "وأد", "mr", "mrs", "ms", "dr", "prof", "gen", "col"}
    | {"lt", "sgt", "st", "vs", "no", "fig", "al", "jr", "sr", "etc", "inc", "ltd", "co", "cf"}
)
# After a year: 1435 هـ. may be the end of a sentence, which د. never is.
_ERAS = frozenset(["م", "ه", "هـ"])
# A quotation with a stop of its own, as the object of a sentence that goes on: «إلى متى؟» قال …
_GOES_ON = re.compile(
    r"\s*[\"'(«“]?(?:في|على|من|إلى|الى|عن|مع|بعد|قبل|خلال|عند|أمام|ضد|بين|منذ|حتى|حسب|بحسب|وفق|"
    r"وفقا|وفقاً|نقلا|نقلاً|هكذا|بهذه|بهذا|التي|الذي|الذين|اللذين|حيث|ثم|كما قال|كما جاء|"
    r"قال|قالت|قالوا|يقول|تقول|يضيف|تضيف|كتب|كتبت|صرخ|صرخت|هتف|هتفوا|ردد|سأل|تساءل|تساءلت|"
    r"مضيف\w*|مؤكد\w*|معتبر\w*|مشير\w*|قائل\w*|موضح\w*|متسائل\w*|مشدد\w*|داعي\w*|لافت\w*|"
    r"مطالب\w*|متهم\w*|محذر\w*|مبين\w*|منوه\w*|رافض\w*|نافي\w*)(?!\w)"
)


def split_sentences(text: str) -> list[Sentence]:
    """Cut a text into sentences.

    Sentences end at ``. ! ؟ ? …`` and at line breaks, but not inside decimals, abbreviations,
    initials, dotted numbers and URLs. Neither the Arabic comma nor the colon ends one. A
    quotation or bracket of up to 60 words keeps its sentences together; one that is never closed
    keeps nothing. Every letter and digit belongs to exactly one sentence; lines without any
    belong to none.

    Args:
        text: any text; it need not be repaired.

    Returns:
        The sentences in order, with offsets into ``text``.

    Example:
        >>> [s.text for s in split_sentences("قال د. سامي: «لن نرحل. سنبقى». ثم صمت.")]
        ['قال د. سامي: «لن نرحل. سنبقى».', 'ثم صمت.']
    """
    sentences: list[Sentence] = []
    for start, end in _lines(text):
        for piece_start, piece_end in _pieces(text, start, end):
            piece = text[piece_start:piece_end].strip()
            follows = bool(sentences) and sentences[-1].start >= start
            if _CONTENT.search(piece) and not (follows and _is_only_link(piece)):
                at = piece_start + _leading_space(text[piece_start:piece_end])
                sentences.append(Sentence(piece, at, at + len(piece)))
            elif piece and follows:
                # Emoji, dashes or a link after the last stop of the line.
                last = sentences[-1]
                stop = piece_start + len(text[piece_start:piece_end].rstrip())
                sentences[-1] = Sentence(text[last.start : stop], last.start, stop)
    return sentences


def _is_only_link(piece: str) -> bool:
    return "." in piece and not _CONTENT.search(_NO_STOPS.sub("", piece))


def _leading_space(text: str) -> int:
    return len(text) - len(text.lstrip())


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _LINE_END.finditer(text):
        # A tag stays with what it ends; before anything was said it stays with what follows.
        is_tag = match[0][0] == "<"
        if is_tag and not text[start : match.start()].strip():
            continue
        yield start, match.end() if is_tag else match.start()
        start = match.end()
    yield start, len(text)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    if not _STOPS.search(text, start, end):
        yield start, end
        return
    begin = checked = start
    scan = _Line(text, start, end)
    for match in _STOPS.finditer(text, start, end):
        if match.start() < begin:
            continue
        stop = scan.end_of_sentence(begin, match)
        if stop is None:
            continue
        # Dots before any letter belong to what follows; they are looked at once.
        if _CONTENT.search(text, checked, stop):
            yield begin, stop
            begin = stop
        checked = stop
    if begin < end:
        yield begin, end


class _Line:
    """One line, with its quotations and URLs found once."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text = text
        self.start = start
        self.end = end
        pairs = enclosures(text, start, end)
        self._outermost = _outermost([pair for pair in pairs if pair.holds])
        self._opened_at = [pair.opened[0] for pair in self._outermost]
        self._closing = {pair.closed[0]: pair for pair in pairs}
        self._masked = [match.span() for match in _NO_STOPS.finditer(text, start, end)]

    def _inside(self, at: int) -> Enclosure | None:
        index = bisect_right(self._opened_at, at) - 1
        if index >= 0 and at < self._outermost[index].closed[0]:
            return self._outermost[index]
        return None

    def _is_masked(self, at: int) -> bool:
        index = bisect_right(self._masked, (at, self.end + 1)) - 1
        return index >= 0 and at < self._masked[index][1]

    def end_of_sentence(self, begin: int, stops: re.Match[str]) -> int | None:
        """Say where the sentence ends that these stops end, or None if they end none."""
        text = self.text
        if self._is_masked(stops.start()) or not self._can_stop(begin, stops):
            return None
        after = self._past_closers(stops.end())
        if self._inside(after - 1) is not None:
            return None
        following = _SPACES.match(text, after, self.end)
        rest = following.end() if following else after
        if rest >= self.end:
            return self.end
        if text[rest] in "،,؛;:":
            return None
        if after > stops.end() and _GOES_ON.match(text, after, self.end):
            return None
        return after

    def _past_closers(self, at: int) -> int:
        while True:
            spaces = _SPACES.match(self.text, at, self.end)
            near = spaces.end() if spaces else at
            pair = self._closing.get(near)
            if pair is not None:
                at = pair.closed[1]
            elif (more := _CLOSERS.match(self.text, at, self.end)) and self._unpaired(more):
                at = more.end()
            elif stray := _SPACED_CLOSER.match(self.text, at, self.end):
                at = stray.end()
            elif at < self.end and self.text[at] in ".!؟?…۔" and self._closed_before(at):
                at += 1  # the stop of the quotation, then that of the sentence: …؟».
            else:
                return at

    def _unpaired(self, closers: re.Match[str]) -> bool:
        """Whether closing marks that close nothing still end here, not open what follows."""
        after = self.text[closers.end() : closers.end() + 1]
        return closers.end() >= self.end or after.isspace()

    def _closed_before(self, at: int) -> bool:
        return not self.text[at - 1].isspace()

    def _can_stop(self, begin: int, stops: re.Match[str]) -> bool:
        text, at, to = self.text, stops.start(), stops.end()
        before = text[at - 1] if at > self.start else ""
        after = text[to] if to < self.end else ""
        if before and before in "([{":
            return False  # (؟) and (...) comment on a word
        if stops[0] != ".":
            if not after.isalnum():
                return True
            if set(stops[0]) <= {".", "…"}:
                return False  # an ellipsis inside a phrase
            return not (before.isascii() and after.isascii() and before.isalnum())
        if before.isdigit() and after.isdigit():
            return False
        if before.isascii() and before.isalnum() and after.isascii() and after.isalnum():
            return False
        if after and not (after.isspace() or after.isalnum() or after in "\"'»”’›)]}«“([-–—•&<q"):
            return after in "،؛:,;"  # decided by the caller
        return not self._is_abbreviation(begin, at, to)

    def _is_abbreviation(self, begin: int, at: int, to: int) -> bool:
        """Whether a single full stop belongs to the word or number before it."""
        text = self.text
        spaced = at > begin and text[at - 1].isspace()
        word_end = at - 1 if spaced else at
        word_start = _word_start(text, max(begin, word_end - _LONGEST_WORD), word_end)
        word = _MARK.sub("", text[word_start:word_end])
        if not word:
            return False
        glued = to < self.end and text[to].isalnum()
        lead = text[max(begin, word_start - 12) : word_start].rstrip()
        if word.isdigit():
            # 1. and the like stay with the item that they number.
            opening = not _CONTENT.search(text, begin, word_start)
            return not spaced and len(word) <= 3 and (opening or lead.endswith(":"))
        if len(word) == 1 and word.isalpha():
            if word in _ERAS and lead[-1:].isdigit():
                return glued or not self._starts_sentence(to)
            return word != "و"
        if spaced:
            return False
        if word.lower() in _ABBREVIATIONS:
            return not glued or word.isascii()
        if not glued or len(word) > 2:
            return False
        following = _WORD_AFTER.match(text, to, self.end)
        return following is None or len(following[1]) == 1  # تي.72

    def _starts_sentence(self, at: int) -> bool:
        following = _WORD_AFTER.match(self.text, at, self.end)
        if following is None:
            return True
        return following[1][0] in "وف" and len(following[1]) > 2


def _outermost(pairs: list[Enclosure]) -> list[Enclosure]:
    outer: list[Enclosure] = []
    for pair in sorted(pairs, key=lambda pair: pair.opened):
        if not outer or pair.opened[0] >= outer[-1].closed[1]:
            outer.append(pair)
    return outer


def _word_start(text: str, floor: int, end: int) -> int:
    """Walk back to where a word begins; a regex would try every place before it."""
    at = end
    while at > floor and not text[at - 1].isspace() and text[at - 1] not in _NOT_IN_WORD:
        at -= 1
    return at
