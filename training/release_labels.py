"""Write the labels without their sentences, and the counts and hashes of their card.

    python training/release_labels.py --labels ../shared/data/labels

The sentences belong to their publishers; an id says which sentence a row is of, and offsets say
where its targets stand. ``training/join_labels.py`` puts the two together again.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import pathlib
import re
from collections.abc import Sequence
from typing import Any

from join_labels import normalised, sentence_id, text_hash

from conflict_nlp.codebook import EVENTS, STANCES
from conflict_nlp.evaluation.provenance import file_hash

SPLITS = ("train", "dev", "test")
KEPT = ("doc_id", "corpus", "source", "date", "country", "seg", "draw", "codebook")
Row = dict[str, Any]


def released(row: Row) -> Row:
    """A labelled row without any of its text.

    ``start`` and ``end`` of a target are offsets into the sentence as it was labelled; ``norm`` is
    the same span in the normalised form that the id is made of, valid in any copy of the sentence;
    None for a target without Arabic letters or digits, which that form leaves out.
    """
    text = row["text"]
    if sentence_id(text) != row["id"]:
        raise SystemExit(f"{row['id']}: the id is not that of the sentence")
    _, origin = normalised(text)
    targets = []
    for target in row["targets"]:
        start, end = target["start"], target["end"]
        if text[start:end] != target["text"]:
            raise SystemExit(f"{row['id']}: a target is not at its offsets")
        inside = [place for place, at in enumerate(origin) if start <= at < end]
        targets.append(
            {
                "start": start,
                "end": end,
                "norm": [inside[0], inside[-1] + 1] if inside else None,
                "stance": target["stance"],
            }
        )
    kept = {name: row[name] for name in KEPT}
    return {
        "id": row["id"],
        "events": row["events"],
        "stance": row["stance"],
        "targets": targets,
        **kept,
        "text_sha1": text_hash(text),
    }


def counts(splits: dict[str, list[Row]]) -> list[str]:
    """The card's tables of counts, as Markdown."""
    lines = ["| | " + " | ".join(splits) + " |", "|---|" + "---:|" * len(splits)]

    def line(name: str, values: Sequence[object]) -> None:
        lines.append(f"| {name} | " + " | ".join(str(value) for value in values) + " |")

    rows = list(splits.values())
    line("sentences", [f"{len(r):,}" for r in rows])
    line("of them drawn at random", [sum(x["draw"] == "random" for x in r) for r in rows])
    line(
        "annotated by the first 1,500's codebook",
        [sum(x["codebook"] == 1 for x in r) for r in rows],
    )
    line("no event", [sum(not x["events"] for x in r) for r in rows])
    for stance in STANCES:
        values = [
            f"{sum(x['stance'] == stance for x in r)} "
            f"({sum(t['stance'] == stance for x in r for t in x['targets'])})"
            for r in rows
        ]
        line(f"sentence stance `{stance}` (targets)", values)
    found = [collections.Counter(e for x in r for e in x["events"]) for r in rows]
    for event in sorted(EVENTS, key=lambda e: -found[0][e]):
        line(f"`{event}`", [c[event] for c in found])
    corpora = [collections.Counter(x["corpus"] for x in r) for r in rows]
    lines += ["", "| corpus | " + " | ".join(splits) + " |", "|---|" + "---:|" * len(splits)]
    for corpus in sorted(corpora[0], key=lambda c: -corpora[0][c]):
        line(f"`{corpus}`", [c[corpus] for c in corpora])
    return lines


def content_hash(splits: dict[str, list[Row]]) -> str:
    """SHA-256 over the rows of all splits, whatever their order and the layout of the files."""
    rows = sorted(
        json.dumps([split, row], ensure_ascii=False, sort_keys=True)
        for split, group in splits.items()
        for row in group
    )
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=pathlib.Path, default="../shared/data/labels")
    parser.add_argument("--output", type=pathlib.Path, default="training/labels")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    splits: dict[str, list[Row]] = {}
    for split in SPLITS:
        lines = (args.labels / f"{split}.jsonl").read_text("utf-8").split("\n")
        splits[split] = [released(json.loads(line)) for line in lines if line]
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in splits[split])
        (args.output / f"{split}.jsonl").write_text(text, "utf-8")
    hashes = [f"- `{s}.jsonl`: `{file_hash(args.output / f'{s}.jsonl')}`" for s in SPLITS]
    block = "\n".join(
        [
            *counts(splits),
            "",
            f"Content hash (SHA-256 over the sorted rows of all splits): `{content_hash(splits)}`",
            "",
            "SHA-256 of the files:",
            "",
            *hashes,
        ]
    )
    card = args.output / "README.md"
    if card.exists():
        pattern = re.compile("(<!-- counts -->\n).*?(<!-- end of counts -->)", re.DOTALL)
        old = card.read_text("utf-8")
        if not pattern.search(old):
            raise SystemExit(f"{card} has no <!-- counts --> block to fill")
        card.write_text(pattern.sub(lambda m: m[1] + block + "\n" + m[2], old), "utf-8")
    print(block)


if __name__ == "__main__":
    main()
