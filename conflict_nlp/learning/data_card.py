"""What a split data set holds, written down: its files, and a card with counts and hashes."""

from __future__ import annotations

import collections
import hashlib
import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conflict_nlp.learning.examples import Example
from conflict_nlp.learning.split import Split


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
            lines = [json.dumps(row, ensure_ascii=False, default=_plain) for row in rows]
            path.write_text("\n".join(lines) + "\n", "utf-8")
            written.append(path)
    card = folder / "README.md"
    card.write_text(dataset_card(parts), "utf-8")
    return [*written, card]


def _plain(value: Any) -> Any:
    """What numpy and pandas put in a cell, as JSON has it."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


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
        _counts("sentences", examples, lambda e: ["sentences"]),
        _counts("without an event", examples, lambda e: [] if e.events else ["without an event"]),
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
        total = collections.Counter(
            n for some in examples.values() for e in some for n in labels(e)
        )
        lines += ["", head.replace("| |", f"| {title} |", 1), rule]
        lines += [_counts(name, examples, labels) for name, _ in total.most_common()]
    return "\n".join(lines) + "\n"


def _counts(
    name: str, examples: Mapping[str, Sequence[Example]], labels: Callable[[Example], list[str]]
) -> str:
    cells = [f"{sum(labels(e).count(name) for e in some):,}" for some in examples.values()]
    return f"| {name} | " + " | ".join(cells) + " |"
