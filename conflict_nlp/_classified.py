"""Rows that ``classify`` wrote, in one form whatever file they were written to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflict_nlp._sources import rows_of
from conflict_nlp.errors import DataError


@dataclass(frozen=True, slots=True)
class ClassifiedRow:
    """One classified sentence.

    Attributes:
        text: the sentence.
        events: event types; None where there is no answer.
        primary: the primary event, or ``no_event``; None where there is no answer.
        stance: stance of the sentence.
        targets: ``(name in the text, id in the lexicon or None, stance or None)`` of each target.
        abstain: why the classifier abstained, or None.
        error: what was wrong with the row, or None.
        columns: all columns of the row, those of the input among them.
    """

    text: Any
    events: tuple[str, ...] | None
    primary: str | None
    stance: str | None
    targets: tuple[tuple[str, str | None, str | None], ...]
    abstain: str | None
    error: str | None
    columns: dict[str, Any]

    @property
    def actors(self) -> tuple[str, ...]:
        """The lexicon's actors that it names, each once."""
        return tuple(dict.fromkeys(actor for _, actor, _ in self.targets if actor is not None))


def classified_rows(path: Path) -> Iterator[ClassifiedRow]:
    """Read what ``conflict-nlp classify`` wrote, in constant memory.

    Args:
        path: JSON Lines, CSV, TSV or Parquet, packed or not.

    Raises:
        DataError: the file is something else.
    """
    for row in rows_of(path, "text"):
        if row.error is not None:
            raise DataError(f"{path}: {row.error}")
        lacking = {"events", "primary_event", "stance", "targets", "abstain"} - row.values.keys()
        if lacking:
            raise DataError(
                f"{path} has no column '{min(lacking)}', so it is no output of conflict-nlp "
                "classify. Classify it first: conflict-nlp classify INPUT -o OUTPUT"
            )
        try:
            yield _row(row.values)
        except (ValueError, TypeError, KeyError) as error:
            raise DataError(f"{path}: row {row.line} is damaged ({error!r}).") from error


def _row(values: dict[str, Any]) -> ClassifiedRow:
    events, stance, targets = values["events"], values["stance"], values["targets"]
    if isinstance(events, str):  # a cell of a table
        primary = values["primary_event"]
        events = events.split(";") if events else ([] if primary else None)
    if events is not None:
        events = tuple(event["type"] if isinstance(event, dict) else event for event in events)
    if isinstance(targets, str):
        targets = json.loads(targets) if targets else None
    return ClassifiedRow(
        text=values["text"],
        events=events,
        primary=values["primary_event"] or None,
        stance=(stance["label"] if isinstance(stance, dict) else stance) or None,
        targets=tuple(
            (target["text"], target["actor"], target["stance"] and target["stance"]["label"])
            for target in targets or ()
        ),
        abstain=values["abstain"] or None,
        error=values.get("error") or None,
        columns=values,
    )
