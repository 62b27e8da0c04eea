"""Sentences with one actor exchanged for another of its kind: what happened must stay the same."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from conflict_nlp._unnamed import agreement, bare, fused
from conflict_nlp.actors import Actor, Lexicon


@dataclass(frozen=True, slots=True)
class Swap:
    """A sentence and the same with another actor.

    Attributes:
        text: the sentence.
        swapped: the sentence with the other actor.
        span: where the actor stands in the sentence.
        before: id of the actor it names.
        after: id of the actor put in its place.
    """

    text: str
    swapped: str
    span: tuple[int, int]
    before: str
    after: str


def swap_actors(texts: Sequence[str], lexicon: Lexicon, seed: int = 0) -> list[Swap]:
    """Exchange one actor of each sentence that names one with a fitting other.

    Args:
        texts: sentences.
        lexicon: the actors.
        seed: seed of the choices.

    Returns:
        A swap for each sentence in which one can be made.

    Example:
        >>> swaps = swap_actors(["شنت حركة حماس هجوماً على الموقع"], Lexicon.load())
        >>> swaps[0].before, swaps[0].swapped.startswith("شنت حركة ")
        ('palestine_hamas', True)
    """
    by_agreement: dict[tuple[str, str], list[tuple[Actor, str]]] = defaultdict(list)
    for actor in lexicon.actors:
        for alias in actor.aliases:
            name = alias.removesuffix("?")
            key = agreement(actor, name)
            if key is not None and not alias.endswith("?"):
                by_agreement[key].append((actor, name))
    swaps = []
    for text in texts:
        chance = random.Random(f"{seed}:{text}")
        mentions = list(lexicon.find(text))
        chance.shuffle(mentions)
        for mention in mentions:
            preposition, own = bare(mention.text)
            key = agreement(mention.actor, own)
            others = [
                (actor, name)
                for actor, name in by_agreement.get(key or ("", ""), ())
                if actor.id != mention.actor.id and actor.country != mention.actor.country
            ]
            if others:
                actor, name = chance.choice(others)
                put = fused(preposition, name)
                swapped = text[: mention.start] + put + text[mention.end :]
                span = (mention.start, mention.end)
                swaps.append(Swap(text, swapped, span, mention.actor.id, actor.id))
                break
    return swaps
