"""How the shipped model bears dirt, other actors, negation and passive.

    python benchmarks/robustness.py --output benchmarks/results/robustness.json

The benchmark's suites (``conflict_nlp.evaluation.suites``) on development data; nothing is chosen
by these figures. No sentence is written anywhere.
"""

from __future__ import annotations

import argparse
import json
import pathlib

from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE
from conflict_nlp._resources import model_path
from conflict_nlp.actors import Lexicon
from conflict_nlp.evaluation.neural import exported_variant
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.suites import SEED, run_suites
from conflict_nlp.evaluation.task_data import Sentences
from conflict_nlp.learning.read import read_labelled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--labels", type=pathlib.Path, default="../shared/data/labels")
    parser.add_argument("--split", default="dev")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--output", type=pathlib.Path, default="benchmarks/results/robustness.json")
    args = parser.parse_args()
    folder, path = model_path(args.model), args.labels / f"{args.split}.jsonl"
    files = [path, folder / ONNX_FILE, folder / CALIBRATION_FILE]
    # Before the run: a commit made meanwhile is not what was run.
    about = provenance(files, {"changes": SEED, "bootstrap": SEED}, draws=args.draws)
    sentences = Sentences(tuple(read_labelled(path)))
    found = run_suites(exported_variant(folder), sentences, Lexicon.load(), args.draws)
    record = {"split": args.split, **found, "provenance": about}
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(json.dumps({n: record[n] for n in ("actor_swaps", "minimal_pairs")}, indent=1))


if __name__ == "__main__":
    main()
