"""A text without its actors' names: of each the word is left that says what kind of actor it is.

A classifier that reads names learns what the press that it was trained on says of them, and
answers by that. The noun that a name begins with (``حركة …``, ``وزارة …``, ``ميليشيات …``) stays,
because grammar and wording of the sentence hang on it; of a state stays that it is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conflict_nlp._mapped import Draft, Edit, MappedText
from conflict_nlp.actors import Actor, Mention

__all__ = ["agreement", "unnamed"]

# States whose names are masculine, and so agree with other verbs than the rest.
_MASCULINE = frozenset(
    ("العراق", "لبنان", "الأردن", "السودان", "اليمن", "المغرب", "الكويت", "الصومال", "تشاد", "مالي")
)
_STATE = {"masculine": "بلد", "feminine": "دولة"}


def agreement(actor: Actor, name: str) -> tuple[str, str] | None:
    """What names must share so that verbs and adjectives agree with either; None if unknown.

    Names of several words agree through their first one (``جيش …``, ``حركة …``); names of states
    through their gender.
    """
    words = name.split()
    if len(words) > 1:
        return actor.kind, words[0]
    if actor.kind == "state":
        return actor.kind, "masculine" if name in _MASCULINE else "feminine"
    return None


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
        key = agreement(mention.actor, text.text[start:end])
        if key is not None:
            yield start, end, _STATE.get(key[1], key[1])
