"""How well sentence boundaries are found: precision, recall, F1 with a bootstrap interval.

    python benchmarks/boundaries.py [--article PATH] [--output results.json]

A boundary counts as found when a sentence ends within the same white space, so that a mark
before or after a line break is the same mark. Articles are drawn again in the bootstrap, not
boundaries, since those of one article are alike; a single article gives way to its boundaries.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.text import split_sentences

ROOT = Path(__file__).resolve().parent.parent
MARKED = ROOT / "tests" / "data" / "boundaries.jsonl"
ARTICLE_MARKS = ROOT / "tests" / "data" / "article_boundaries.json"


@dataclass(frozen=True)
class Counts:
    found: int = 0
    extra: int = 0
    missed: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.found + other.found, self.extra + other.extra, self.missed + other.missed
        )

    def scores(self) -> dict[str, float]:
        given, wanted = self.found + self.extra, self.found + self.missed
        return {
            "precision": self.found / given if given else 0.0,
            "recall": self.found / wanted if wanted else 0.0,
            "f1": 2 * self.found / (given + wanted) if given + wanted else 0.0,
        }


def _trimmed(text: str, end: int) -> int:
    return len(text[:end].rstrip())


def units(text: str, marked: Sequence[int]) -> list[Counts]:
    """Count each boundary, found, missed or superfluous, as a unit of its own."""
    wanted = {_trimmed(text, end) for end in marked}
    given = {_trimmed(text, sentence.end) for sentence in split_sentences(text)}
    return [
        Counts(int(at in wanted and at in given), int(at not in wanted), int(at not in given))
        for at in sorted(wanted | given)
    ]


def interval(groups: list[Counts], draws: int, seed: int) -> tuple[float, float]:
    """Give the 95% percentile interval of F1 over the groups drawn with replacement."""
    rng = random.Random(seed)
    values = sorted(
        sum(rng.choices(groups, k=len(groups)), Counts()).scores()["f1"] for _ in range(draws)
    )
    return values[int(0.025 * draws)], values[min(int(0.975 * draws), draws - 1)]


def report(name: str, groups: list[Counts], unit: str, draws: int, seed: int) -> dict[str, Any]:
    total = sum(groups, Counts())
    low, high = interval(groups, draws, seed)
    return {
        "name": name,
        "boundaries": total.found + total.missed,
        "found": total.found,
        "extra": total.extra,
        "missed": total.missed,
        **total.scores(),
        "f1_interval_95": [low, high],
        "bootstrap": {"unit": unit, "draws": draws, "seed": seed},
    }


def _article_ends(args: argparse.Namespace, raw: bytes) -> list[int]:
    if args.ends:
        return [int(end) for end in args.ends.split(",")]
    marks = json.loads(args.marks.read_text(encoding="utf-8"))
    digest = hashlib.sha256(raw).hexdigest()
    if digest != marks["sha256"]:
        sys.exit(f"{args.marks} marks a text with sha256 {marks['sha256']}, not {digest}.")
    return [int(end) for end in marks["ends"]]


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, default=MARKED)
    parser.add_argument("--article", type=Path, help="a text whose marks stand elsewhere")
    parser.add_argument("--ends", help="its boundaries, as offsets with commas between")
    parser.add_argument("--marks", type=Path, default=ARTICLE_MARKS, help="or a file of them")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--errors", action="store_true", help="show where boundaries are wrong")
    parser.add_argument("--output", type=Path, help="write the results as JSON")
    args = parser.parse_args(argv)

    raw = args.data.read_bytes()
    rows = [json.loads(line) for line in raw.decode("utf-8").splitlines() if line]
    by_article = {row["id"]: sum(units(row["text"], row["ends"]), Counts()) for row in rows}
    marked = report("marked", list(by_article.values()), "article", args.draws, args.seed)
    marked |= {
        "sha256": hashlib.sha256(raw).hexdigest(),
        "articles": {name: counts.scores()["f1"] for name, counts in by_article.items()},
    }
    results = [marked]
    if args.errors:
        for row in rows:
            _show_errors(row["id"], row["text"], row["ends"])
    if args.article:
        raw = args.article.read_bytes()
        # Offsets count characters as the file has them, so line ends must not be translated.
        text = raw.decode("utf-8")
        counted = units(text, _article_ends(args, raw))
        article = report("article", counted, "boundary", args.draws, args.seed)
        results.append(article | {"sha256": hashlib.sha256(raw).hexdigest()})
    for result in results:
        low, high = result["f1_interval_95"]
        print(
            f"{result['name']}: P {result['precision']:.3f}  R {result['recall']:.3f}  "
            f"F1 {result['f1']:.3f} [{low:.3f}, {high:.3f}]  n={result['boundaries']}"
        )
    if args.output:
        files = [args.data, *([args.article] if args.article else [])]
        about = provenance(files, {"bootstrap": args.seed})
        content = (
            json.dumps({"results": results, "provenance": about}, ensure_ascii=False, indent=2)
            + "\n"
        )
        args.output.write_text(content, encoding="utf-8")


def _show_errors(name: str, text: str, marked: Sequence[int]) -> None:
    wanted = {_trimmed(text, end) for end in marked}
    given = {_trimmed(text, sentence.end) for sentence in split_sentences(text)}
    for at in sorted(wanted ^ given):
        kind = "missed" if at in wanted else "extra"
        print(f"{name} {at} {kind}: {text[max(0, at - 30) : at]!r} | {text[at : at + 20]!r}")


if __name__ == "__main__":
    main()
