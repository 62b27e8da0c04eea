"""The actor lexicon as a table: reading, checking, laying one table over another."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from conflict_nlp._actor_fold import folded_names
from conflict_nlp.errors import LexiconError
from conflict_nlp.text import repair

__all__ = ["COLUMNS", "KINDS", "SECTORS", "Row", "default_rows", "lay_over", "read_rows"]

COLUMNS = ("id", "name", "kind", "country", "sector", "aliases")

KINDS = {
    "state": "government",
    "government": "government",
    "military": "government",
    "police": "government",
    "militia": "non_state",
    "armed_group": "non_state",
    "opposition": "non_state",
    "coalition": None,
    "party": None,
    "international_org": None,
    "ngo": None,
    "leader": None,
    "court": None,
    "other": None,
    "civilians": None,
    "journalists": None,
}
"""What an actor can be, and the side it is on where the kind tells."""

_SECTORS = """
BUS CRM COP CVL ELI EUR GOV IGO IMG JRN JUD LAB LEG MIL NGO OPP PRM PTY REB REF REL SOC SPY UAF UNK
UNO"""
SECTORS = frozenset(_SECTORS.split())
"""Role codes, as in CAMEO and PLOVER: government, military, rebels, …"""

_ID = re.compile(r"[a-z][a-z0-9_]*")
_COUNTRY = re.compile(r"[A-Z]{3}")


class Row(NamedTuple):
    """One row of a table; in a table of the user's, what is empty stays as it was."""

    id: str
    name: str
    kind: str
    country: str
    sector: str
    aliases: tuple[str, ...]


def default_rows() -> list[Row]:
    """The rows of the lexicon that comes with the library; its tests check them."""
    table = resources.files("conflict_nlp") / "data" / "actors.csv"
    cells = csv.reader(io.StringIO(table.read_text(encoding="utf-8")))
    next(cells)
    return [
        Row(id, name, kind, country, sector, tuple(aliases.split("|")))
        for id, name, kind, country, sector, aliases in cells
    ]


def read_rows(path: Path, known: Iterable[str]) -> list[Row]:
    """Read and check a table.

    Args:
        path: a CSV file with the columns ``COLUMNS``.
        known: identifiers that there are already; a row of one needs no name, kind and sector.

    Raises:
        LexiconError: the file or rows of it cannot be used; all of them are listed.
    """
    try:
        lines = io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")
    except (OSError, UnicodeDecodeError) as error:
        msg = f"The actor lexicon {path} cannot be read as a UTF-8 text: {error}."
        raise LexiconError(msg) from error
    table = csv.DictReader(lines, strict=True)
    bad: list[str] = []
    rows: list[Row] = []
    try:
        missing = [column for column in COLUMNS if column not in (table.fieldnames or ())]
        if missing:
            msg = (
                f"The actor lexicon {path} has no column {', '.join(missing)}. "
                f"Its first line must be: {','.join(COLUMNS)}"
            )
            raise LexiconError(msg)
        seen = set(known)
        given: dict[str, str] = {}
        for cells in table:
            values = {column: (cells[column] or "").strip() for column in COLUMNS}
            # Texts are repaired before names are looked for in them.
            parts = re.split(r"[|\r\n]", values.pop("aliases"))
            aliases = tuple(filter(None, (repair(part).text.strip() for part in parts)))
            row = Row(aliases=aliases, **values)
            problems = [*_problems(row, row.id not in seen, given, None in cells)]
            bad += [f"row {table.line_num}: {problem}" for problem in problems]
            seen.add(row.id)
            rows.append(row)
    except csv.Error as error:
        bad.append(f"row {table.line_num}: not CSV ({error})")
    if bad:
        listed = "\n".join(f"  {line}" for line in bad)
        raise LexiconError(f"The actor lexicon {path} has rows that cannot be used:\n{listed}")
    return rows


def _problems(row: Row, new: bool, given: dict[str, str], overlong: bool) -> Iterator[str]:
    if overlong:
        yield f"more than {len(COLUMNS)} cells; put a cell that holds a comma in double quotes"
    if not _ID.fullmatch(row.id):
        yield f"id {row.id!r}: use small Latin letters, digits and _, such as 'syria_hts'"
    if new and not row.name:
        yield "name is empty; a new actor needs one"
    if row.kind not in KINDS and (new or row.kind):
        yield f"kind {row.kind!r} is not one of {', '.join(KINDS)}"
    if row.country and not _COUNTRY.fullmatch(row.country):
        yield f"country {row.country!r} is not an ISO code of three capitals, such as SYR, or empty"
    if row.sector not in SECTORS and (new or row.sector):
        yield f"sector {row.sector!r} is not one of {', '.join(sorted(SECTORS))}"
    if new and row.kind == "state" and not row.country:
        yield "a state needs a country"
    if new and not row.aliases:
        yield "aliases is empty; a new actor needs one, several separated by |"
    for alias, folded in zip(row.aliases, folded_names("|".join(row.aliases)), strict=False):
        if not folded:
            yield f"alias {alias!r} holds no letter"
        elif given.setdefault(folded, row.id) != row.id:
            yield f"alias {alias!r} belongs to {given[folded]!r} already; keep it in one row"


def lay_over(rows: dict[str, Row], more: Iterable[Row]) -> None:
    """Lay rows over others: new aliases are added, cells that are not empty replace.

    An alias that an actor had already goes over to the later row, with or without its ``?``.
    """
    owners = {
        folded: row.id for row in rows.values() for folded in folded_names("|".join(row.aliases))
    }
    for row in more:
        for folded in folded_names("|".join(row.aliases)) if row.aliases else ():
            owner = rows.get(owners.get(folded, ""))
            if owner is not None:
                kept = [alias for alias in owner.aliases if folded_names(alias) != [folded]]
                rows[owner.id] = owner._replace(aliases=tuple(kept))
            owners[folded] = row.id
        below = rows.get(row.id)
        if below is None:
            rows[row.id] = row
            continue
        rows[row.id] = Row(
            id=row.id,
            name=row.name or below.name,
            kind=row.kind or below.kind,
            country=row.country or below.country,
            sector=row.sector or below.sector,
            aliases=below.aliases + row.aliases,
        )
