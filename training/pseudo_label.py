"""Label unlabelled sentences with an ensemble of teachers, for a student to learn from.

    python training/pseudo_label.py --teacher models/default --rows 12000 \\
        --output artifacts/pseudo.jsonl

The teachers are exported models (``--teacher`` may be repeated) and, for event types, a TF-IDF and
SVM model trained here on the labelled sentences: what lexical and neural models get wrong is not
the same. The blend of their logits is fitted on the development set. What is written are
probabilities ("soft"), from which a student learns more than from decisions (Hinton et al. 2015).
Half of the sentences are drawn at random and half so that every event type has its share. The
output holds the sentences' text and must not be published.
"""

from __future__ import annotations

import argparse
import gzip
import json
import pathlib
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from found_targets import with_found_targets
from rich.progress import track
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from conflict_nlp import Classifier
from conflict_nlp._parallel import cores
from conflict_nlp.codebook import CODEBOOK_VERSION, EVENTS, STANCES
from conflict_nlp.evaluation.features import TfidfFeatures
from conflict_nlp.evaluation.linear import svm
from conflict_nlp.learning.calibrate import fit_calibration, true_events
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits, predict_in_use
from conflict_nlp.learning.read import read_labelled

SCHEME = LabelScheme(EVENTS, STANCES, CODEBOOK_VERSION)
WORDS = (5, 45)  # length of the sentences taken: short enough to train on fast
NEAR = 0.03  # share of the pool, best scored first, that an event type's sentences are drawn from
DIGITS = 4
Floats = npt.NDArray[np.float32]
Probabilities = npt.NDArray[np.float64]


def pool(path: pathlib.Path, labelled: set[str]) -> list[Example]:
    """The unlabelled sentences of a usable length."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    few, many = WORDS
    return [
        Example(row["sid"], row["text"], None, None)
        for row in rows
        if row["sid"] not in labelled and few <= len(row["text"].split()) <= many
    ]


def choose(scores: Floats, count: int, chance: random.Random) -> list[int]:
    """Half at random, half in equal shares from each event type's likeliest sentences."""
    chosen = set(chance.sample(range(len(scores)), count // 2))
    near = int(NEAR * len(scores))
    ranked = [list(np.argsort(-scores[:, c])[:near]) for c in range(scores.shape[1])]
    for candidates in ranked:
        chance.shuffle(candidates)
    while len(chosen) < count and any(ranked):
        for candidates in ranked:
            while candidates:
                best = int(candidates.pop())
                if best not in chosen:
                    chosen.add(best)
                    break
    return sorted(chosen)[:count]


def blended_events(
    on_dev: Sequence[Floats], on_pool: Sequence[Floats], dev: Sequence[Example]
) -> Floats:
    """Probabilities of the event types, from a regression a type on the teachers' logits."""
    true = true_events(dev, SCHEME)
    columns = []
    for c in range(len(SCHEME.events)):
        blend = make_pipeline(StandardScaler(), LogisticRegression())
        blend.fit(np.stack([logits[:, c] for logits in on_dev], 1), true[:, c])
        columns.append(blend.predict_proba(np.stack([x[:, c] for x in on_pool], 1))[:, 1])
    return np.stack(columns, 1)


def mean(logits: Sequence[Logits]) -> Logits:
    """The mean of several models' logits."""
    return replace(
        logits[0],
        events=np.mean([x.events for x in logits], 0),
        primary=np.mean([x.primary for x in logits], 0),
        stance=np.mean([x.stance for x in logits], 0),
    )


def soft_row(
    example: Example,
    events: Probabilities,
    primary: Probabilities,
    stances: Probabilities,
    decided: Sequence[int],
) -> dict[str, Any]:
    """A row of labelled data with probabilities for labels.

    Args:
        example: an unlabelled sentence with the targets that were found in it.
        events: ``[events]``.
        primary: ``[events + 1]``.
        stances: ``[1 + targets, stances]``, the sentence's first.
        decided: stance of each target.
    """
    targets = [
        {"text": t.text, "start": t.span[0], "end": t.span[1], "stance": SCHEME.stances[index]}
        for t, index in zip(example.targets, decided, strict=True)
        if t.span is not None
    ]
    soft = {
        "events": events.round(DIGITS).tolist(),
        "primary": primary.round(DIGITS).tolist(),
        "stances": stances.round(DIGITS).tolist(),
    }
    return {"id": f"pseudo:{example.id}", "text": example.text, "targets": targets, "soft": soft}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", action="append", required=True)
    parser.add_argument("--labels", type=pathlib.Path, default="../shared/data/labels")
    parser.add_argument("--starter", type=pathlib.Path, default="training/starter")
    parser.add_argument(
        "--sentences", type=pathlib.Path, default="../shared/data/sentences.jsonl.gz"
    )
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=12000)
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()

    train, dev = (read_labelled(args.labels / f"{split}.jsonl") for split in ("train", "dev"))
    unlabelled = pool(args.sentences, {e.id for e in train})
    for path in sorted(args.starter.glob("*.jsonl")):
        train += read_labelled(path)
    features = TfidfFeatures()
    lexical = OneVsRestClassifier(svm(0.3, None), n_jobs=cores())
    lexical.fit(features.of_sentences(train, fit=True), true_events(train, SCHEME).astype(int))
    dev_scores = lexical.decision_function(features.of_sentences(dev))
    scores = lexical.decision_function(features.of_sentences(unlabelled))

    places = choose(scores, args.rows, random.Random(args.seed))
    chosen = with_found_targets([unlabelled[i] for i in places])
    teachers = [Classifier.from_pretrained(name) for name in args.teacher]
    on_dev = [predict_in_use(teacher.runtime, teacher.encoder, dev) for teacher in teachers]
    on_pool = [
        predict_in_use(teacher.runtime, teacher.encoder, chosen)
        for teacher in track(teachers, "labelling")
    ]
    events = blended_events(
        [*(x.events for x in on_dev), dev_scores],
        [*(x.events for x in on_pool), scores[places]],
        dev,
    )
    together = mean(on_pool)
    calibration = fit_calibration(mean(on_dev), dev, SCHEME)
    primary, stance = calibration.primary(together.primary), calibration.stance(together.stance)

    args.output.parent.mkdir(parents=True, exist_ok=True)
    with args.output.open("w", encoding="utf-8") as file:
        for i, example in enumerate(chosen):
            rows = together.rows == i
            decided = calibration.decided_stance(stance[rows][1:])
            row = soft_row(example, events[i], primary[i], stance[rows], decided)
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{len(chosen)} of {len(unlabelled)} sentences, {events.sum():.0f} expected events")


if __name__ == "__main__":
    main()
