"""What a split data set holds, written down: its files, and a card with counts and hashes."""

from __future__ import annotations

import collections
import hashlib
import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conflict_nlp._targets import is_missing
from conflict_nlp.learning.examples import Example
from conflict_nlp.learning.split import Split
from conflict_nlp.results import one_line_json


def write_split(parts: Split, folder: pathlib.Path) -> list[pathlib.Path]:
    """Write the parts as JSON Lines, with all columns, and a card that describes them.

    Args:
        parts: what :func:`split` gave.
        folder: directory to write.

    Returns:
        The files written: those of the parts that have rows, and ``README.md``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for part, rows in parts.rows.items():
        if rows:
            path = folder / f"{part}.jsonl"
            lines = [one_line_json({k: _plain(v) for k, v in row.items()}) for row in rows]
            path.write_text("\n".join(lines) + "\n", "utf-8")
            written.append(path)
    card = folder / "README.md"
    card.write_text(dataset_card(parts), "utf-8")
    return [*written, card]


def _plain(value: Any) -> Any:
    """What numpy and pandas put in a cell, as JSON has it."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if is_missing(value):
        return None
    return value if isinstance(value, (str, int, float, list, dict)) else str(value)


def content_hash(examples: Sequence[Example]) -> str:
    """SHA-256 of labelled sentences, whatever their order and the form of their file."""
    lines = sorted(
        json.dumps(
            [e.text, e.events, e.stance, [(t.text, t.span, t.stance) for t in e.targets]],
            ensure_ascii=False,
        )
        for e in examples
    )
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


def dataset_card(parts: Split) -> str:
    """A card of the data in Markdown: what was split how, counts, and a hash of the content."""
    examples = {part: some for part, some in parts.examples.items() if some}
    kept = f"the column `{parts.by}` and nearly equal texts" if parts.by else "nearly equal texts"
    head = "| | " + " | ".join(examples) + " |"
    rule = "|---|" + "---:|" * len(examples)
    lines = [
        f"# {parts.source}",
        "",
        f"Split with seed {parts.seed}; {kept} kept together, {parts.groups:,} groups.",
        "",
        head,
        rule,
        *_counts(examples, lambda e: ["sentences"]),
        *_counts(examples, lambda e: [] if e.events else ["without an event"]),
        "| SHA-256 of the content | "
        + " | ".join(f"`{content_hash(some)[:16]}`" for some in examples.values())
        + " |",
    ]
    for title, labels in (
        ("event type", lambda e: list(e.events or ())),
        ("sentence stance", lambda e: [] if e.stance is None else [e.stance]),
        ("target stance", lambda e: [target.stance for target in e.targets]),
        ("source", lambda e: [e.source]),
    ):
        lines += ["", head.replace("| |", f"| {title} |", 1), rule, *_counts(examples, labels)]
    return "\n".join(lines) + "\n"


def _counts(
    examples: Mapping[str, Sequence[Example]], labels: Callable[[Example], list[str]]
) -> list[str]:
    """A row for each label, the commonest first, with its count in every part."""
    parts = [
        collections.Counter(name for e in some for name in labels(e)) for some in examples.values()
    ]
    total = sum(parts, collections.Counter[str]())
    return [
        f"| {name} | " + " | ".join(f"{part[name]:,}" for part in parts) + " |"
        for name, _ in total.most_common()
    ]
