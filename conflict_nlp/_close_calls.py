"""Close calls: what little decides is decided without a look at who it is.

A classifier that reads names knows what the press it was trained on says of them, and where an
answer hangs by a hair that is what decides it. So such a sentence is read once more, each actor in
it exchanged for the same other one of its class, and the second reading is the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from conflict_nlp._encoding import Encoded, Encoder
from conflict_nlp._mapped import Draft, Edit, MappedText
from conflict_nlp._unnamed import agreement
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
        self._stand_ins: dict[tuple[str, str], str] = {}
        if calibration.close_events or calibration.close_stance:
            for actor in lexicon.actors:
                for alias in actor.aliases:
                    key = agreement(actor, alias)
                    if key is not None and not alias.endswith("?"):
                        self._stand_ins.setdefault(key, alias)

    def again(
        self,
        repaired: MappedText,
        first: tuple[Encoded, Output],
        mentions: Sequence[Mention] | None = None,
        threshold: float | None = None,
    ) -> Encoded | None:
        """The sentence for its second reading; None where the first one is the answer.

        Args:
            repaired: the text.
            first: what the model read of it, and its logits, the sentence's own stance in row 0.
            mentions: the actors that the text names, if they are known already.
            threshold: of every event type, in place of the model's own.
        """
        if not self._stand_ins:
            return None
        read, output = first
        if not self._calibration.is_close(output.events, output.stance[0], threshold):
            return None
        draft = Draft(repaired)
        found = self._lexicon.find(repaired) if mentions is None else mentions
        if not draft.apply(self._edits(repaired, found)):
            return None
        second = self._encoder.encode(draft.done())
        # The same where the model does not read names, or sees no part of the text that has one.
        return None if second.ids == read.ids else second

    def _edits(self, text: MappedText, mentions: Sequence[Mention]) -> Iterator[Edit]:
        for mention in mentions:
            start, end = text.span_from_original(mention.start, mention.end)
            key = agreement(mention.actor, text.text[start:end])
            if key in self._stand_ins:
                yield start, end, self._stand_ins[key]

    @staticmethod
    def settled(first: Output, second: Output) -> Output:
        """Events and sentence stance of the second reading, stances toward actors of the first."""
        stance = np.concatenate([second.stance[:1], first.stance[1:]])
        return Output(second.events, second.primary, stance)
