"""From text to token ids and target masks; the one place used in training and in use alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from conflict_nlp._unnamed import unnamed
from conflict_nlp.actors import Lexicon, Mention
from conflict_nlp.text import MappedText, Normalizer

# No tokenizer in use makes fewer tokens than one for this many characters of Arabic text, so a
# longer text is cut before tokenising.
_CHARACTERS_A_TOKEN = 16
_TOPIC_CHARACTERS = 200  # and never more than half of the model's length, in letters


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of one text and where each token stands in the original text.

    Attributes:
        ids: token ids, shape ``[length]``.
        spans: original ``(start, end)`` of each token; ``(0, 0)`` for special and topic tokens.
        topic: positions of the topic's tokens, empty without a topic.
        truncated: whether part of the text was left out.
    """

    ids: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    topic: tuple[int, ...]
    truncated: bool

    @property
    def reach(self) -> int:
        """End, in the original text, of what the model sees of it."""
        return max((end for _, end in self.spans), default=0)

    def target_masks(self, targets: Sequence[tuple[int, int]]) -> npt.NDArray[np.float32]:
        """Masks ``[1 + targets (+ 1 with a topic), length]`` over the tokens of each target.

        Row 0 is empty and stands for the sentence as a whole. A token belongs to a target when it
        overlaps its span: a clitic and a name may share a piece. A topic is marked by the last row.
        """
        rows = 1 + len(targets) + bool(self.topic)
        masks = np.zeros((rows, len(self.ids)), dtype=np.float32)
        if targets:
            first, last = np.array(self.spans).T
            start, end = np.array(targets).T[..., None]
            masks[1 : 1 + len(targets)] = (first < end) & (last > start)
        if self.topic:
            masks[-1, list(self.topic)] = 1.0
        return masks


class Encoder:
    """Tokenizer, normalisation and prefix that belong to one backbone.

    Args:
        tokenizer: a fast tokenizer; its truncation and padding settings are replaced.
        normalizer: the backbone's normalisation.
        prefix: text put before every sentence, empty for most backbones.
        max_length: longest input in tokens, special tokens included.
        hidden: the actors whose names are not shown to the model; None where it reads names.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        normalizer: Normalizer,
        prefix: str,
        max_length: int,
        hidden: Lexicon | None = None,
    ) -> None:
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_length, strategy="only_first")
        self.tokenizer = tokenizer
        self._normalizer = normalizer
        self._prefix = prefix
        self._hidden = hidden
        self._limit = max_length * _CHARACTERS_A_TOKEN
        self._topic_limit = min(_TOPIC_CHARACTERS, max_length // 2)

    def encode(
        self,
        repaired: MappedText,
        topic: str | None = None,
        mentions: Sequence[Mention] | None = None,
    ) -> Encoded:
        """Encode a repaired text, alone or with a (repaired) topic as second segment.

        Args:
            repaired: the text.
            topic: what the stance toward is asked for.
            mentions: the actors that the text names, if they are known already.
        """
        # With a topic names are read: the topic may be another name of one of them.
        if self._hidden is not None and topic is None:
            found = self._hidden.find(repaired) if mentions is None else mentions
            repaired = unnamed(repaired, found)
        mapped = self._normalizer(repaired)
        text = mapped.text[: self._limit]
        shift = len(self._prefix)
        second = None if topic is None else self._normalizer(topic).text.strip()
        cut = len(mapped.text) > self._limit
        if second is not None and len(second) > self._topic_limit:
            second, cut = second[: self._topic_limit], True
        tokens = self.tokenizer.encode(self._prefix + text, second)
        sequences = tokens.sequence_ids
        # Looked up here: with a call a token, this takes as long as the tokenizer itself.
        offsets, ends = mapped.offsets, mapped.ends
        spans = tuple(
            (offsets[max(start - shift, 0)], ends[end - shift - 1])
            if sequence == 0 and end > start and end > shift
            else (0, 0)
            for sequence, (start, end) in zip(sequences, tokens.offsets, strict=True)
        )
        second_tokens = () if second is None else np.flatnonzero(np.array(sequences) == 1).tolist()
        cut = cut or bool(tokens.overflowing)
        return Encoded(tuple(tokens.ids), spans, tuple(second_tokens), cut)
