"""Conflict actors named in a text: an editable lexicon, its aliases, and exact spans.

The lexicon is the table ``conflict_nlp/data/actors.csv``; your own tables of the same columns go
on top of it (:meth:`Lexicon.load`). Spelling variants, attached clitics and the phrases that
Arabic builds around names (``مقاتلو`` + name, ``الجيش`` + country, title + leader) need no alias
of their own. An alias that ends in ``?`` is weak: it counts only where the words before it make
it an actor, as with countries that are mostly named as places (``اتهمت سوريا``, not ``في سوريا``).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Self

from conflict_nlp._actor_fold import folded_names
from conflict_nlp._actor_match import Matcher
from conflict_nlp._actor_table import KINDS as _SIDES
from conflict_nlp._actor_table import SECTORS, Row, default_rows, lay_over, read_rows
from conflict_nlp.errors import LexiconError
from conflict_nlp.text import MappedText, Normalizer, repair

__all__ = ["KINDS", "NOT_TARGETS", "SECTORS", "Actor", "Lexicon", "Mention", "find"]

KINDS: tuple[str, ...] = tuple(_SIDES)
"""What an actor can be."""

NOT_TARGETS = frozenset({"civilians", "journalists"})
"""Kinds that the lexicon knows but never finds: no stance is coded toward them."""

_UNMARKED = Normalizer(digits=False)

# Who a phrase names when no country or name in it says more than its noun.
_GENERIC = {
    "militia": "generic_militias",
    "military": "generic_army",
    "opposition": "generic_opposition",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """One row of the lexicon.

    Args:
        id: stable identifier, unique in a lexicon.
        name: display name in English.
        kind: one of ``KINDS``.
        country: ISO 3166 code of three letters, or None for an actor of no one country.
        sector: one of ``SECTORS``, role codes as in CAMEO and PLOVER, such as ``REB``.
        aliases: how Arabic texts name it, the commonest first; with ``?`` at the end if weak.

    Example:
        >>> Lexicon.load().get("palestine_hamas").kind
        'armed_group'
    """

    id: str
    name: str
    kind: str
    country: str | None
    sector: str
    aliases: tuple[str, ...]

    @property
    def side(self) -> str | None:
        """``"government"``, ``"non_state"``, or None where the kind does not tell.

        States, governments, armies and police are government; armed groups, militias and
        oppositions are not, as in ACLED, which codes pro-government militias apart from state
        forces. Coalitions, parties and leaders may be either, so they resolve nothing.
        """
        return _SIDES[self.kind]


@dataclass(frozen=True, slots=True)
class Mention:
    """Where a text names an actor.

    Args:
        actor: who is named.
        text: the words that name it.
        start: first character of the span in the original text.
        end: one past its last character.
    """

    actor: Actor
    text: str
    start: int
    end: int


class Lexicon:
    """Actors and how to find them.

    Args:
        actors: the actors; where two have an alias in common the later one has it.

    Raises:
        LexiconError: an alias holds ``|`` or a line break.

    Example:
        >>> lexicon = Lexicon([Actor("wagner", "Wagner", "militia", "RUS", "PRM", ("فاغنر",))])
        >>> [m.text for m in lexicon.find("انسحب مقاتلو فاغنر من المدينة")]
        ['مقاتلو فاغنر']
    """

    def __init__(self, actors: Iterable[Actor]) -> None:
        self.actors: tuple[Actor, ...] = tuple(actors)
        self._by_id = {actor.id: actor for actor in self.actors}
        # The first of each: the army of a country, not one of its divisions.
        self._first: dict[tuple[str, str | None], Actor] = {}
        for actor in self.actors:
            self._first.setdefault((actor.kind, actor.country), actor)
        for actor in self.actors:
            for alias in actor.aliases:
                if "|" in alias or "\n" in alias:
                    raise LexiconError(
                        f"alias {alias!r} of actor {actor.id!r} holds a | or a line break; give "
                        "each name as an alias of its own."
                    )
        owners = [actor for actor in self.actors for _ in actor.aliases]
        aliases = [alias for actor in self.actors for alias in actor.aliases]
        # All at once, because folding costs by the call.
        folded = folded_names("|".join(aliases)) if aliases else []
        named = list(zip(folded, aliases, strict=True))
        weak = frozenset(name for name, alias in named if alias.endswith("?"))
        self._matcher = Matcher(zip(folded, owners, strict=True), weak, self._resolve)

    @classmethod
    def load(cls, *paths: str | os.PathLike[str], include_default: bool = True) -> Self:
        """Load the lexicon that comes with the library, and tables on top of it.

        A row with a known ``id`` adds its aliases to that actor, and its other cells replace the
        actor's where they are not empty. An alias that another actor had goes over to the row.

        Args:
            *paths: CSV files with the columns ``id,name,kind,country,sector,aliases``, aliases
                separated by ``|``; a later one goes on top of an earlier one.
            include_default: whether to begin with the library's own lexicon.

        Raises:
            LexiconError: rows that cannot be used, all of them, each with its number, what is
                wrong with it and what is accepted.

        Example:
            >>> import pathlib, tempfile
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     table = pathlib.Path(folder, "mine.csv")
            ...     row = "id,name,kind,country,sector,aliases\\nred,Reds,militia,,PRM,حمر الوادي"
            ...     _ = table.write_text(row, encoding="utf-8")
            ...     Lexicon.load(table).find("هاجم حمر الوادي القافلة")[0].actor.name
            'Reds'
        """
        rows = {row.id: row for row in default_rows()} if include_default else {}
        for path in paths:
            lay_over(rows, read_rows(Path(path), rows))
        return cls(_actor(row) for row in rows.values())

    @cached_property
    def digest(self) -> str:
        """Hash over all actors and aliases: lexicons with the same one find the same.

        Example:
            >>> Lexicon([]).digest == Lexicon.load().digest
            False
        """
        return hashlib.sha256(repr(self.actors).encode("utf-8", "surrogatepass")).hexdigest()

    def get(self, id: str) -> Actor | None:
        """The actor of an identifier, or None.

        Example:
            >>> Lexicon.load().get("state_syria").country
            'SYR'
        """
        return self._by_id.get(id)

    def named(self, name: str) -> Actor | None:
        """The actor that has a name, however it is spelled, or None.

        Example:
            >>> Lexicon.load().named("سورية").id
            'state_syria'
        """
        (folded, *more) = folded_names(repair(name).text)
        actor = None if more else self._matcher.named(folded)
        return None if actor is None or actor.kind in NOT_TARGETS else actor

    def find(self, text: str | MappedText) -> list[Mention]:
        """Find the actors that a text names.

        Names are matched on folded letters (أ as ا, ة as ه, ى as ي, …), the longest first, with
        clitics attached. The span leaves a clitic out where the rest stands as text (والجيش →
        الجيش) and keeps it where it is fused with the article (للجيش).

        Args:
            text: a string, dirty or not; or what :func:`conflict_nlp.text.repair` made of one.

        Returns:
            The mentions in order, none overlapping another. Offsets point into the original;
            ``text`` is cut from it, or, where only the repaired text was given, from that.

        Example:
            >>> [m.text for m in Lexicon.load().find("قصفت قوات النظام مواقع للجيش الحر.")]
            ['قوات النظام', 'للجيش الحر']
        """
        if isinstance(text, str):
            mapped, original = repair(text), text
        else:
            mapped, original = _UNMARKED(text), None
        mentions = []
        for start, end, actor in self._matcher.find(mapped.text):
            if actor.kind in NOT_TARGETS:
                continue
            first, last = mapped.span_to_original(start, end)
            named = mapped.text[start:end] if original is None else original[first:last]
            mentions.append(Mention(actor, named, first, last))
        return mentions

    def _resolve(self, kind: str, whose: str | None) -> Actor | None:
        """Who a phrase names: the kind of its noun, the country or actor of its adjective."""
        if whose and whose.islower():
            return self.get(whose)
        if whose and kind in ("military", "police"):
            return self._first.get((kind, whose)) or self._first.get(("state", whose))
        if whose and kind in ("government", "leader", "other"):
            return self._first.get(("state", whose))
        return self.get(_GENERIC.get(kind, "generic_armed_groups"))


def _actor(row: Row) -> Actor:
    return Actor(row.id, row.name, row.kind, row.country or None, row.sector, row.aliases)


@cache
def _default() -> Lexicon:
    return Lexicon.load()


def find(text: str | MappedText) -> list[Mention]:
    """Find the actors of the library's own lexicon that a text names (see :meth:`Lexicon.find`).

    Args:
        text: a string, or what :func:`conflict_nlp.text.repair` made of one.

    Returns:
        The mentions in order, none overlapping another.

    Example:
        >>> mention = find("اشتبك الجيش اللبناني مع مسلحين")[0]
        >>> mention.text, mention.actor.country
        ('الجيش اللبناني', 'LBN')
    """
    return _default().find(text)
