"""A text without its actors' names: of each the word is left that says what kind of actor it is.

A classifier that reads names learns what the press that it was trained on says of them, and
answers by that. The noun that a name begins with (``حركة …``, ``وزارة …``, ``ميليشيات …``) stays,
because grammar and wording of the sentence hang on it; of a state stays that it is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from conflict_nlp._mapped import Draft, Edit, MappedText
from conflict_nlp.actors import Actor, Mention

__all__ = ["agreement", "bare", "fused", "unnamed"]

_HAMZA = str.maketrans("أإآ", "ااا")
# States, and what stands for one, whose names are masculine and so agree with other verbs.
_MASCULINE = frozenset(
    ("العراق", "لبنان", "الاردن", "السودان", "اليمن", "المغرب", "الكويت", "الصومال", "تشاد", "مالي")
) | {"الكرملين", "الكيان", "الاليزيه", "الفاتيكان"}
# Peoples, who are many.
_PLURAL = frozenset(
    ("الصهاينة", "الاتراك", "الروس", "الامريكان", "الاميركان", "الانكليز", "الانجليز")
)
_NISBA = re.compile("ي(ون|ين)$")
_STATE = {"masculine": "بلد", "feminine": "دولة"}
_WITH_LAM = frozenset(
    ("لبنان", "ليبيا", "ليبيريا", "ليتوانيا", "لندن", "لشبونة", "ليبرفيل", "لاباز")
)


def bare(name: str) -> tuple[str, str]:
    """A name without the preposition that it is fused with, which comes first.

    Example:
        >>> bare("للجيش الحر"), bare("إيران")
        (('ل', 'الجيش الحر'), ('', 'إيران'))
    """
    if not name.startswith("لل"):
        return "", name
    return "ل", name[1:] if name[1:] in _WITH_LAM else "ال" + name[2:]


def fused(preposition: str, name: str) -> str:
    """A name behind what :func:`bare` took off.

    Example:
        >>> fused("ل", "الجيش العراقي"), fused("ل", "إيران"), fused("", "إيران")
        ('للجيش العراقي', 'لإيران', 'إيران')
    """
    if preposition and name.startswith("ال"):
        return "لل" + name[2:]
    return preposition + name


def agreement(actor: Actor, name: str) -> tuple[str, str] | None:
    """What names must share so that verbs and adjectives agree with either; None if unknown.

    Names of several words agree through their first one (``جيش …``, ``حركة …``); names of states
    through their gender.
    """
    words = name.split()
    if len(words) > 1:
        return actor.kind, words[0]
    plain = name.translate(_HAMZA)
    if actor.kind != "state" or plain in _PLURAL or _NISBA.search(plain):
        return None
    return actor.kind, "masculine" if plain in _MASCULINE else "feminine"


def unnamed(text: MappedText, mentions: Iterable[Mention]) -> MappedText:
    """The text with one word for each actor that it names, which points at all of the name.

    Args:
        text: a repaired text.
        mentions: the actors that it names.
    """
    draft = Draft(text)
    draft.apply(_edits(text, mentions))
    return draft.done()


def _edits(text: MappedText, mentions: Iterable[Mention]) -> Iterator[Edit]:
    for mention in mentions:
        start, end = text.span_from_original(mention.start, mention.end)
        preposition, name = bare(text.text[start:end])
        key = agreement(mention.actor, name)
        if key is not None:
            yield start, end, fused(preposition, _STATE.get(key[1], key[1]))
