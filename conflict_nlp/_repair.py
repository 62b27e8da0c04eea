"""The repair of dirty text, rule by rule.

Rules feed each other (an entity may decode into a tag, a tag may hide half an entity), so they
run again until nothing changes: the result is what the rules leave alone, which makes repair
idempotent whatever comes in.
"""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Iterator
from html.entities import html5

import ftfy

from conflict_nlp import _letters
from conflict_nlp._mapped import Draft, Edit, MappedText, edits_of

__all__ = ["repair"]

# ---------------------------------------------------------------- characters nobody sees

_INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\ufff0-\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff"
)
_INVISIBLE_RUN = re.compile(f"[{_INVISIBLE}]+")
_ODD_SPACE = "\t\v\f\r\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNTIDY = re.compile(rf"[ \n{_ODD_SPACE}](?:(?<=[^ \n])|(?<= )\s|(?<=\n)(?: |\n\n))")
_SPACE = re.compile(r"\s+")
_LINE_BREAK = re.compile("\r\n|[\n\r\v\f\x85\u2028\u2029]")

# ---------------------------------------------------------------- UTF-8 read as Latin-1 or cp1252

_LATIN = "\x80-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_LATIN_RUN = re.compile(f"[{_LATIN}]{{2,}}")
_TAIL = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
# Two Arabic letters in a row, encoded wrongly once or twice: no language looks like this.
_LEAD = re.compile("[ÃØ-Û]")
_MOJIBAKE = re.compile(
    f"(?:[Ø-Û][{_TAIL}]){{2}}|(?:Ã[˜™š›\x98-\x9b](?:Â|Å|Æ|Ë|â€|â)[{_TAIL}]){{2}}"
)
_ROUNDS = 8
_BASE_LETTERS = str.maketrans("ÀÁÂÃÄÅÈÉÊËÌÍÎÏÒÓÔÕÖØÙÚÛÜàáâãäåèéêëìíîïòóôõöøùúûüðÐþÞæÆ",
                              "AAAAAAEEEEIIIIOOOOOOUUUUaaaaaaeeeeiiiioooooouuuudDtTaA")  # fmt: skip


def _reread(run: str) -> str:
    for codec in ("sloppy-windows-1252", "latin-1"):
        with contextlib.suppress(UnicodeError):
            return run.encode(codec).decode("utf-8")
    return run


def _decode(match: re.Match[str]) -> str:
    run = match[0]
    decoded = ftfy.fix_encoding(run)
    if decoded == run or not _letters.ARABIC_LETTER.search(decoded):
        # ftfy wants more evidence than one short word; here the whole text is the evidence.
        decoded = _reread(_reread(run))
    keeps = any(map(str.isalnum, decoded)) or not any(map(str.isalnum, run))
    sane = _letters.ARABIC_LETTER.search(decoded) or not any("À" <= c <= "ÿ" for c in decoded)
    return decoded if len(decoded) < len(run) and keeps and sane else run


def _space(match: re.Match[str]) -> str:
    if match.start() == 0 or match.end() == len(match.string):
        return ""
    breaks = len(_LINE_BREAK.findall(match[0]))
    return "\n" * min(breaks, 2) or " "


def _has_ragged_edge(text: str) -> bool:
    return text[:1].isspace() or text[-1:].isspace()


def _sanitize(draft: Draft) -> bool:
    changed = False
    for round_ in range(1_000_000):
        again = False
        if _LEAD.search(draft.text) and _MOJIBAKE.search(draft.text):
            if round_ == _ROUNDS:
                # Nested on purpose, not by a program. Without accents nothing is left to decode.
                changed |= draft.translate(_BASE_LETTERS)
            again = draft.apply(edits_of(_LATIN_RUN, draft.text, _decode))
        again |= draft.apply(edits_of(_INVISIBLE_RUN, draft.text, ""), attach=True)
        if _has_ragged_edge(draft.text) or _UNTIDY.search(draft.text):
            again |= draft.apply(edits_of(_SPACE, draft.text, _space))
        changed |= again
        if not again:
            break
    return changed


# ---------------------------------------------------------------- entities

