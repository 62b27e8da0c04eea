"""Sentences and targets as vectors for linear models: TF-IDF, or an untrained encoder's states."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import StandardScaler
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel

from conflict_nlp._encoding import Encoder
from conflict_nlp.evaluation.task_data import Sentences
from conflict_nlp.learning.backbones import backbone_folder
from conflict_nlp.learning.checkpoint import read_tokenizer
from conflict_nlp.learning.examples import Example
from conflict_nlp.learning.model import no_pooler
from conflict_nlp.learning.text_features import normal
from conflict_nlp.text import Normalizer, repair

WINDOW = 6  # words on each side of a target
FEW_TOPICS = 50  # up to so many, each topic gets weights of its own
Matrix = Any  # a numpy array or a scipy sparse matrix


@dataclass(frozen=True)
class Features:
    """Features of a list of sentences and of their named targets, in the order of the logits.

    Attributes:
        sentences: ``[n, features]``.
        targets: ``[targets, features]``.
        owners: sentence index of each target.
    """

    sentences: Matrix
    targets: Matrix
    owners: npt.NDArray[np.int64]


def named(examples: Sequence[Example]) -> list[tuple[int, tuple[int, int]]]:
    """Sentence index and span of every target that its sentence names."""
    return [(i, t.span) for i, e in enumerate(examples) for t in e.targets if t.span is not None]


def owners_of(examples: Sequence[Example]) -> npt.NDArray[np.int64]:
    """Sentence index of every target that its sentence names."""
    return np.array([i for i, _ in named(examples)], np.int64)


class TfidfFeatures:
    """Words (1-2) and characters within words (2-5); a target adds its words and their window."""

    def __init__(self) -> None:
        word = {"token_pattern": r"\w+", "sublinear_tf": True}
        self._sentence = [
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, **word),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True),
        ]
        self._target = [
            TfidfVectorizer(ngram_range=(1, 2), min_df=1, **word),  # the target's words
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True),
            TfidfVectorizer(ngram_range=(1, 3), min_df=2, **word),  # before it
            TfidfVectorizer(ngram_range=(1, 3), min_df=2, **word),  # after it
        ]
        self._topics = _TopicFeatures()

    def __call__(self, sentences: Sentences, fit: bool = False) -> Features:
        """Features of sentences and targets; with ``fit`` of the sentences to learn from."""
        examples = sentences.examples
        found = self.of_sentences(examples, fit)
        if sentences.topics is not None:
            topics = self._stack(self._sentence, [list(map(normal, sentences.topics))] * 2, False)
            return Features(self._topics(found, topics, sentences.topics, fit), None, owners_of(()))
        spans = named(examples)
        if not spans:
            return Features(found, None, owners_of(examples))
        names, before, after = [], [], []
        for i, (start, end) in spans:
            text = examples[i].text
            names.append(normal(text[start:end]))
            before.append(" ".join(["<s>", *normal(text[:start]).split()][-WINDOW:]) + " target")
            after.append("target " + " ".join([*normal(text[end:]).split(), "</s>"][:WINDOW]))
        owners = owners_of(examples)
        around = self._stack(self._target, [names, names, before, after], fit)
        return Features(found, sparse.hstack([found[owners], around]).tocsr(), owners)

    def of_sentences(self, examples: Sequence[Example], fit: bool = False) -> Matrix:
        """Features of the sentences alone."""
        texts = [normal(e.text) for e in examples]
        return self._stack(self._sentence, [texts, texts], fit)

    @staticmethod
    def _stack(makers: list[TfidfVectorizer], texts: list[list[str]], fit: bool) -> Matrix:
        pairs = zip(makers, texts, strict=True)
        return sparse.hstack(
            [m.fit_transform(t) if fit else m.transform(t) for m, t in pairs]
        ).tocsr()


class FrozenFeatures:
    """Mean of an untrained encoder's token states; a target adds the mean of its own tokens.

    Args:
        base: the encoder, as for :func:`~conflict_nlp.learning.backbones.backbone_folder`.
        prefix: text put before every sentence.
    """

    def __init__(self, base: str, prefix: str = "") -> None:
        self.folder = backbone_folder(base)
        self._prefix = prefix
        self._scalers = (StandardScaler(), StandardScaler())
        self._topics = _TopicFeatures()
        self._loaded: tuple[Any, Encoder] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_loaded": None}  # weights stay in their file

    def _model(self) -> tuple[Any, Encoder]:
        if self._loaded is None:
            self._loaded = load_frozen(self.folder, self._prefix)
        return self._loaded

    def __call__(self, sentences: Sentences, fit: bool = False) -> Features:
        """Features of sentences and targets; with ``fit`` of the sentences to learn from."""
        means, of_targets, owners = [], [], []
        for i, example in enumerate(sentences.examples):
            spans = [t.span for t in example.targets if t.span is not None]
            states, masks = states_of(*self._model(), example.text, spans)
            means.append(states.mean(0))
            for mask in masks:
                # A target cut off by truncation has no tokens: the sentence stands in for it.
                of_target = states[mask > 0] if mask.any() else states
                of_targets.append(np.concatenate([means[-1], of_target.mean(0)]))
                owners.append(i)
        found = self._scaled(0, np.stack(means), fit)
        if sentences.topics is not None:
            known: dict[str, Any] = {}
            for topic in sentences.topics:
                if topic not in known:
                    known[topic] = states_of(*self._model(), topic, [])[0].mean(0)
            topics = self._scalers[0].transform(np.stack([known[t] for t in sentences.topics]))
            return Features(self._topics(found, topics, sentences.topics, fit), None, owners_of(()))
        targets = self._scaled(1, np.stack(of_targets), fit) if of_targets else None
        return Features(found, targets, np.array(owners, np.int64))

    def _scaled(self, which: int, rows: Matrix, fit: bool) -> Matrix:
        scaler = self._scalers[which]
        return scaler.fit_transform(rows) if fit else scaler.transform(rows)


def load_frozen(folder: pathlib.Path, prefix: str) -> tuple[Any, Encoder]:
    """An encoder of the hub's form with its tokenizer, for use as it is."""
    torch.set_num_threads(1)
    options = no_pooler(AutoConfig.from_pretrained(folder))
    model = AutoModel.from_pretrained(folder, dtype="float32", **options)
    tokenizer = Tokenizer.from_str(read_tokenizer(folder))
    return model.eval(), Encoder(tokenizer, Normalizer(), prefix, 512)


