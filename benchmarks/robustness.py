"""How the shipped model bears dirt, other actors, negation and passive.

    python benchmarks/robustness.py --output benchmarks/results/robustness.json

- Every perturbation of ``conflict_nlp.evaluation.perturb`` on every second word of a labelled
  split: the change of the figures against the clean text, with a paired bootstrap interval.
- Actors exchanged for others of their kind, on labelled sentences for which the model reports an
  event: the share whose events stay the same.
- The minimal pairs of ``conflict_nlp.evaluation.minimal_pairs``.

Development data by default; nothing is chosen by these figures. No sentence is written anywhere.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from conflict_nlp import Classifier, metrics
from conflict_nlp._model_files import ONNX_FILE
from conflict_nlp._resources import model_path
from conflict_nlp.codebook import EVENTS, STANCES
from conflict_nlp.evaluation.actor_swaps import swap_actors
from conflict_nlp.evaluation.minimal_pairs import score_pairs
from conflict_nlp.evaluation.perturb import PERTURBATIONS, perturb
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.learning.read import read_labelled

SEED = 0
Figures = dict[str, float]


def answers(classifier: Classifier, texts: Sequence[str]) -> tuple[Any, Any]:
    """Reported events ``[n, 24]`` and sentence stance ``[n]``; no answer counts as none."""
    events = np.zeros((len(texts), len(EVENTS)), bool)
    stances = np.full(len(texts), STANCES.index("none"))
    for row, result in enumerate(classifier.stream(texts)):
        for event in result.events or ():
            events[row, EVENTS.index(event.type)] = True
        if result.stance is not None:
            stances[row] = STANCES.index(result.stance.label)
    return events, stances


def interval(measure: Any, size: int, draws: int) -> Figures:
    low, high = metrics.bootstrap_interval(measure, size, draws=draws, seed=SEED)
    return {"value": float(measure(np.arange(size))), "low": low, "high": high}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--labels", type=pathlib.Path, default="../shared/data/labels")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--output", type=pathlib.Path, default="benchmarks/results/robustness.json")
    args = parser.parse_args()
    classifier = Classifier.from_pretrained(args.model)
    path = args.labels / f"{args.split}.jsonl"
    examples = [e for e in read_labelled(path) if e.events is not None and e.stance is not None]
    texts = [example.text for example in examples]
    true = np.array([[name in (e.events or ()) for name in EVENTS] for e in examples])
    stance = np.array([STANCES.index(e.stance or "none") for e in examples])

    def measures(events: Any, stances: Any) -> dict[str, Any]:
        one_hot = metrics.one_hot(stance, len(STANCES)), metrics.one_hot(stances, len(STANCES))
        return {
            "event_macro_f1": lambda r: metrics.macro_f1(true[r], events[r]),
            "event_micro_f1": lambda r: metrics.micro_f1(true[r], events[r]),
            "sentence_stance_macro_f1": lambda r: metrics.macro_f1(one_hot[0][r], one_hot[1][r]),
        }

    clean_events, clean_stances = answers(classifier, texts)
    clean = measures(clean_events, clean_stances)
    size = len(texts)
    record: dict[str, Any] = {
        "split": args.split,
        "sentences": size,
        "clean": {name: interval(of, size, args.draws) for name, of in clean.items()},
        "change": {},
    }
    for name in PERTURBATIONS:
        dirty = [perturb(text, name, SEED) for text in texts]
        now = measures(*answers(classifier, dirty))
        changed = sum(a != b for a, b in zip(texts, dirty, strict=True))
        record["change"][name] = {"sentences_changed": changed} | {
            figure: interval(lambda r, f=figure: now[f](r) - clean[f](r), size, args.draws)  # noqa: B023
            for figure in clean
        }
        print(name, record["change"][name]["event_macro_f1"], flush=True)

    reported = [text for text, row in zip(texts, clean_events, strict=True) if row.any()]
    swaps = swap_actors(reported, classifier.lexicon, SEED)
    before, _ = answers(classifier, [swap.text for swap in swaps])
    after, _ = answers(classifier, [swap.swapped for swap in swaps])
    same = (before == after).all(1)
    record["actor_swaps"] = {
        "sentences": len(swaps),
        "events_stay_the_same": interval(lambda r: float(same[r].mean()), len(swaps), args.draws),
    }

    def predict(given: Sequence[str]) -> list[list[str]]:
        return [[e.type for e in result.events or ()] for result in classifier.classify(given)]

    record["minimal_pairs"] = score_pairs(predict, args.draws)
    files = [path, model_path(args.model) / ONNX_FILE]
    record["provenance"] = provenance(files, {"changes": SEED, "bootstrap": SEED}, draws=args.draws)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(json.dumps({n: record[n] for n in ("actor_swaps", "minimal_pairs")}, indent=1))


if __name__ == "__main__":
    main()