_AMP = r"(?:amp|\#0*38|\#x0*26);"
_BARE = "quot|nbsp|laquo|raquo|amp|lt|gt"
_BROKEN = (
    "quot|apos|nbsp|lt|gt|[lr]aquo|[lr]dquo|[lr]squo|[sb][bd]quo|hellip|[nm]dash|bull|middot"
    r"|shy|zwn?j|[lr]lm|[rl]rm|ensp|emsp|\#(?:0*3[489]|160|171|187|82[0-9]{2})"
)
_ENTITY = re.compile(
    rf"&(?P<amps>(?:{_AMP})*)(?:(?P<name>[a-z][a-z0-9]{{1,31}}|\#[0-9]{{1,7}}|\#x[0-9a-f]{{1,6}});"
    rf"|(?P<bare>{_BARE})(?![a-z0-9;]))?"
    # The ampersand is lost in many corpora; a Latin letter before means it is another word.
    rf"|(?<![a-z0-9&\#])(?:(?:amp;)*(?P<broken>{_BROKEN});|(?:amp;)+)",
    re.IGNORECASE | re.ASCII,
)


def _unescape(name: str) -> str | None:
    if name.startswith("#"):
        return html.unescape(f"&{name};")
    for spelling in (f"{name};", f"{name.lower()};"):
        if spelling in html5:
            return html5[spelling]
    return None


def _entity(match: re.Match[str]) -> str:
    name = match["name"] or match["bare"] or match["broken"]
    if name is None:
        return "&"
    decoded = _unescape(name)
    if decoded is not None:
        return decoded
    return match[0] if match["amps"] is None else "&" + match[0][1 + len(match["amps"]) :]


def _decode_entities(draft: Draft) -> bool:
    changed = _sanitize(draft)
    for round_ in range(1_000_000):
        if "&" not in draft.text and ";" not in draft.text:
            break
        again = draft.apply(edits_of(_ENTITY, draft.text, _entity))
        if round_ == _ROUNDS:
            again |= draft.apply(edits_of(_MACHINERY, draft.text, " "))
        if not again:
            break
        changed = True
        _sanitize(draft)
    return changed


# ---------------------------------------------------------------- markup, addresses, tweets

_MACHINERY = re.compile(r"[^\w\s.,!?،؛؟]|_")
_TAG = re.compile(
    r"<(?:!--[^<>]{0,500}--|/?(?P<name>a|abbr|b|blockquote|body|br|center|div|em|font|h[1-6]|hr"
    r"|html|i|iframe|img|li|ol|p|pre|s|script|small|span|strong|style|sub|sup|table|tbody|td|th"
    r"|thead|tr|u|ul)(?:[\s/][^<>]{0,1000})?)>",
    re.IGNORECASE | re.ASCII,
)
_BLOCKS = frozenset(
    {"blockquote", "br", "center", "div", "hr", "li", "ol", "p", "table", "tr", "ul"}
    | {f"h{level}" for level in range(1, 7)}
)
_URL = re.compile(
    r"(?:https?:/{1,2}|(?<![a-z0-9])www\.(?=[a-z0-9])"
    r"|(?<![\w.@/])(?:t\.co|bit\.ly|goo\.gl|youtu\.be|pic\.twitter\.com|fb\.me|ow\.ly|dlvr\.it)/)"
    r"[^\s<>\"«»“”،؛؟\u0600-\u06ff]*",
    re.IGNORECASE,
)
# Who a tweet answers or repeats stands before what it says; a name inside it is part of it.
_ADDRESS = re.compile(r"^(?:RT(?=[ :@])[ :]*)?(?:@\w{1,50}[:,،]?(?: |$|(?=@)))*", re.MULTILINE)
_MENTION = re.compile(r"(?<![\w.+-])@(?:(?:USER|USERNAME|user|مستخدم)\b|(?=\w))")
_HASH = re.compile(r"(?<![&#])#+(?=\w)")
_UNDERSCORES = re.compile("_+")


def _tag(match: re.Match[str]) -> str:
    name = (match["name"] or "").lower()
    if name in _BLOCKS:
        return "\n"
    return " " if name in {"td", "th", "img"} else ""


def _url_edits(text: str) -> Iterator[Edit]:
    for match in _URL.finditer(text):
        yield match.start(), match.start() + len(match[0].rstrip(".,;:!?)]}'")), ""


def _hash(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1 : match.start()]
    return " " if before.isalnum() else ""


def _unmark(draft: Draft) -> bool:
    text = draft.text
    changed = False
    if "<" in text:
        changed |= draft.apply(edits_of(_TAG, draft.text, _tag))
    if "/" in text or "www." in text.lower():
        changed |= draft.apply(_url_edits(draft.text))
    if "@" in text or "RT" in text:
        changed |= draft.apply(edits_of(_ADDRESS, draft.text, ""))
        changed |= draft.apply(edits_of(_MENTION, draft.text, ""))
    if "#" in text:
        changed |= draft.apply(edits_of(_HASH, draft.text, _hash))
    if "_" in text:
        changed |= draft.apply(edits_of(_UNDERSCORES, draft.text, " "))
    return changed


