"""Baselines on the same rows as the model: majority, TF-IDF with a linear SVM, frozen embeddings.

    python training/baselines.py --data ../shared/data

They are the benchmark's own variants of these names. Each gives logits for every sentence of dev
and test, ``artifacts/baselines/NAME_{dev,test}.npz``, in the form of the model's own, so that
training/evaluate.py calibrates and scores all of them alike. Regularisation is chosen on dev; of
test only the text and the spans of targets are read.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import time

from conflict_nlp.evaluation.recipes import RECIPES
from conflict_nlp.evaluation.registry import Registry
from conflict_nlp.evaluation.task_data import check_files, parts_of

# As evaluate.py calls them, and as the benchmark does.
VARIANTS = {"majority": "majority", "tfidf_svm": "tfidf_svm", "frozen": "frozen_logistic"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, default="../shared/data")
    parser.add_argument("--output", type=pathlib.Path, default="artifacts/baselines")
    parser.add_argument("--only", nargs="*", choices=list(VARIANTS), default=list(VARIANTS))
    args = parser.parse_args()
    registry = Registry.load(data=args.data)
    task = registry.tasks["labels"]
    check_files(task)
    part = parts_of(task)[0]
    args.output.mkdir(parents=True, exist_ok=True)
    for name in args.only:
        start, variant = time.time(), registry.variants[VARIANTS[name]]
        fitted = RECIPES[variant.recipe](part, task.descriptions, variant.settings)
        for split, sentences in (("dev", part.dev), ("test", part.test)):
            fitted.predict(sentences).save(args.output / f"{name}_{split}.npz")
        record = {"chosen": fitted.chosen, "rows": len(part.train)}
        (args.output / f"{name}.json").write_text(json.dumps(record, indent=1), "utf-8")
        print(f"{name}: {fitted.chosen}, {time.time() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
