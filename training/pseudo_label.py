"""Label unlabelled sentences with a trained model, for self-training.

    python training/pseudo_label.py --model artifacts/base_exported \\
        --sentences ../shared/data/sentences.jsonl.gz \\
        --labelled ../shared/data/labels/train.jsonl --output artifacts/pseudo.jsonl --rows 8000

To learn what self-training is worth, the teacher must have seen no more labels than the model it is
compared with. Labelled sentences, and those about which the model abstains, are left out. The
output holds the sentences' text and must not be published.
"""

from __future__ import annotations

import argparse
import gzip
import json
import pathlib
import random

from rich.progress import track

from conflict_nlp import Classifier
from conflict_nlp.learning.data import read_labelled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--sentences", type=pathlib.Path, required=True)
    parser.add_argument("--labelled", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    with gzip.open(args.sentences, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    labelled = {example.id for example in read_labelled(args.labelled)}
    rows = [row for row in rows if row["sid"] not in labelled]
    chosen = random.Random(args.seed).sample(rows, min(args.rows, len(rows)))
    classifier = Classifier.from_pretrained(args.model)
    results = classifier.stream(row["text"] for row in chosen)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with args.output.open("w", encoding="utf-8") as file:
        for row, result in zip(chosen, track(results, total=len(chosen)), strict=True):
            if result.abstain or result.error or result.stance is None:
                continue
            targets = [
                {"text": t.text, "start": t.start, "end": t.end, "stance": t.stance.label}
                for t in result.targets or ()
                if t.stance is not None
            ]
            example = {
                "id": f"pseudo:{row['sid']}",
                "text": row["text"],
                "events": [event.type for event in result.events or ()],
                "stance": result.stance.label,
                "targets": targets,
            }
            file.write(json.dumps(example, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
