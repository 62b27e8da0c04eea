"""Label unlabelled sentences with a trained model, for self-training.

    python training/pseudo_label.py --model models/default \\
        --sentences ../shared/data/sentences.jsonl.gz --output artifacts/pseudo.jsonl --rows 8000

Sentences about which the model abstains are left out. The output holds the sentences' text and
must not be published.
"""

from __future__ import annotations

import argparse
import gzip
import json
import pathlib
import random

from rich.progress import track

from conflict_nlp import Classifier


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--sentences", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    with gzip.open(args.sentences, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
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
