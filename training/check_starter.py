"""Check the authored starter sentences: labels, target spans, and that no sentence is borrowed.

    python training/check_starter.py training/starter/*.jsonl --corpus ../shared/data/labels/*.jsonl

In ``topics.jsonl`` the first target of a row is a topic, and so are those that the text does not
name; the stance toward a topic is not the sentence's.

Every problem is printed as ``file:line: what is wrong``; the exit status is 1 if there is any.
"""

from __future__ import annotations

import argparse
import collections
import json
import pathlib
import re
import sys

from conflict_nlp.codebook import EVENTS, STANCES

TOPICS = "topics.jsonl"


def words(text: str) -> list[str]:
    """The Arabic words of a text with spelling variants folded together."""
    text = re.sub("[\u064b-\u0652\u0670\u0640]", "", text)
    text = re.sub("[أإآٱ]", "ا", text).replace("ى", "ي").replace("ة", "ه")
    return re.findall("[\u0621-\u064a0-9]+", text)


def grams(text: str, n: int) -> set[tuple[str, ...]]:
    w = words(text)
    return {tuple(w[i : i + n]) for i in range(len(w) - n + 1)}


def check(paths: list[pathlib.Path], corpora: list[pathlib.Path]) -> list[str]:
    """All problems of the files, one line each."""
    problems: list[str] = []
    counts: collections.Counter[str] = collections.Counter()
    borrowed: set[tuple[str, ...]] = set()
    for corpus in corpora:
        for line in corpus.read_text("utf-8").splitlines():
            borrowed |= grams(json.loads(line)["text"], 8)
    seen: dict[tuple[str, ...], str] = {}
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            where = f"{path.name}:{number}"
            try:
                row = json.loads(line)
            except ValueError as error:
                problems.append(f"{where}: not JSON ({error})")
                continue
            extra = set(row) ^ {"text", "events", "stance", "targets", "genre"}
            if extra:
                problems.append(f"{where}: missing or unknown keys {sorted(extra)}")
                continue
            unknown = [e for e in row["events"] if e not in EVENTS]
            if unknown or len(set(row["events"])) != len(row["events"]):
                problems.append(f"{where}: unknown or repeated event types {row['events']}")
            if any(t.get("stance") not in STANCES for t in row["targets"]):
                problems.append(f"{where}: the stance toward a target is not one of {STANCES}")
            named = row["targets"]
            if path.name == TOPICS:
                named = [t for t in named[1:] if t["text"] in row["text"]]
            stances = [t.get("stance") for t in named]
            if row["stance"] not in STANCES:
                problems.append(f"{where}: a stance that is not one of {STANCES}")
            if row["stance"] == "none" and stances and set(stances) != {"none"}:
                problems.append(f"{where}: sentence stance none, but a target is not none")
            if row["stance"] != "none" and stances and row["stance"] not in stances:
                problems.append(f"{where}: no target has the sentence's stance {row['stance']}")
            if len(row["targets"]) > 4:
                problems.append(f"{where}: more than 4 targets")
            for target in named:
                if target["text"] not in row["text"]:
                    problems.append(f"{where}: target {target['text']!r} is not in the text")
            key = tuple(words(row["text"]))
            if key in seen:
                problems.append(f"{where}: same sentence as {seen[key]}")
            seen[key] = where
            hit = grams(row["text"], 8) & borrowed
            if hit:
                problems.append(f"{where}: shares 8 words with a corpus: {' '.join(hit.pop())}")
            counts.update(row["events"] or ["no_event"])
            counts[f"stance {row['stance']}"] += 1
            counts.update(f"target {t.get('stance')}" for t in row["targets"])
            counts[f"genre {row['genre']}"] += 1
            counts["sentences"] += 1
    for name, count in sorted(counts.items()):
        print(f"{count:6d}  {name}", file=sys.stderr)
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--corpus", nargs="*", type=pathlib.Path, default=[])
    args = parser.parse_args()
    problems = check(args.files, args.corpus)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
