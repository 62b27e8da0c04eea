"""Recall and precision of conflict_nlp.actors on labelled sentences.

    python benchmarks/actors.py ../shared/data/labels/train.jsonl --output results.json

A found span matches an annotated target when they share at least half of the words of the longer
one; each matches one at most, the best overlaps first. Annotators wrote at most four targets a
sentence, and only those that they saw as conflict actors, so precision is a lower bound.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp.actors import Lexicon
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.spans import match
from conflict_nlp.metrics import bootstrap_interval


def scores(counts: npt.NDArray[np.int64]) -> tuple[float, float, float]:
    """Recall, precision and F1 from (hits, annotated, found) a sentence."""
    hits, annotated, found = counts.sum(0)
    return (
        float(hits / max(annotated, 1)),
        float(hits / max(found, 1)),
        float(2 * hits / max(annotated + found, 1)),
    )


def measure(lexicon: Lexicon, path: pathlib.Path, *, draws: int, seed: int) -> dict[str, Any]:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    counts = np.zeros((len(rows), 3), dtype=np.int64)
    seconds = 0.0
    for row, count in zip(rows, counts, strict=True):
        started = time.process_time()
        mentions = lexicon.find(row["text"])
        seconds += time.process_time() - started
        annotated = [(target["start"], target["end"]) for target in row["targets"]]
        found = [(mention.start, mention.end) for mention in mentions]
        count[:] = len(match(row["text"], annotated, found)), len(annotated), len(found)
    result: dict[str, Any] = {
        "sentences": len(rows),
        "hits": int(counts[:, 0].sum()),
        "annotated": int(counts[:, 1].sum()),
        "found": int(counts[:, 2].sum()),
        "cpu_microseconds_a_sentence": round(1e6 * seconds / max(len(rows), 1), 1),
    }
    for i, name in enumerate(("recall", "precision", "f1")):
        interval = bootstrap_interval(
            lambda chosen, i=i: scores(counts[chosen])[i], len(rows), draws=draws, seed=seed
        )
        result[name] = {"value": scores(counts)[i], "interval95": interval}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("labels", type=pathlib.Path, help="sentences with targets, JSONL")
    parser.add_argument("--lexicon", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--output", type=pathlib.Path, help="where to write the results, JSON")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    lexicon = Lexicon.load(*arguments.lexicon)
    result = measure(lexicon, arguments.labels, draws=arguments.draws, seed=arguments.seed)
    for name in ("recall", "precision", "f1"):
        low, high = result[name]["interval95"]
        print(f"{name:10} {result[name]['value']:.3f}  [{low:.3f}, {high:.3f}]")
    if arguments.output:
        result |= provenance(
            [arguments.labels, *arguments.lexicon],
            {"bootstrap": arguments.seed},
            actors=len(lexicon.actors),
            aliases=sum(len(actor.aliases) for actor in lexicon.actors),
        )
        arguments.output.write_text(
            json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
