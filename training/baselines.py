"""Baselines on the same rows as the model: majority, TF-IDF with a linear SVM, frozen embeddings.

    python training/baselines.py --labels ../shared/data/labels --base artifacts/base

Each gives logits for every sentence of dev and test, ``artifacts/baselines/NAME_{dev,test}.npz``,
in the form of the model's own, so that training/evaluate.py calibrates and scores all of them
alike. Regularisation is chosen on dev; of test only the text and the spans of targets are read.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from tokenizers import Tokenizer
from transformers import AutoModel

from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import TOKENIZER_FILE
from conflict_nlp.codebook import CODEBOOK_VERSION, EVENTS, STANCES
from conflict_nlp.evaluation.scores import cross_fitted, score
from conflict_nlp.learning.calibrate import true_events, true_primary
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.text_features import normal
from conflict_nlp.text import Normalizer, repair

SCHEME = LabelScheme(EVENTS, STANCES, CODEBOOK_VERSION)
SEED = 0
WINDOW = 6  # words on each side of a target
Matrix = Any  # a numpy array or a scipy sparse matrix
Grid = Sequence[tuple[float, str | None]]


@dataclass(frozen=True)
class Features:
    """Features of a list of sentences and of their named targets, in the order of the logits."""

    sentences: Matrix
    targets: Matrix
    owners: npt.NDArray[np.int64]  # sentence index of each target


def named(examples: Sequence[Example]) -> list[tuple[int, tuple[int, int]]]:
    """Sentence index and span of every target that its sentence names."""
    return [(i, t.span) for i, e in enumerate(examples) for t in e.targets if t.span is not None]


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

    def __call__(self, examples: Sequence[Example], fit: bool = False) -> Features:
        spans = named(examples)
        names, before, after = [], [], []
        for i, (start, end) in spans:
            text = examples[i].text
            names.append(normal(text[start:end]))
            before.append(" ".join(["<s>", *normal(text[:start]).split()][-WINDOW:]) + " target")
            after.append("target " + " ".join([*normal(text[end:]).split(), "</s>"][:WINDOW]))
        owners = np.array([i for i, _ in spans], np.int64)
        sentences = self.of_sentences(examples, fit)
        around = self._stack(self._target, [names, names, before, after], fit)
        return Features(sentences, sparse.hstack([sentences[owners], around]).tocsr(), owners)

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
    """Mean of the untrained encoder's token states; a target adds the mean of its own tokens."""

    def __init__(self, base: pathlib.Path) -> None:
        torch.set_num_threads(1)
        self._model = AutoModel.from_pretrained(base, add_pooling_layer=False, dtype="float32")
        self._model.eval()
        tokenizer = Tokenizer.from_file(str(base / TOKENIZER_FILE))
        self._encoder = Encoder(tokenizer, Normalizer(), "query: ", 512)
        self._scalers = (StandardScaler(), StandardScaler())

    def __call__(self, examples: Sequence[Example], fit: bool = False) -> Features:
        sentences, targets, owners = [], [], []
        for i, example in enumerate(examples):
            encoded = self._encoder.encode(repair(example.text))
            spans = [t.span for t in example.targets if t.span is not None]
            with torch.inference_mode():
                ids = torch.tensor([encoded.ids])
                states = self._model(input_ids=ids).last_hidden_state[0].numpy()
            sentences.append(states.mean(0))
            for mask in encoded.target_masks(spans)[1:]:
                # A target cut off by truncation has no tokens: the sentence stands in for it.
                of_target = states[mask > 0] if mask.any() else states
                targets.append(np.concatenate([sentences[-1], of_target.mean(0)]))
                owners.append(i)
        scaled = []
        for scaler, rows in zip(self._scalers, (sentences, targets), strict=True):
            scaled.append((scaler.fit_transform if fit else scaler.transform)(np.stack(rows)))
        return Features(scaled[0], scaled[1], np.array(owners, np.int64))


def svm(c: float, weight: str | None) -> Any:
    return LinearSVC(C=c, class_weight=weight, random_state=SEED, max_iter=3000)


def regression(c: float, weight: str | None) -> Any:
    return LogisticRegression(C=c, class_weight=weight, random_state=SEED, max_iter=1000)


def interleave(ids: Sequence[str], features: Features, outputs: dict[str, Matrix]) -> Logits:
    """Logits whose stance rows are each sentence's own, then its targets'."""
    rows = np.r_[np.arange(len(ids)), features.owners]
    stance = np.concatenate([outputs["sentence_stance"], outputs["target_stance"]])
    order = np.argsort(rows, kind="stable")
    return Logits(
        tuple(ids),
        np.asarray(outputs["events"], np.float32),
        np.asarray(outputs["primary"], np.float32),
        np.asarray(stance[order], np.float32),
        rows[order],
    )


# Each part of a baseline and the development figure that its regularisation is chosen by.
PARTS = {
    "events": "event_macro_f1",
    "primary": "primary_accuracy",
    "sentence_stance": "sentence_stance_macro_f1",
    "target_stance": "target_stance_macro_f1",
}


