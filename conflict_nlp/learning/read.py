"""Labelled sentences out of files, data sets and tables."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from conflict_nlp import codebook
from conflict_nlp._sources import TABLES, kind_of, records
from conflict_nlp._targets import is_missing, locate, mended
from conflict_nlp.errors import DataError
from conflict_nlp.files import Record
from conflict_nlp.learning.examples import Example, SoftLabels, Target
from conflict_nlp.text import repair

COLUMNS = ("text", "events", "stance", "target", "targets", "id", "source", "draw", "soft")
SHOWN = 10  # problems listed in an error
_EXAMPLE = (
    'A row has the columns "text" and, as far as labelled, "events" (a list, or names with ; '
    'between), "stance", and "target" or "targets".'
)


def read_labelled(source: Any, columns: Mapping[str, str] | None = None) -> list[Example]:
    """Read labelled sentences.

    The columns are ``text`` and, as far as labelled: ``events``, a list or names with ``;`` between
    them, most salient first, empty or ``no_event`` for none; ``stance``; ``targets``, a list of
    objects with ``text``, ``stance`` and optionally ``start`` and ``end``, or ``name: stance``
    pairs with ``;`` between; or one ``target``, and then ``stance`` is the stance toward it.
    ``id`` and ``source`` (outlet or document) are kept. None in a column means that it was not
    labelled.

    Args:
        source: path of a JSON Lines, CSV, TSV or Parquet file, packed with gzip or zstd or not; a
            ``datasets.Dataset``; a pandas ``DataFrame``; any iterable of mappings; or the name of
            a data set on the Hugging Face hub, ``owner/name`` or ``owner/name:split``.
        columns: what the source calls a column, where that is not the name above, such as
            ``{"text": "sentence", "events": "labels"}``.

    Raises:
        DataError: a row is no labelled sentence, or the source cannot be read; the message lists
            the rows.

    Example:
        >>> rows = [{"text": "قصفت المدفعية البلدة.", "events": "shelling", "stance": "none"}]
        >>> read_labelled(rows)[0].events
        ('shelling',)
    """
    examples, problems = [], []
    name = name_of(source)
    for record, example in labelled_rows(source, columns):
        if isinstance(example, str):
            problems.append(f"row {record.line}: {example}")
        else:
            examples.append(example)
    if problems:
        shown = "\n  ".join(problems[:SHOWN])
        more = f"\n  and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
        raise DataError(
            f"{name} has rows that are no labelled sentences:\n  {shown}{more}\n{_EXAMPLE}"
        )
    return examples


def labelled_rows(
    source: Any, columns: Mapping[str, str] | None = None
) -> Iterator[tuple[Record, Example | str]]:
    """Every row of a source with the sentence in it, or with what is wrong with the row.

    Args:
        source: as for :func:`read_labelled`.
        columns: as for :func:`read_labelled`.

    Raises:
        DataError: the source cannot be read at all.
    """
    names = dict(columns or {})
    unknown = sorted(set(names) - set(COLUMNS))
    if unknown:
        raise DataError(f"columns: {unknown} are none of the columns read, {', '.join(COLUMNS)}.")
    stem = name_of(source)
    for record in _records(source, names.get("text", "text")):
        if record.values is None:
            yield record, record.error or "cannot be read"
            continue
        values = {name: record.values.get(names.get(name, name)) for name in COLUMNS}
        try:
            yield record, _example(values, f"{stem}:{record.line}")
        except (ValueError, TypeError) as error:
            yield record, str(error)


def name_of(source: Any) -> str:
    """What to call a source in messages and in the identifiers of its rows."""
    if isinstance(source, (str, pathlib.Path)):
        return pathlib.Path(source).stem if _is_file(source) else str(source)
    return type(source).__name__.lower()


def _is_file(source: str | pathlib.Path) -> bool:
    return isinstance(source, pathlib.Path) or kind_of(pathlib.Path(source)) in TABLES


def _records(source: Any, text_column: str) -> Iterator[Record]:
    if isinstance(source, (str, pathlib.Path)):
        path = pathlib.Path(source)
        if not _is_file(source) and not path.exists():
            return _rows(_from_hub(str(source)))
        if not path.exists():
            raise DataError(f"there is no file {str(path)!r}; read are {', '.join(TABLES)} files")
        if kind_of(path) not in TABLES:
            raise DataError(f"{path} is a {path.suffix} file; read are {', '.join(TABLES)} files")
        return records(path, [text_column])
    if hasattr(source, "to_dict") and hasattr(source, "columns"):  # a pandas DataFrame
        return _rows(source.to_dict("records"))
    if isinstance(source, Iterable) and not isinstance(source, Mapping):
        return _rows(source)
    raise DataError(
        f"labelled data of type {type(source).__name__} cannot be read; accepted are a path, a "
        "datasets.Dataset, a pandas DataFrame, an iterable of mappings, or a data set's name"
    )


def _rows(rows: Iterable[Any]) -> Iterator[Record]:
    for number, row in enumerate(rows, 1):
        if isinstance(row, Mapping):
            yield Record(number, dict(row), "")
        else:
            yield Record(number, None, str(row), f"is of type {type(row).__name__}, not a mapping")


def _from_hub(name: str) -> Iterable[Any]:
    import datasets

    place, _, split = name.partition(":")
    if place.count("/") != 1:  # a slip in a file's name, which the hub need not be asked about
        raise DataError(
            f"{name!r} is no file ({', '.join(TABLES)}), and no name of a data set on the hub, "
            "such as owner/name:train. Look for a slip in it."
        )
    try:
        found: Iterable[Any] = datasets.load_dataset(place, split=split or "train")
    except Exception as error:  # the library raises what its many back ends raise
        raise DataError(
            f"{name!r} is no file ({', '.join(TABLES)}), and no data set of that name could be "
            f"had from the hub ({type(error).__name__}). Give a path, or a name such as "
            "owner/name:train where the hub is in reach."
        ) from error
    return found


def _example(values: dict[str, Any], fallback_id: str) -> Example:
    text = values["text"]
    if not isinstance(text, str):
        raise TypeError(f"text is {text!r}; a string is accepted")
    stance, targets = _label(values["stance"]), _targets(values["targets"], text)
    if not _empty(values["target"]):
        targets = (_target({"text": values["target"], "stance": stance}, text), *targets)
        stance = None
    return Example(
        id=_string(values["id"], fallback_id),
        text=text,
        events=_events(values["events"]),
        stance=stance,
        targets=targets,
        source=_string(values["source"], fallback_id.rpartition(":")[0]),
        draw=_string(values["draw"], ""),
        soft=_soft(values["soft"]),
    )


def _soft(cell: Any) -> SoftLabels | None:
    cell = _parsed(cell)
    if _empty(cell):
        return None
    try:
        return SoftLabels(
            tuple(cell["events"]), tuple(cell["primary"]), tuple(map(tuple, cell["stances"]))
        )
    except (KeyError, TypeError) as error:
        raise ValueError(
            'soft holds no lists of probabilities "events", "primary" and "stances"'
        ) from error


def _events(cell: Any) -> tuple[str, ...] | None:
    cell = _parsed(cell)
    if is_missing(cell):
        return None
    if isinstance(cell, str):
        cell = cell.split(";")
    if isinstance(cell, Mapping) or not isinstance(cell, Iterable):
        raise TypeError(f"events is {cell!r}; a list, or names with ; between, is accepted")
    given = [name.strip() if isinstance(name, str) else name for name in cell]
    for name in given:
        if not isinstance(name, str):
            raise TypeError(f"events holds {name!r}; names of event types are accepted")
    return tuple(dict.fromkeys(name for name in given if name not in ("", codebook.NO_EVENT)))


def _targets(cell: Any, text: str) -> tuple[Target, ...]:
    cell = _parsed(cell)
    if _empty(cell):
        return ()
    if isinstance(cell, str):
        pairs = [pair.rpartition(":") for pair in cell.split(";") if pair.strip()]
        if not all(colon for _, colon, _ in pairs):
            raise ValueError(f'targets is {cell!r}; accepted is "name: stance; name: stance"')
        cell = [{"text": name, "stance": stance} for name, _, stance in pairs]
    if isinstance(cell, Mapping) or not isinstance(cell, Iterable):
        raise TypeError(f"targets is {cell!r}; a list of objects is accepted")
    return tuple(_target(target, text) for target in cell)


def _target(cell: Any, text: str) -> Target:
    if not isinstance(cell, Mapping) or not isinstance(cell.get("text"), str):
        raise TypeError(f'a target is {cell!r}; accepted is {{"text": "…", "stance": "…"}}')
    name, stance = cell["text"].strip(), _label(cell.get("stance"))
    if stance is None:
        raise ValueError(f"target {name!r} has no stance")
    if _empty(cell.get("start")):
        return Target(name, locate(repair(text), mended(name)), stance)
    if _empty(cell.get("end")):
        raise ValueError(f"target {name!r} has a start and no end; give both, or neither")
    start, end = int(cell["start"]), int(cell["end"])
    if not 0 <= start < end <= len(text):
        raise ValueError(
            f"target {name!r} stands at {start} to {end} of a text of {len(text)} characters"
        )
    return Target(name, (start, end), stance)


def _label(cell: Any) -> str | None:
    if _empty(cell):
        return None
    if not isinstance(cell, str):
        raise TypeError(f"stance is {cell!r}; a string is accepted")
    return cell.strip()


def _string(cell: Any, otherwise: str) -> str:
    return otherwise if _empty(cell) else str(cell)


def _empty(cell: Any) -> bool:
    return is_missing(cell) or (isinstance(cell, str) and not cell.strip())


def _parsed(cell: Any) -> Any:
    """What a list or object written into a cell of a table says."""
    if not isinstance(cell, str) or cell.lstrip()[:1] not in ("[", "{"):
        return cell
    try:
        return json.loads(cell)
    except ValueError as error:
        raise ValueError(f"{cell!r} looks like JSON and is not: {error}") from error
