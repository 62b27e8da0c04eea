"""The parts of a bulk run joined into one file: JSON Lines, CSV, TSV or Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from importlib import import_module
from pathlib import Path
from typing import IO, Any, cast

from conflict_nlp._flat import (
    FLAT,
    Row,
    arrow_array,
    cell,
    column_types,
    flat,
    kind_of_value,
    result_types,
)
from conflict_nlp._sources import kind_of
from conflict_nlp._whole import whole_file
from conflict_nlp.errors import MissingExtraError

BATCH = 2000  # rows of a Parquet row group; more take memory that the rest of a run does not
_HALF = re.compile("[\ud800-\udfff]")


def check_packages(output: Path) -> None:
    """Make sure, before hours of work, that the output can be written in the end.

    Raises:
        MissingExtraError: a package for its kind is not installed.
    """
    needed = {"pyarrow.parquet"} if kind_of(output) == ".parquet" else set()
    if output.suffix.lower() == ".zst":
        needed.add("zstandard")
    for package in needed:
        # Loaded, not just looked for: the memory it takes is then there from the first row on.
        try:
            import_module(package)
        except ImportError as error:
            name = package.partition(".")[0]
            raise MissingExtraError(name, "files", f"writing {output.name}") from error
        if package == "pyarrow.parquet":
            _write_once()


def _write_once() -> None:
    """A row into nowhere: the first one loads much of Arrow, and pandas where it is installed."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema(list(result_types().items()))
    with parquet.ParquetWriter(pyarrow.BufferOutputStream(), schema) as writer:
        writer.write_table(pyarrow.Table.from_pylist([{"text": ""}], schema=schema))


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
    output.parent.mkdir(parents=True, exist_ok=True)
    kind = kind_of(output)
    with whole_file(output) as unfinished:
        if kind == ".parquet":
            _write_parquet(parts, inputs, unfinished, count)
            return
        with ExitStack() as stack:
            file = _packed(output, unfinished, stack)
            if kind == ".jsonl":
                for line, row in _rows(parts):
                    count(row)
                    file.write(line.encode())
            else:
                _write_table(parts, file, "\t" if kind == ".tsv" else ",", count)


def _rows(parts: Sequence[Path]) -> Iterator[tuple[str, Row]]:
    for part in parts:
        with part.open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                row = json.loads(line)
                yield line, _encodable(row) if "\\ud" in line else row


def _encodable(value: Any) -> Any:
    """A JSON value without halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
    if isinstance(value, str):
        return _HALF.sub("\ufffd", value)
    if isinstance(value, list):
        return [_encodable(inner) for inner in value]
    if isinstance(value, dict):
        return {_encodable(name): _encodable(inner) for name, inner in value.items()}
    return value


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


def _survey(parts: Sequence[Path]) -> dict[str, set[str]]:
    """Every column that a row has, the result's last, with what its values are."""
    kinds: dict[str, set[str]] = {}
    for _, row in _rows(parts):
        for name, value in flat(row).items():
            found = kinds.setdefault(name, set())
            if value is not None:
                found.add(kind_of_value(value))
    return {name: kinds[name] for name in sorted(kinds, key=lambda name: name in FLAT)}


def _write_table(
    parts: Sequence[Path], file: IO[bytes], delimiter: str, count: Callable[[Row], None]
) -> None:
    text = io.TextIOWrapper(file, "utf-8", newline="")
    # RFC 4180's line ends: with them a lone \r in a text is quoted as well.
    writer = csv.DictWriter(text, list(_survey(parts)), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    for _, row in _rows(parts):
        count(row)
        writer.writerow({name: cell(name, value) for name, value in flat(row).items()})
    text.flush()
    text.detach()


def _write_parquet(
    parts: Sequence[Path],
    inputs: Sequence[Path],
    unfinished: Path,
    count: Callable[[Row], None],
) -> None:
    import pyarrow
    from pyarrow import parquet

    types = column_types(_survey(parts), _types_of(inputs))
    schema = pyarrow.schema(list(types.items()))
    with parquet.ParquetWriter(unfinished, schema) as writer:
        rows: list[Row] = []

        def write() -> None:
            arrays = [arrow_array([row.get(name) for row in rows], types[name]) for name in types]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
            rows.clear()
            pyarrow.default_memory_pool().release_unused()  # or the pool keeps tens of MiB

        for _, row in _rows(parts):
            count(row)
            rows.append(flat(row))
            if len(rows) == BATCH:
                write()
        if rows:
            write()


def _types_of(inputs: Sequence[Path]) -> dict[str, Any]:
    """Types of the columns of Parquet inputs; None where the files do not agree on one."""
    import pyarrow
    from pyarrow import parquet

    if not all(kind_of(path) == ".parquet" for path in inputs):
        return {}
    given: dict[str, set[Any]] = {}
    for path in inputs:
        # A damaged file had its row with an error.
        with suppress(pyarrow.ArrowException, OSError, UnicodeDecodeError):
            for entry in parquet.read_schema(path):
                given.setdefault(entry.name, set()).add(entry.type)
    return {name: types.pop() if len(types) == 1 else None for name, types in given.items()}
