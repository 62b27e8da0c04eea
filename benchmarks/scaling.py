"""How the rate grows with the cores: end to end on one core, on two, and so on, in turns.

    python benchmarks/scaling.py --output benchmarks/results/scaling.json

The process is bound to so many cores, and works on as many sentences at once as it then has.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import random

from bulk import TURNS, measured
from speed import SEED, corpus, summary

from conflict_nlp import Classifier
from conflict_nlp._model_files import ONNX_FILE
from conflict_nlp._resources import model_path
from conflict_nlp.evaluation.provenance import provenance


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--corpus", type=pathlib.Path, default="../shared/data/sentences.jsonl.gz")
    parser.add_argument("--sample", type=int, default=1000)
    parser.add_argument("--output", type=pathlib.Path, default="benchmarks/results/scaling.json")
    args = parser.parse_args()
    files = [args.corpus, model_path(args.model) / ONNX_FILE]
    about = provenance(files, {"sample": SEED})
    texts = random.Random(SEED).sample(list(corpus(args.corpus)), args.sample)
    classifier = Classifier.from_pretrained(args.model)
    classifier.classify(texts[:50])  # warms up
    mine = sorted(os.sched_getaffinity(0))
    rates: dict[int, list[float]] = {count: [] for count in range(1, len(mine) + 1)}
    for _ in range(TURNS):
        for count, found in rates.items():
            os.sched_setaffinity(0, mine[:count])
            run = measured(lambda: classifier.classify(texts), len(texts))
            found.append(run["sentences_per_second"])
    record = {
        "sentences": len(texts),
        "sentences_per_second": {str(count): summary(found) for count, found in rates.items()},
        "times_one_core": {
            str(count): summary([a / b for a, b in zip(found, rates[1], strict=True)])
            for count, found in rates.items()
        },
        "load_average": os.getloadavg(),
        "provenance": about,
    }
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(json.dumps({n: v for n, v in record.items() if n != "provenance"}, indent=1))


if __name__ == "__main__":
    main()
