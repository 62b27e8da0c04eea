"""A classifier as it is used, but over a runtime that answers at once and needs no weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from letters import letter_tokenizer

from conflict_nlp import Classifier
from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import ModelSettings
from conflict_nlp.actors import Lexicon
from conflict_nlp.calibration import Calibration
from conflict_nlp.codebook import EVENTS
from conflict_nlp.runtime import Floats, Output
from conflict_nlp.text import Normalizer

STANCES = ("favor", "against", "none")


class StubRuntime:
    """Logits that follow from the tokens alone."""

    def __call__(self, ids: Sequence[int], target_masks: Floats) -> Output:
        turn = np.resize(np.sin(np.asarray(ids, np.float32)), len(EVENTS) + 1)
        stance = np.tile(turn[: len(STANCES)], (len(target_masks), 1))
        return Output(turn[:-1], turn, stance + target_masks.sum(-1, keepdims=True))


def stub_classifier(lexicon: Lexicon | None = None) -> Classifier:
    """The stub with a tokenizer of letters and sentences of up to 64 tokens."""
    letters = "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىءأإآؤئ0123456789.,\"'"
    settings = ModelSettings("stub-1", "stub", tuple(EVENTS), STANCES, "1")
    return Classifier(
        StubRuntime(),
        Encoder(letter_tokenizer(letters), Normalizer(), "", 64),
        settings,
        Calibration.identity(len(EVENTS), len(STANCES)),
        lexicon or Lexicon.load(),
    )
