"""Results with a value in each column, for tables and for Arrow."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any

from conflict_nlp.codebook import ONTOLOGIES
from conflict_nlp.results import EXTRAS

Row = dict[str, Any]

FLAT = (
    "events",
    "event_probabilities",
    "primary_event",
    "stance",
    "stance_probability",
    "targets",
    "abstain",
    "truncated",
    "error",
    "model",
    "codebook",
    *EXTRAS,
)
"""Columns of a result."""

RESERVED = frozenset(("document", "file", "line", "start", "end", "text", *FLAT))
"""Columns of a result and of its place, which columns of the input may not be called."""


def flat(row: Row) -> Row:
    """An output row with events and their probabilities as two lists, and the stance as two values.

    Args:
        row: what :meth:`~conflict_nlp.results.Result.to_dict` gives, with whatever else.
    """
    events, stance = row["events"], row["stance"]
    return {
        **row,
        "events": None if events is None else [event["type"] for event in events],
        "event_probabilities": events and [event["probability"] for event in events],
        "stance": stance and stance["label"],
        "stance_probability": stance and stance["probability"],
    }


def own_name(name: str, columns: Collection[str]) -> str:
    """What a column of the input is called in the output: ``input_`` before a name of ours."""
    free = name
    while free in RESERVED or (free != name and free in columns):
        free = f"input_{free}"
    return free


def cell(name: str, value: Any) -> Any:
    """A value as a table of delimited values holds it: names with ; between, or JSON."""
    if isinstance(value, list) and name in ("events", "event_probabilities", *ONTOLOGIES):
        return ";".join(map(str, value))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return value


def result_types() -> dict[str, Any]:
    """Arrow type of each column in :data:`RESERVED`."""
    import pyarrow

    strings = pyarrow.list_(pyarrow.string())
    stance = pyarrow.struct([("label", pyarrow.string()), ("probability", pyarrow.float64())])
    target = pyarrow.struct(
        [
            ("text", pyarrow.string()),
            ("start", pyarrow.int64()),
            ("end", pyarrow.int64()),
            ("actor", pyarrow.string()),
            ("stance", stance),
        ]
    )
    return dict.fromkeys(RESERVED, pyarrow.string()) | {
        "line": pyarrow.int64(),
        "start": pyarrow.int64(),
        "end": pyarrow.int64(),
        "events": strings,
        "event_probabilities": pyarrow.list_(pyarrow.float64()),
        "stance_probability": pyarrow.float64(),
        "targets": pyarrow.list_(target),
        "truncated": pyarrow.bool_(),
        **dict.fromkeys(ONTOLOGIES, strings),
    }


def kind_of_value(value: Any) -> str:
    """What a JSON value is, as far as Arrow's types differ for it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if abs(value) <= 2**53 else "long" if abs(value) < 2**63 else "huge"
    return type(value).__name__


def column_types(kinds: Mapping[str, set[str]], known: Mapping[str, Any]) -> dict[str, Any]:
    """Arrow type of each column: ours are fixed, the input's as they were, others by values.

    Args:
        kinds: for each column of the output, what its values are (:func:`kind_of_value`).
        known: for each column of a Parquet input, its type; None where that is not settled.
    """
    fixed = result_types()
    settled = {name: kind for name, kind in known.items() if kind is not None}
    kept = {own_name(name, known): kind for name, kind in settled.items() if _keeps(kind)}
    return {name: fixed.get(name) or kept.get(name) or _of_kinds(kinds[name]) for name in kinds}


def _of_kinds(kinds: set[str]) -> Any:
    import pyarrow

    if kinds and kinds <= {"bool"}:
        return pyarrow.bool_()
    if kinds and kinds <= {"int", "long"}:
        return pyarrow.int64()
    if kinds and kinds <= {"int", "float"}:
        return pyarrow.float64()
    return pyarrow.string()


def _keeps(kind: Any) -> bool:
    """Whether values of a type come through JSON and back as they were."""
    from pyarrow import types

    if types.is_list(kind) or types.is_struct(kind):
        inner = [kind.field(i).type for i in range(kind.num_fields)]
        return all(_keeps(t) and not _through_text(t) for t in inner)
    simple = types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind)
    text = types.is_string(kind) or types.is_large_string(kind)
    return simple or text or _through_text(kind)


def _through_text(kind: Any) -> bool:
    from pyarrow import types

    binary = types.is_binary(kind) or types.is_large_binary(kind)
    dated = types.is_date(kind) or types.is_timestamp(kind)
    return bool(binary or dated or types.is_decimal(kind))


def arrow_array(values: list[Any], kind: Any) -> Any:
    """JSON values as an Arrow array of a type."""
    import pyarrow

    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        texts = [
            value
            if value is None or isinstance(value, str)
            else json.dumps(value, ensure_ascii=False)
            for value in values
        ]
        return pyarrow.array(texts, kind)
    if pyarrow.types.is_binary(kind) or pyarrow.types.is_large_binary(kind):
        return pyarrow.array([v if v is None else base64.b64decode(v) for v in values], kind)
    if _through_text(kind):
        texts = [None if value is None else str(value) for value in values]
        return pyarrow.array(texts, pyarrow.string()).cast(kind)
    return pyarrow.array(values, kind)
