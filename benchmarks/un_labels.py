"""Do the two labellings of the UN sentences agree, and on which names?

    python benchmarks/un_labels.py ../shared/data/benchmarks/un_quadclass_ar --output results.json

`fllm24_quad.jsonl` gives each sentence one class, `multilabel.jsonl` the classes that most of its
annotators chose. Counted are the sentences of both that have one class in either: how often they
agree under the names in the files, and under those of the benchmark's task `un_quad`. How well
people find the first labels again is a yardstick for classifiers of them. Counted too are the
sentences of which `multilabel.jsonl` tells the document, by which the benchmark divides them.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.registry import Registry
from conflict_nlp.metrics import bootstrap_interval

DIVIDED = ("fllm24_quad.jsonl", "fllm24_binary.jsonl")


def rows(path: pathlib.Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def pairs(folder: pathlib.Path) -> list[tuple[str, str]]:
    """Class and majority vote of each sentence that has one of either."""
    votes: dict[str, str] = {}
    for row in rows(folder / "multilabel.jsonl"):
        if len(row["label"]) == 1 and row["label"] != ["NO_MAJORITY"]:
            votes.setdefault(" ".join(row["text"].split()), row["label"][0])
    classes = {
        " ".join(row["text"].split()): row["label"] for row in rows(folder / "fllm24_quad.jsonl")
    }
    return [(label, votes[text]) for text, label in classes.items() if text in votes]


def with_document(folder: pathlib.Path, name: str) -> dict[str, int]:
    """How many different sentences a file has, and how many of them have a known document."""
    texts, known = (
        {" ".join(row["text"].split()) for row in rows(folder / file)}
        for file in (name, "multilabel.jsonl")
    )
    return {"sentences": len(texts), "with_document": len(texts & known)}


def agreement(found: list[tuple[str, str]], *, draws: int, seed: int) -> dict[str, Any]:
    """Macro-F1 and accuracy of the majority vote against the single classes."""
    classes, votes = (np.array(side) for side in zip(*found, strict=True))
    names = sorted(set(classes))

    def macro(chosen: Any) -> float:
        return float(
            f1_score(
                classes[chosen], votes[chosen], labels=names, average="macro", zero_division=0.0
            )
        )

    everything = np.arange(len(classes))
    scores = f1_score(classes, votes, labels=names, average=None, zero_division=0.0)
    return {
        "macro_f1": macro(everything),
        "interval95": bootstrap_interval(macro, len(classes), draws=draws, seed=seed),
        "accuracy": float((classes == votes).mean()),
        "f1": dict(zip(names, map(float, scores), strict=True)),
    }


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=pathlib.Path, help="the folder un_quadclass_ar")
    parser.add_argument("--output", type=pathlib.Path, help="where to write the results, JSON")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args(given)
    found = pairs(arguments.folder)
    rename = Registry.load().tasks["un_quad"].rename
    renamed = [(rename.get(label, label), vote) for label, vote in found]
    result: dict[str, Any] = {
        "sentences": len(found),
        "in_the_files": [
            {"class": label, "majority": vote, "sentences": count}
            for (label, vote), count in Counter(found).most_common()
        ],
        "documents": {name: with_document(arguments.folder, name) for name in DIVIDED},
    }
    for name, labels in (("names_of_the_files", found), ("names_of_the_task", renamed)):
        result[name] = agreement(labels, draws=arguments.draws, seed=arguments.seed)
        low, high = result[name]["interval95"]
        print(f"{name:19} macro-F1 {result[name]['macro_f1']:.3f}  [{low:.3f}, {high:.3f}]")
    if arguments.output:
        files = [arguments.folder / f for f in (*DIVIDED, "multilabel.jsonl")]
        result |= provenance(files, {"bootstrap": arguments.seed})
        arguments.output.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