def fit_linear(
    make: Callable[[float, str | None], Any],
    grid: Grid,
    splits: dict[str, list[Example]],
    features: dict[str, Features],
) -> tuple[dict[str, Logits], dict[str, Any]]:
    """The best model of the grid for each part, and its logits on dev and test."""
    train = splits["train"]
    labels = {
        "events": true_events(train, SCHEME).astype(int),
        "primary": true_primary(train, SCHEME),
        "sentence_stance": np.array([SCHEME.stance_index(e.stance) for e in train]),
        "target_stance": np.array(
            [SCHEME.stance_index(t.stance) for e in train for t in e.targets if t.span is not None]
        ),
    }

    def inputs(part: str, split: str) -> Matrix:
        here = features[split]
        return here.targets if part == "target_stance" else here.sentences

    outputs: dict[Any, dict[str, dict[str, Matrix]]] = {}
    figures: dict[Any, dict[str, float]] = {}
    for setting in grid:
        outputs[setting] = {"dev": {}, "test": {}}
        for part in PARTS:
            model = make(*setting)
            if part == "events":
                model = OneVsRestClassifier(model, n_jobs=1)
            model.fit(inputs(part, "train"), labels[part])
            for split, found in outputs[setting].items():
                found[part] = model.decision_function(inputs(part, split))
        dev = splits["dev"]
        logits = interleave([e.id for e in dev], features["dev"], outputs[setting]["dev"])
        scores = score(cross_fitted(logits, dev, SCHEME), dev, SCHEME, draws=0)["all"]
        figures[setting] = {part: scores[figure]["value"] for part, figure in PARTS.items()}
        print(setting, {p: round(v, 4) for p, v in figures[setting].items()}, flush=True)
    best = {part: max(grid, key=lambda s, p=part: figures[s][p]) for part in PARTS}
    chosen = {}
    for split in ("dev", "test"):
        parts = {part: outputs[setting][split][part] for part, setting in best.items()}
        chosen[split] = interleave([e.id for e in splits[split]], features[split], parts)
    return chosen, {part: {"C": c, "class_weight": weight} for part, (c, weight) in best.items()}


def majority(splits: dict[str, list[Example]]) -> tuple[dict[str, Logits], dict[str, Any]]:
    """The most frequent answer to each question, whatever the sentence."""
    train = splits["train"]
    sets = collections.Counter(e.events for e in train if e.events is not None)
    primary = int(np.bincount(true_primary(train, SCHEME)).argmax())
    answers = {
        "events": list(sets.most_common(1)[0][0]),
        "primary": [*EVENTS, "no_event"][primary],
        "sentence_stance": collections.Counter(e.stance for e in train).most_common(1)[0][0],
        "target_stance": collections.Counter(
            t.stance for e in train for t in e.targets
        ).most_common(1)[0][0],
    }
    chosen = {}
    for split in ("dev", "test"):
        examples = splits[split]
        owners = np.array([i for i, _ in named(examples)], np.int64)
        size, sizes = len(examples), {"target_stance": len(owners)}
        names = {"events": EVENTS, "primary": [*EVENTS, "no_event"]}
        outputs = {}
        for part, answer in answers.items():
            wanted = [answer] if isinstance(answer, str) else answer
            row = np.array([4.0 if n in wanted else -4.0 for n in names.get(part, STANCES)])
            outputs[part] = np.tile(row, (sizes.get(part, size), 1))
        chosen[split] = interleave([e.id for e in examples], Features(None, None, owners), outputs)
    return chosen, answers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=pathlib.Path, default="../shared/data/labels")
    parser.add_argument("--starter", type=pathlib.Path, default="training/starter")
    parser.add_argument("--base", type=pathlib.Path, default="artifacts/base")
    parser.add_argument("--output", type=pathlib.Path, default="artifacts/baselines")
    parser.add_argument("--only", nargs="*", default=["majority", "tfidf_svm", "frozen"])
    args = parser.parse_args()
    splits = {s: read_labelled(args.labels / f"{s}.jsonl") for s in ("train", "dev", "test")}
    for path in sorted(args.starter.glob("*.jsonl")):
        splits["train"] += read_labelled(path)
    args.output.mkdir(parents=True, exist_ok=True)
    for name in args.only:
        start = time.time()
        if name == "majority":
            logits, chosen = majority(splits)
        else:
            maker = TfidfFeatures() if name == "tfidf_svm" else FrozenFeatures(args.base)
            features = {s: maker(examples, fit=s == "train") for s, examples in splits.items()}
            print(f"{name}: features after {time.time() - start:.0f} s", flush=True)
            make = svm if name == "tfidf_svm" else regression
            sizes = (0.03, 0.1, 0.3, 1.0) if name == "tfidf_svm" else (0.0001, 0.001, 0.01, 0.1)
            grid = [(c, weight) for c in sizes for weight in (None, "balanced")]
            logits, chosen = fit_linear(make, grid, splits, features)
        for split, found in logits.items():
            found.save(args.output / f"{name}_{split}.npz")
        record = {"chosen": chosen, "rows": len(splits["train"]), "seed": SEED}
        (args.output / f"{name}.json").write_text(json.dumps(record, indent=1), "utf-8")
        print(f"{name}: {chosen}, {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
