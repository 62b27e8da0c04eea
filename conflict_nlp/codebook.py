"""Codebook 1: the event types and stances of the library, and their crosswalks.

The labels are those of the project's codebook for Arabic conflict reporting, coded a sentence at
a time. The crosswalks lead from an event type to ACLED (codebook of October 2024), PLOVER
(event-mode), CAMEO and PLOVER's quad classes. They are a table, never a prediction.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib import resources
from types import MappingProxyType

from conflict_nlp.errors import DataError

__all__ = [
    "CODEBOOK_VERSION",
    "EVENTS",
    "EVENT_TYPES",
    "NO_EVENT",
    "ONTOLOGIES",
    "QUAD_CLASSES",
    "STANCES",
    "Event",
    "EventType",
    "crosswalk",
    "event_type",
]

CODEBOOK_VERSION = "1"

STANCES: tuple[str, ...] = ("favor", "against", "none")
"""What a voice expresses toward a target; ``none`` is also a neutral mention."""

NO_EVENT = "no_event"
"""The primary event of a sentence that reports none; not an event type."""

QUAD_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "VC": "verbal conflict",
        "MC": "material conflict",
        "VX": "verbal cooperation",
        "MX": "material cooperation",
    }
)
"""PLOVER's quad classes: code to display name."""

ONTOLOGIES: tuple[str, ...] = ("quad", "acled", "plover", "cameo")
"""The ontologies that the crosswalk leads to, as results name them."""


class Event(StrEnum):
    """The event types as an enum, for completion in an editor; members are plain strings.

    Example:
        >>> Event.AIR_STRIKE == "air_strike"
        True
    """

    ARMED_CLASH = "armed_clash"
    TERRITORY_GAIN = "territory_gain"
    WITHDRAWAL = "withdrawal"
    SIEGE = "siege"
    AIR_STRIKE = "air_strike"
    SHELLING = "shelling"
    BOMBING = "bombing"
    MOBILIZATION = "mobilization"
    CIVILIAN_ATTACK = "civilian_attack"
    DETENTION = "detention"
    RELEASE = "release"
    CASUALTIES = "casualties"
    NEGOTIATION = "negotiation"
    AGREEMENT = "agreement"
    APPEAL = "appeal"
    ACCUSATION = "accusation"
    REJECTION = "rejection"
    THREAT = "threat"
    STATEMENT = "statement"
    SUPPORT = "support"
    SANCTION = "sanction"
    HUMANITARIAN = "humanitarian"
    PROTEST = "protest"
    JUSTICE = "justice"


@dataclass(frozen=True, slots=True)
class EventType:
    """One row of the codebook.

    Args:
        name: the label, as models write it.
        english: display name in English.
        arabic: display name in Arabic.
        definition: code the type when the sentence reports this.
        excludes: what is not coded as this type, and the type it has instead.
        acled: ACLED "event: sub-event" names that may apply; empty where ACLED has none.
        plover: PLOVER event-mode names; empty where PLOVER has none.
        cameo: CAMEO codes, as strings because leading zeros count.
        quad: quad classes (see ``QUAD_CLASSES``).
    """

    name: str
    english: str
    arabic: str
    definition: str
    excludes: str | None = None
    acled: tuple[str, ...] = ()
    plover: tuple[str, ...] = ()
    cameo: tuple[str, ...] = ()
    quad: tuple[str, ...] = ()


def _rows() -> Iterator[EventType]:
    table = resources.files("conflict_nlp") / "data" / "codebook.csv"
    for row in csv.DictReader(table.read_text(encoding="utf-8").splitlines()):
        codes = {key: tuple(filter(None, row[key].split(" | "))) for key in ONTOLOGIES}
        yield EventType(
            name=row["name"],
            english=row["english"],
            arabic=row["arabic"],
            definition=row["definition"],
            excludes=row["excludes"] or None,
            **codes,
        )


EVENT_TYPES: tuple[EventType, ...] = tuple(_rows())
"""All event types, in the codebook's order."""

EVENTS: tuple[str, ...] = tuple(row.name for row in EVENT_TYPES)
"""Names of all event types, in the codebook's order."""

_BY_NAME = {row.name: row for row in EVENT_TYPES}

# Whose gain it is decides the sub-event; ACLED has no name for a gain by nobody in particular.
_GAIN_BY_SIDE = {
    "government": "Battles: Government regains territory",
    "non_state": "Battles: Non-state actor overtakes territory",
}
_GAIN_UNKNOWN = "Battles: Armed clash"


def event_type(name: str) -> EventType:
    """Return the codebook's row for an event type.

    Args:
        name: one of ``EVENTS``.

    Returns:
        The row.

    Raises:
        DataError: for a name outside the codebook; the message suggests the nearest one.

    Example:
        >>> event_type("siege").quad
        ('MC',)
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    near = difflib.get_close_matches(str(name).lower(), EVENTS, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"The event types are: {', '.join(EVENTS)}."
    msg = f"'{name}' is not an event type of codebook {CODEBOOK_VERSION}. {hint}"
    raise DataError(msg)


def crosswalk(
    events: Sequence[str], sides: Collection[str] = ()
) -> dict[str, tuple[str, ...] | None]:
    """Lead the events of one sentence over to the field's ontologies.

    Args:
        events: event types of the sentence, the primary one first.
        sides: sides of all actors found in the sentence (``"government"``, ``"non_state"`` or
            another). They resolve whose territory gain it is, which they can only where all
            are of one side.

    Returns:
        ``quad``, ``acled``, ``plover`` and ``cameo``, each with its codes in the order of the
        events and without repetition, or None where the ontology has nothing for them.

    Raises:
        DataError: for an event outside the codebook.

    Example:
        >>> crosswalk(["territory_gain", "casualties"], {"government"})["acled"]
        ('Battles: Government regains territory',)
    """
    rows = [event_type(name) for name in events]
    only_side = next(iter(sides)) if len(set(sides)) == 1 else ""
    gain = _GAIN_BY_SIDE.get(only_side, _GAIN_UNKNOWN)
    rows = [
        replace(row, acled=(gain,)) if row.name == Event.TERRITORY_GAIN else row for row in rows
    ]
    return {
        key: tuple(dict.fromkeys(code for row in rows for code in getattr(row, key))) or None
        for key in ONTOLOGIES
    }