def states_of(
    model: Any, encoder: Encoder, text: str, spans: Sequence[tuple[int, int]]
) -> tuple[npt.NDArray[np.float32], list[npt.NDArray[np.float32]]]:
    """Token states of a sentence ``[length, hidden]``, and the token mask of each span."""
    encoded = encoder.encode(repair(text))
    with torch.inference_mode():
        output = model(input_ids=torch.tensor([encoded.ids]))
    return output.last_hidden_state[0].numpy(), list(encoded.target_masks(list(spans))[1:])


class _TopicFeatures:
    """A text read with a topic.

    Where topics are few each has weights of its own beside those that all share (Daumé 2007), else
    the text's features stand beside the topic's and their products.
    """

    def __init__(self) -> None:
        self._known: list[str] = []

    def __call__(self, texts: Matrix, topics: Matrix, names: Sequence[str], fit: bool) -> Matrix:
        if fit:
            self._known = sorted(set(names))
        texts = sparse.csr_matrix(texts)
        if len(self._known) > FEW_TOPICS:
            topics = sparse.csr_matrix(topics)
            return sparse.hstack([texts, topics, texts.multiply(topics)]).tocsr()
        own = [sparse.diags([float(n == known) for n in names]) @ texts for known in self._known]
        return sparse.hstack([texts, *own]).tocsr()