# ---------------------------------------------------------------- letters and punctuation

_SAME_LENGTH = _letters.DIGITS | _letters.LOOKALIKES
_SAME_LENGTH_CHARACTER = re.compile("[" + "".join(map(chr, _SAME_LENGTH)) + "]")
_STRETCHED = re.compile(r"([ء-غف-ي])\1{2,}")
_DOUBLED = re.compile(r"([!؟?،؛,;:\"«»“”…'‘’])\1+")
_RULED = re.compile(r"([-.=*~•])(?:(?<!\.)\1{2,}|(?<=\.)\.{3,})")


def _once(match: re.Match[str]) -> str:
    first = match[0][0]
    if first in "لت":
        return first * 2  # words have two of these: الله, تتابع
    if first == ".":
        return "..."
    return '"' if first in "'‘’" else first


def _respell(draft: Draft) -> bool:
    changed = draft.apply(_letters.presentation_edits(draft.text))
    if _SAME_LENGTH_CHARACTER.search(draft.text):
        changed |= draft.translate(_SAME_LENGTH)
    changed |= draft.apply(_letters.separator_edits(draft.text))
    changed |= draft.apply(_letters.mark_edits(draft.text), attach=True)
    for repeated in (_STRETCHED, _DOUBLED, _RULED):
        changed |= draft.apply(edits_of(repeated, draft.text, _once))
    return changed


# ---------------------------------------------------------------- all together

# What is never clean, and what may not be. Text in which neither is found needs no rule.
_SUSPECT_CHARACTER = re.compile(
    f"[{_INVISIBLE}{_letters.MARKS}{_letters.TATWEEL}{_letters.PRESENTATION_FORM}"
    + "".join(map(chr, _SAME_LENGTH))
    + "٫٬&<@#_ÃØ-Û/]"
)
# Each begins with a set of characters, which the regex engine looks for at C speed; as branches
# of one pattern they take five times as long.
_SUSPECT_SEQUENCES = tuple(
    map(
        re.compile,
        (
            _UNTIDY.pattern,
            r";(?<=[A-Za-z0-9];)",
            r"[Ww][Ww][Ww]\.",
            r"RT[ :]",
            _STRETCHED.pattern,
            _DOUBLED.pattern,
            _RULED.pattern,
        ),
    )
)


def _is_clean(text: str) -> bool:
    if _has_ragged_edge(text) or _SUSPECT_CHARACTER.search(text):
        return False
    return not any(suspect.search(text) for suspect in _SUSPECT_SEQUENCES)


def _has_content(text: str) -> bool:
    return any(map(str.isalnum, text))


def repair(text: str) -> MappedText:
    """Mend the dirt of real corpora and remember where everything stood.

    Mended are entities (broken, or escaped several times), Arabic read in the wrong encoding,
    presentation forms, kashida and diacritics, letters of Persian keyboards, Arabic-Indic
    digits, marks nobody sees, tags, stretched words and doubled punctuation. URLs go; of tweets
    go ``RT``, the names they are addressed to and ``@USER``; hashtags become words. White space
    is squashed, line breaks stay. A text that holds a letter or digit never becomes empty, and
    repairing twice is the same as repairing once.

    Args:
        text: any string.

    Returns:
        The mended text with offsets into the one given.

    Example:
        >>> repair("قُتِل ٣ مدنيين في #حلب_القديمة &amp;quot;أمسquot; http://t.co/x").text
        'قتل 3 مدنيين في حلب القديمة "أمس"'
    """
    if _is_clean(text):
        return Draft(text).done()
    draft = Draft(text)
    _sanitize(draft)
    visible = draft.done()
    _decode_entities(draft)
    decoded = draft.done()
    for round_ in range(1_000_000):
        changed = _unmark(draft)
        changed |= _respell(draft)
        if round_ == _ROUNDS:
            # Markup nested this deep is an attack or an accident: take its machinery away, so
            # that the time stays linear in the length of the text.
            changed |= draft.apply(edits_of(_MACHINERY, draft.text, " "))
            changed |= draft.translate(_BASE_LETTERS)
        if not changed or (not _decode_entities(draft) and _is_clean(draft.text)):
            break
    if _has_content(draft.text) or (draft.text and not _has_content(decoded.text)):
        return draft.done()
    # Nothing would be left of a bare address or mention, so it stays as it was written.
    return decoded if decoded.text else visible
