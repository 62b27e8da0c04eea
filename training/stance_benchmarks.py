"""Write the training splits of public stance benchmarks as auxiliary training data.

    python training/stance_benchmarks.py --output artifacts/stance_benchmarks.jsonl --rows 3000

Their targets are topics that the posts seldom name, so they train the second-segment pass. Only
``train`` rows are read. The output holds the posts' text and must not be published.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random

from conflict_nlp.evaluation.registry import Registry

NAMES = ("mawqif", "arabicstancex")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, default="../shared/data")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--name", choices=NAMES, nargs="+", default=NAMES, help="which of them")
    parser.add_argument("--rows", type=int, default=3000, help="rows of each benchmark at most")
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    lines = []
    tasks = Registry.load(data=args.data).tasks
    for name in args.name:
        task = tasks[name]
        path = task.folder / task.files["train"]
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        kept = [row for row in rows if row["split"] == "train"]
        for row in chance.sample(kept, min(args.rows, len(kept))):
            topic, stance = task.topic_names[row["target"]], task.rename[row["label"]]
            target = {"text": topic, "stance": stance}
            example = {"id": f"{name}:{row['source_id']}", "text": row["text"], "targets": [target]}
            lines.append(json.dumps(example, ensure_ascii=False))
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} rows in {args.output}")


if __name__ == "__main__":
    main()
