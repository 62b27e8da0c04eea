"""Event records with the column names of ACLED and PLOVER, out of a classified corpus."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from conflict_nlp._classified import ClassifiedRow, classified_rows
from conflict_nlp._sources import kind_of
from conflict_nlp._whole import whole_file
from conflict_nlp.actors import Lexicon
from conflict_nlp.codebook import crosswalk
from conflict_nlp.errors import DataError

COLUMNS = (
    "event_id",
    "event_date",
    "event_type",
    "sub_event_type",
    "plover_event_type",
    "plover_event_mode",
    "cameo_code",
    "quad_class",
    "actors",
    "actor_countries",
    "actor_sectors",
    "country",
    "source",
    "conflict_nlp_event",
    "notes",
)


def export_events(
    classified: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    date_column: str = "date",
    country_column: str = "country",
    source_column: str = "source",
    lexicon: Lexicon | None = None,
) -> int:
    """Write one record for each event of a classified corpus.

    ``event_type`` and ``sub_event_type`` are ACLED's, ``plover_event_type`` and
    ``plover_event_mode`` PLOVER's, by the codebook's crosswalk; where an ontology has nothing for
    an event they are empty, where it has several they stand with `` | `` between. Who acted upon
    whom is not coded: ``actors`` are the targets that were judged, which are all that the sentence
    names unless a target was asked for.

    Args:
        classified: what ``conflict-nlp classify`` wrote.
        output: CSV or TSV file to write.
        date_column: column of the corpus for ``event_date``; empty where it has none.
        country_column: column of the corpus for ``country``.
        source_column: column of the corpus for ``source``; else the document's name.
        lexicon: the actors that the corpus was classified with; the library's own by default.

    Returns:
        The number of records.

    Raises:
        DataError: the corpus is not classified, with this library's event types.

    Example:
        >>> export_events("out.parquet", "events.csv", date_column="published")  # doctest: +SKIP
        5821
    """
    output = Path(output)
    if kind_of(output) not in (".csv", ".tsv") or output.suffix.lower() not in (".csv", ".tsv"):
        raise DataError(f"{output} is of a kind that is not written; written are .csv and .tsv.")
    lexicon = lexicon or Lexicon.load()
    names = {"event_date": date_column, "country": country_column, "source": source_column}
    count = answers = 0
    with whole_file(output) as unfinished:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            delimiter = "\t" if output.suffix.lower() == ".tsv" else ","
            writer = csv.DictWriter(file, COLUMNS, delimiter=delimiter, lineterminator="\r\n")
            writer.writeheader()
            for row in classified_rows(Path(classified)):
                answers += row.events is not None
                for record in _records(row, names, lexicon):
                    writer.writerow(record)
                    count += 1
        if not answers:
            raise DataError(
                f"{classified} holds no answer about events: its model judges stance alone, or no "
                "row could be classified."
            )
    return count


def _records(
    row: ClassifiedRow, names: dict[str, str], lexicon: Lexicon
) -> Iterator[dict[str, object]]:
    actors = [actor for actor in map(lexicon.get, row.actors) if actor is not None]
    sides = {actor.side or "unknown" for actor in actors}
    document, line = row.columns.get("document", ""), row.columns.get("line", "")
    start = row.columns.get("start")
    place = f"{row.columns.get('file') or document}:{line}"
    place += "" if start in (None, "") else f":{start}"
    about = {name: row.columns.get(column) for name, column in names.items()}
    about["source"] = about["source"] or document
    for event in row.events or ():
        codes = {name: found or () for name, found in crosswalk([event], sides).items()}
        acled = [code.partition(": ") for code in codes["acled"]]
        yield {
            "event_id": f"{place}:{event}",
            "event_type": _joined(main for main, _, _ in acled),
            "sub_event_type": _joined(sub for _, _, sub in acled),
            "plover_event_type": _joined(code.partition("-")[0] for code in codes["plover"]),
            "plover_event_mode": _joined(code.partition("-")[2] for code in codes["plover"]),
            "cameo_code": _joined(codes["cameo"]),
            "quad_class": _joined(codes["quad"]),
            "actors": "; ".join(actor.name for actor in actors),
            "actor_countries": "; ".join(actor.country or "" for actor in actors),
            "actor_sectors": "; ".join(actor.sector for actor in actors),
            "conflict_nlp_event": event,
            "notes": row.text,
            **about,
        }


def _joined(codes: Iterable[str]) -> str:
    return " | ".join(dict.fromkeys(code for code in codes if code))
