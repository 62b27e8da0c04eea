"""Write the training splits of public stance benchmarks as auxiliary training data.

    python training/stance_benchmarks.py --benchmarks ../shared/data/benchmarks \\
        --output artifacts/stance_benchmarks.jsonl --rows 3000

Their targets are topics that the posts seldom name, so they train the second-segment pass. Only
``train`` rows are read. The output holds the posts' text and must not be published.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random

# Names of the topics, in the language of the posts.
TOPICS = {
    "Covid Vaccine": "لقاح كورونا",
    "Women empowerment": "تمكين المرأة",
    "Digital Transformation": "التحول الرقمي",
}
STANCES = {"favor": "favor", "against": "against", "none": "none"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benchmarks", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=3000, help="rows of each benchmark at most")
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    lines = []
    for name in ("mawqif", "arabicstancex"):
        path = args.benchmarks / name / "data.jsonl"
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        kept = [row for row in rows if row["split"] == "train"]
        for row in chance.sample(kept, min(args.rows, len(kept))):
            topic = TOPICS.get(row["target"], row["target"].replace("_", " "))
            target = {"text": topic, "stance": STANCES[row["label"].lower()]}
            example = {"id": f"{name}:{row['source_id']}", "text": row["text"], "targets": [target]}
            lines.append(json.dumps(example, ensure_ascii=False))
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{len(lines)} rows in {args.output}")


if __name__ == "__main__":
    main()
