"""Close calls: where little decides, the names of actors do not.

A classifier that reads names knows what the press it was trained on says of them, and where little
speaks for either of two answers that is what decides. Such a sentence is read once more with
stand-ins for its actors, and the second reading is the answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np

from conflict_nlp._encoding import Encoded, Encoder
from conflict_nlp._mapped import Draft, Edit, MappedText
from conflict_nlp._stand_ins import stand_ins
from conflict_nlp._unnamed import agreement, bare, fused
from conflict_nlp.actors import Lexicon, Mention
from conflict_nlp.calibration import Calibration
from conflict_nlp.runtime import Output

__all__ = ["CloseCalls"]


class CloseCalls:
    """Which sentences a model reads once more, and how they look then.

    Args:
        encoder: of the model.
        calibration: of the model; it says what is close.
        lexicon: the actors.
    """

    def __init__(self, encoder: Encoder, calibration: Calibration, lexicon: Lexicon) -> None:
        self._encoder, self._calibration, self._lexicon = encoder, calibration, lexicon

    @cached_property
    def _names(self) -> dict[tuple[str, str], tuple[str, ...]]:
        return stand_ins(self._lexicon.actors)

    def again(
        self,
        repaired: MappedText,
        first: tuple[Encoded, Output],
        mentions: Sequence[Mention] | None = None,
    ) -> Encoded | None:
        """The sentence for its second reading; None where the first one is the answer.

        Args:
            repaired: the text.
            first: what the model read of it, and its logits, the sentence's own stance in row 0.
            mentions: the actors that the text names, if they are known already.
        """
        read, output = first
        if not self._calibration.is_close(output.events, output.stance[0]):
            return None
        found = self._lexicon.find(repaired) if mentions is None else mentions
        exchanged = self.exchanged(repaired, found)
        if exchanged.text == repaired.text:
            return None
        second = self._encoder.encode(exchanged)
        # The same where the model does not read names, or sees no part of the text that has one.
        return None if second.ids == read.ids else second

    def exchanged(self, text: MappedText, mentions: Sequence[Mention]) -> MappedText:
        """The text with stand-ins for the actors that it names, each pointing at all of the name.

        Args:
            text: a repaired text.
            mentions: the actors that it names.
        """
        draft = Draft(text)
        draft.apply(self._edits(text, mentions))
        return draft.done()

    def _edits(self, text: MappedText, mentions: Sequence[Mention]) -> Iterator[Edit]:
        # Who differ must still do so: the second actor of a class gets its second stand-in.
        met: dict[tuple[str, str], list[str]] = defaultdict(list)
        for mention in mentions:
            start, end = text.span_from_original(mention.start, mention.end)
            preposition, name = bare(text.text[start:end])
            key = agreement(mention.actor, name)
            if key is None or key not in self._names:
                continue
            if mention.actor.id not in met[key]:
                met[key].append(mention.actor.id)
            names = self._names[key]
            place = met[key].index(mention.actor.id) % len(names)
            yield start, end, fused(preposition, names[place])

    @staticmethod
    def settled(first: Output, second: Output) -> Output:
        """Events and sentence stance of the second reading, stances toward actors of the first."""
        stance = np.concatenate([second.stance[:1], first.stance[1:]])
        return Output(second.events, second.primary, stance)
