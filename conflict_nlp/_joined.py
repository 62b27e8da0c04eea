"""The parts of a bulk run joined into one file: JSON Lines, CSV, TSV or Parquet."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, cast

from conflict_nlp._sources import kind_of
from conflict_nlp.errors import MissingExtraError

Row = dict[str, Any]
BATCH = 5000  # rows of a Parquet row group
_LISTS = ("quad", "acled", "plover", "cameo")


def join_parts(
    parts: Sequence[Path], inputs: Sequence[Path], output: Path, count: Callable[[Row], None]
) -> None:
    """Join parts into the output, which is there whole or not at all.

    Args:
        parts: JSON Lines files, in order.
        inputs: the files that were classified; columns keep the types they have in Parquet.
        output: file to write; its name says in which form.
        count: called with every row.
    """
    unfinished = output.with_name(output.name + ".unfinished")
    output.parent.mkdir(parents=True, exist_ok=True)
    kind = kind_of(output)
    if kind == ".jsonl":
        _write_lines(parts, output, unfinished, count)
    elif kind == ".parquet":
        _write_parquet(parts, inputs, unfinished, count)
    else:
        _write_table(parts, output, unfinished, "\t" if kind == ".tsv" else ",", count)
    with unfinished.open("rb") as file:
        os.fsync(file.fileno())
    unfinished.replace(output)


def _rows(parts: Sequence[Path]) -> Iterator[tuple[str, Row]]:
    for part in parts:
        with part.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield line, json.loads(line)


def check_packages(output: Path) -> None:
    """Make sure, before hours of work, that the output can be written in the end.

    Raises:
        MissingExtraError: a package for its kind is not installed.
    """
    needed = {"pyarrow"} if kind_of(output) == ".parquet" else set()
    if output.suffix.lower() == ".zst":
        needed.add("zstandard")
    for package in needed:
        if find_spec(package) is None:
            raise MissingExtraError(package, "files", f"writing {output.name}")


def own_name(name: str, columns: Collection[str]) -> str:
    """What a column of the input is called in the output: ``input_`` before a name of ours."""
    free = name
    while free in RESERVED or (free != name and free in columns):
        free = f"input_{free}"
    return free


def _packed(output: Path, unfinished: Path, stack: ExitStack) -> IO[bytes]:
    """A file to write to, packed as the output's name says, the same bytes at every run."""
    file = stack.enter_context(unfinished.open("wb"))
    if output.suffix.lower() == ".gz":
        packed: Any = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
        return cast("IO[bytes]", stack.enter_context(packed))
    if output.suffix.lower() == ".zst":
        import zstandard

        writer: Any = zstandard.ZstdCompressor().stream_writer(file)
        return cast("IO[bytes]", stack.enter_context(writer))
    return file


def _write_lines(
    parts: Sequence[Path], output: Path, unfinished: Path, count: Callable[[Row], None]
) -> None:
    with ExitStack() as stack:
        file = _packed(output, unfinished, stack)
        for line, row in _rows(parts):
            count(row)
            file.write(line.encode())


def _columns(parts: Sequence[Path]) -> list[str]:
    """Every column that a row has, the result's last."""
    found: dict[str, None] = {}
    for _, row in _rows(parts):
        for name in flat(row):
            found[name] = None
    result = [name for name in found if _of_result(name)]
    return [name for name in found if not _of_result(name)] + result


def _of_result(name: str) -> bool:
    return name in FLAT


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
    "repaired",
    "probabilities",
    *_LISTS,
)
RESERVED = frozenset(("document", "file", "line", "start", "end", "text", *FLAT))


def flat(row: Row) -> Row:
    """An output row with a value in each cell: events and their probabilities as two lists."""
    made = dict(row)
    events, stance = row["events"], row["stance"]
    made["events"] = None if events is None else [e["type"] for e in events]
    made["event_probabilities"] = None if events is None else [e["probability"] for e in events]
    made["stance"] = stance and stance["label"]
    made["stance_probability"] = stance and stance["probability"]
    return made


def _write_table(
    parts: Sequence[Path],
    output: Path,
    unfinished: Path,
    delimiter: str,
    count: Callable[[Row], None],
) -> None:
    columns = _columns(parts)
    with ExitStack() as stack:
        file = _packed(output, unfinished, stack)
        text = io.TextIOWrapper(file, "utf-8", newline="")
        # RFC 4180's line ends: with them a lone \r in a text is quoted as well.
        writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator="\r\n")
        writer.writeheader()
        for _, row in _rows(parts):
            count(row)
            writer.writerow({name: _cell(name, value) for name, value in flat(row).items()})
        text.flush()
        text.detach()


def _cell(name: str, value: Any) -> Any:
    if isinstance(value, list) and name in ("events", "event_probabilities", *_LISTS):
        return ";".join(map(str, value))
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    return value


def _write_parquet(
    parts: Sequence[Path],
    inputs: Sequence[Path],
    unfinished: Path,
    count: Callable[[Row], None],
) -> None:
    import pyarrow
    from pyarrow import parquet

    types = _types(parts, inputs)
    schema = pyarrow.schema(list(types.items()))
    with parquet.ParquetWriter(unfinished, schema) as writer:
        rows: list[Row] = []

        def write() -> None:
            arrays = [arrow_array([row.get(name) for row in rows], types[name]) for name in types]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            rows.clear()

        for _, row in _rows(parts):
            count(row)
            rows.append(flat(row))
            if len(rows) == BATCH:
                write()
        if rows:
            write()


def result_types() -> dict[str, Any]:
    """Arrow type of each column of a result, flat, and of the row's place; the rest are strings."""
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
    return {
        "line": pyarrow.int64(),
        "start": pyarrow.int64(),
        "end": pyarrow.int64(),
        "events": strings,
        "event_probabilities": pyarrow.list_(pyarrow.float64()),
        "stance_probability": pyarrow.float64(),
        "targets": pyarrow.list_(target),
        "truncated": pyarrow.bool_(),
        **dict.fromkeys(_LISTS, strings),
    }


def _types(parts: Sequence[Path], inputs: Sequence[Path]) -> dict[str, Any]:
    """Arrow type of each column: ours are fixed, the input's as they were, others by values."""
    import pyarrow
    from pyarrow import parquet

    fixed = result_types()
    # Columns of several files keep a type that all of them agree on.
    given: dict[str, set[Any]] = {}
    all_parquet = all(kind_of(path) == ".parquet" for path in inputs)
    for path in inputs if all_parquet else ():
        with suppress(pyarrow.ArrowException, OSError):  # a damaged file had its row with an error
            for entry in parquet.read_schema(path):
                given.setdefault(entry.name, set()).add(entry.type)
    known = {
        name: found.pop()
        for name, found in given.items()
        if len(found) == 1 and all(map(_keeps, found))
    }
    kinds: dict[str, set[str]] = {}
    for _, row in _rows(parts):
        for name, value in flat(row).items():
            kinds.setdefault(name, set())
            if value is not None:
                kinds[name].add(_kind(value))
    renamed = {own_name(name, given): kind for name, kind in known.items()}
    return {
        name: fixed.get(name, pyarrow.string())
        if name in RESERVED
        else renamed.get(name) or _of_kinds(kinds[name])
        for name in _columns(parts)
    }


def _kind(value: Any) -> str:
    """What a JSON value is, as far as Arrow's types differ for it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if abs(value) <= 2**53 else "long" if abs(value) < 2**63 else "huge"
    return type(value).__name__


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
