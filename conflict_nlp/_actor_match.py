"""Find actors in Arabic text: clitics off, longest match, phrases around names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from conflict_nlp._actor_fold import Words
from conflict_nlp._actor_words import phrases

if TYPE_CHECKING:
    from conflict_nlp.actors import Actor

__all__ = ["Matcher"]

_CLITICS = frozenset("وفبلك")
# Phrases are never longer, and without a limit a text of nouns alone would take quadratic time.
_LONGEST = 12
_QUOTES = frozenset('"«“')
_ARMED = frozenset({"militia", "armed_group"})
_SOURCES = frozenset({"leader", "ngo", "state", "government", "international_org", "police"})


class _Found(NamedTuple):
    """An actor in the words ``first`` to ``last``; ``skip`` letters of the first are a clitic."""

    actor: Actor
    first: int
    last: int
    skip: int


class Matcher:
    """A lexicon made ready for matching.

    Args:
        names: folded name and its actor.
        weak: folded names that count only where the words before make them an actor.
        resolve: the actor that a phrase names, from the kind of its noun and the country (or
            identifier) of its adjective; None where the lexicon has none.
    """

    def __init__(
        self,
        names: Iterable[tuple[str, Actor]],
        weak: frozenset[str],
        resolve: Callable[[str, str | None], Actor | None],
    ) -> None:
        self._names = dict(names)
        self._weak = weak
        self._resolve = resolve
        self._phrases = phrases()
        lengths: dict[str, int] = {}
        for name in self._names:
            first = name.partition(" ")[0]
            count = name.count(" ") + 1
            if count > lengths.get(first, 0):
                lengths[first] = count
        self._lengths = lengths
        self._firsts = lengths.keys() | self._phrases.heads.keys()

    def named(self, name: str) -> Actor | None:
        """The actor of a whole folded name, weak or not."""
        return self._names.get(name)

    def find(self, text: str) -> Iterator[tuple[int, int, Actor]]:
        """Yield start, end and actor of what the text names, in order and without overlap."""
        words = Words(text)
        actor_end = place_end = -1
        i = 0
        while i < words.size:
            found = self._at(words, i)
            if found is None:
                i += 1
                continue
            i = found.last + 1
            after_actor, after_place = actor_end == found.first, place_end == found.first
            if self._acts(words, found, after_actor, after_place):
                actor_end = i
                start = words.starts[found.first] + found.skip
                yield start, words.ends[found.last], found.actor
            else:
                place_end = i

    def _at(self, words: Words, i: int) -> _Found | None:
        word = words.words[i]
        if word[0] not in _CLITICS:
            return self._phrase(words, i, 0, "") if word in self._firsts else None
        best: _Found | None = None
        for skip, lead in self._readings(word):
            found = self._phrase(words, i, skip, lead)
            if found and (best is None or found.last > best.last):
                best = found
        return best

    def _readings(self, word: str) -> list[tuple[int, str]]:
        """The ways to read a word as clitics and the first word of a phrase.

        Each is the number of letters to skip and the article that the preposition swallowed
        (للجيش is ل + الجيش).
        """
        firsts = self._firsts
        readings = [(0, "")] if word in firsts else []
        at = 0
        if len(word) > 3 and word[0] in "وف":
            at = 1
            if word[1:] in firsts:
                readings.append((1, ""))
        if len(word) > at + 3 and word[at] in "بلك":
            if word.startswith("لل", at) and "ال" + word[at + 2 :] in firsts:
                readings.append((at + 2, "ال"))
            if word[at + 1 :] in firsts:
                readings.append((at + 1, ""))
        return readings

    def _name(
        self, words: Words, i: int, skip: int = 0, lead: str = ""
    ) -> tuple[Actor, int] | None:
        """The longest name that begins with word ``i``, and its last word."""
        longest = self._lengths.get(lead + words.words[i][skip:])
        if longest is None:
            return None
        last = i
        while last - i + 1 < longest and words.follows(last + 1):
            last += 1
        start = words.starts[i] + skip
        for end in range(last, i - 1, -1):
            actor = self._names.get(lead + words.run(start, end))
            if actor is not None:
                return actor, end
        return None

    def _phrase(self, words: Words, i: int, skip: int, lead: str) -> _Found | None:
        """Read a name, or a noun of ``HEADS``, and all that belongs to it."""
        phrases = self._phrases
        first_word = before = lead + words.words[i][skip:]
        kind = phrases.heads.get(before)
        actor: Actor | None = None
        whose: str | None = None
        first = last = i
        sure = -1  # last word of what already names somebody
        generic = False
        named = self._name(words, i, skip, lead)
        if named:
            actor, last = named
            sure = last
            if last > i:
                before = words.words[last]
        elif kind is None:
            return None
        while last < i + _LONGEST and words.follows(last + 1):
            word = words.words[last + 1]
            inner = self._name(words, last + 1) if kind else None
            if inner and _attaches(kind, before, inner[0], phrases.heads):
                if inner[0].kind == "leader":
                    # Annotators and readers name رئيس الوزراء العراقي نوري المالكي by his name.
                    long_title = last + 1 - i > inner[1] - last
                    start = last + 1 if long_title else first
                    return _Found(inner[0], start, inner[1], 0 if long_title else skip - len(lead))
                actor, last = inner
                sure = last
            elif word in phrases.whose and self._agrees(word, before):
                whose = whose or phrases.whose[word]
                last += 1
                sure = last
            elif self._describes(word, before):
                if actor and actor.kind in ("leader", "state"):
                    break
                last += 1
                generic = True
                if sure >= 0:
                    sure = last
            elif actor or whose:
                break
            elif kind and word in phrases.heads:
                last += 1
                if kind == "military" and phrases.heads[word] == "police":
                    kind = "police"  # قوات الأمن
            elif word in phrases.links and words.follows(last + 2):
                tied = self._tied(words, last + 2)
                if tied is None:
                    break
                actor, last = tied
                sure = last
            elif (
                before in phrases.naming
                and (word.startswith("ال") or words.gap(last + 1).strip() in _QUOTES)
            ) or (word.isdigit() and before.removeprefix("ال") in phrases.naming):
                last += 1
                generic = True
            else:
                break
            before = words.words[last]
        if actor is None and kind:
            if whose:
                actor = self._resolve(kind, whose)
            elif generic and (kind in _ARMED or first_word.removeprefix("ال") in phrases.naming):
                actor, sure = self._resolve(kind, None), last
        if actor is None or sure < 0:
            return None
        return _Found(actor, first, sure, skip - len(lead))

    def _describes(self, word: str, before: str) -> bool:
        """Whether a word is an adjective of the word before it."""
        phrases = self._phrases
        if word in phrases.plain:
            return self._agrees(word, before)
        # A definite noun, then a definite -i or -iya word that agrees with it: hardly anything
        # but an adjective, were it not for the object after the subject (قصف الجيش القرية).
        if not (word.startswith("ال") and word.endswith(("ي", "يه")) and before.startswith("ال")):
            return False
        agrees = not before.endswith("ي" if word.endswith("ه") else "ه")
        noun = before in phrases.heads or before in phrases.plain or before in phrases.whose
        return noun and agrees and len(word) > 5 and word not in phrases.nouns

    def _agrees(self, word: str, before: str) -> bool:
        """Whether a word, if it names people, can describe or own what stands before it.

        In قصف الجيش الحوثيين and الحكومة اليمنية المتمردين two actors stand side by side.
        """
        phrases = self._phrases
        if not (word.endswith("ين") or word in phrases.people):
            return True
        owned = before in phrases.heads and not before.startswith("ال")
        return owned or before.endswith("ين") or before in phrases.people

    def _tied(self, words: Words, i: int) -> tuple[Actor, int] | None:
        """The name after a word of ``LINKS``, the preposition or a title before it read over."""
        phrases = self._phrases
        for at in range(i, min(i + _LONGEST, words.size)):
            word = words.words[at]
            for skip, lead in self._readings(word) if at == i else [(0, "")]:
                named = self._name(words, at, skip, lead)
                if named:
                    return named
            if not words.follows(at + 1):
                return None
            readable = (phrases.heads, phrases.whose, phrases.plain)
            if at > i and not any(word in table for table in readable):
                return None
        return None

    def _acts(self, words: Words, found: _Found, after_actor: bool, after_place: bool) -> bool:
        """Whether the words around a name let it be an actor, not a place or a mere source."""
        phrases = self._phrases
        actor, first, last, skip = found
        before = words.words[first - 1] if first else ""
        if before in phrases.said and actor.kind in _SOURCES:
            return False
        name = words.run(words.starts[first] + skip, last)
        placed = after_place or before in phrases.places or words.dateline(last)
        if placed and actor.kind == "state" and name in self._names:
            return False
        if name in self._weak or ("ال" + name[2:] in self._weak and name.startswith("لل")):
            if skip:
                # إيران وسوريا: what is joined to an actor is one.
                return after_actor and words.words[first].startswith("و")
            verb = before.endswith("ت") and before not in phrases.heads
            return verb or before in phrases.evidence
        return True


def _attaches(kind: str | None, before: str, actor: Actor, heads: Mapping[str, str]) -> bool:
    """Whether a name after a noun is the noun's: مقاتلو + name, الرئيس + leader."""
    if kind == "leader" or (actor.kind == "leader" and before.startswith("ال")):
        return kind == "leader" and actor.kind == "leader"
    return before in heads and not before.startswith("ال")
