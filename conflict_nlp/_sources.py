"""What is to be classified in bulk: files, folders and globs, as rows with all their columns."""

from __future__ import annotations

import base64
import glob
import math
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from conflict_nlp._lines import open_unpacked, printable, undecodable
from conflict_nlp.errors import DataError, MissingExtraError
from conflict_nlp.files import Record, csv_records, jsonl_records, read_lines

TABLES = (".csv", ".tsv", ".jsonl", ".parquet")
PACKED = (".gz", ".zst")
STDIN = "-"
"""Standard input among the inputs; a file of that name has no kind that is read."""


@dataclass(frozen=True, slots=True)
class InputRow:
    """One row to classify.

    Attributes:
        file: the file it comes from.
        line: number of its first line (of a Parquet file: of the row), from 1.
        values: all of its columns, JSON-ready; empty for a row with an error and for an article.
        text: what is to be classified.
        error: why it cannot be read, or None.
        article: whether it is a whole file of text, to be split into sentences.
    """

    file: str
    line: int
    values: dict[str, Any]
    text: Any
    error: str | None = None
    article: bool = False


def kind_of(path: Path) -> str:
    """The kind of a file, ``.csv`` of both ``x.csv`` and ``x.CSV.gz``."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in PACKED:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def find_files(inputs: Sequence[str], besides: Path | None = None) -> list[Path]:
    """The files that the inputs name, in the order given, those of a folder or glob by name.

    Args:
        inputs: files, folders (read with all below them), globs, and :data:`STDIN`.
        besides: an output that may lie in one of the folders; neither it nor its parts are read.

    Raises:
        DataError: an input names nothing, or a file of a kind that is not read.
    """
    found: list[Path] = []
    ours = set() if besides is None else {besides.resolve(), parts_of(besides.resolve())}
    for given in inputs:
        path = Path(given)
        if given == STDIN:
            inside = [path]
        elif path.is_dir():
            inside = sorted(p for p in path.rglob("*") if p.is_file() and _read(p))
        elif path.exists():
            if not _read(path):
                raise DataError(
                    f"{given} is a file of a kind that is not read; read are .txt, "
                    f"{', '.join(TABLES)}, and these with {' or '.join(PACKED)}."
                )
            inside = [path]
        else:
            inside = [Path(p) for p in sorted(glob.glob(given, recursive=True)) if _read(Path(p))]  # noqa: PTH207 - the pattern may be absolute
        inside = [p for p in inside if not {p.resolve(), *p.resolve().parents} & ours]
        if not inside:
            raise DataError(f"{given!r} names no file that can be read. Look for a slip in it.")
        found += inside
    return found


def parts_of(output: Path) -> Path:
    """The folder beside an output that holds its parts while a run lasts."""
    return output.with_name(output.name + ".parts")


def _read(path: Path) -> bool:
    packed_parquet = path.suffix.lower() in PACKED and kind_of(path) == ".parquet"
    return kind_of(path) in (".txt", *TABLES) and not packed_parquet


def rows_of(path: Path, text_column: str, *others: str) -> Iterator[InputRow]:
    """The rows of a file, in order and constant memory.

    A row that cannot be read comes with its error; where the file itself stops being readable, the
    last row says so.

    Args:
        path: the file; ``.txt`` is one article, :data:`STDIN` has a text a line and no columns.
        text_column: column that holds the text.
        *others: further columns that there must be.
    """
    line = 0
    try:
        if kind_of(path) == ".txt":
            yield _article(path)
            return
        if path == Path(STDIN):
            for row in read_lines(_stdin(), "standard input"):
                line = row.line
                yield InputRow(STDIN, line, {}, row.text, row.error)
            return
        for record in records(path, [text_column, *others]):
            line = record.line
            if record.values is None:
                yield InputRow(str(path), line, {}, record.raw, record.error)
            else:
                values = {name: plain(value) for name, value in record.values.items()}
                yield InputRow(str(path), line, values, values[text_column])
    except (DataError, OSError) as error:
        yield InputRow(str(path), line + 1, {}, None, str(error))


def _stdin() -> BinaryIO:
    if not hasattr(sys.stdin, "buffer"):  # closed, or a notebook's
        raise DataError("there is no standard input to read. Give a file instead.")
    return sys.stdin.buffer


def _article(path: Path) -> InputRow:
    with open_unpacked(path) as file:
        text = file.read().decode("utf-8-sig", "surrogateescape")
    problem = undecodable(text)
    if problem is not None:
        return InputRow(str(path), 1, {}, printable(text), f"the file is {problem}", article=True)
    return InputRow(str(path), 1, {}, text, article=True)


def records(path: Path, needed: Sequence[str]) -> Iterator[Record]:
    """The rows of a table with all their columns.

    Args:
        path: a file of one of the kinds in :data:`TABLES`, packed or not.
        needed: columns that there must be.

    Raises:
        DataError: the file cannot be read, or has no such column.
    """
    kind = kind_of(path)
    if kind == ".parquet":
        return _parquet(path, needed)
    if kind == ".jsonl":
        return jsonl_records(path, needed=needed)
    return csv_records(path, delimiter="\t" if kind == ".tsv" else ",", needed=needed)


def _parquet(path: Path, needed: Sequence[str]) -> Iterator[Record]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError as error:
        raise MissingExtraError("pyarrow", "files", "reading Parquet files") from error
    number = 0
    try:
        with parquet.ParquetFile(path) as file:
            for name in needed:
                if name not in file.schema_arrow.names:
                    raise DataError(
                        f"{path} has no column '{name}'; its columns are: "
                        f"{', '.join(file.schema_arrow.names)}."
                    )
            for batch in file.iter_batches(1000):
                yield from _batch_records(batch, number)
                number += batch.num_rows
    except (ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is no whole Parquet file ({error}). Copy it again.") from error


def _batch_records(batch: Any, before: int) -> Iterator[Record]:
    """The rows of an Arrow batch, which ``before`` others come before."""
    try:
        for number, row in enumerate(batch.to_pylist(), start=before + 1):
            yield Record(number, row, "")
    except (ValueError, OverflowError) as error:
        # Text that is not UTF-8, or a time that Python does not know. The other rows are well.
        if batch.num_rows == 1:
            why = f"row {before + 1} holds a value that cannot be read ({error})"
            yield Record(before + 1, None, "", f"{why}. Mend it where the file comes from.")
            return
        for place in range(batch.num_rows):
            yield from _batch_records(batch.slice(place, 1), before + place)


def plain(value: Any) -> Any:
    """A value as JSON has it: dates in ISO form, bytes in base64, None for what is no number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def fingerprint(paths: Sequence[Path]) -> list[list[Any]]:
    """Name, size and time of change of each file, to tell whether a run can go on."""
    found: list[list[Any]] = []
    for path in paths:
        if path == Path(STDIN):
            found.append([STDIN])
            continue
        about = os.stat(path)  # noqa: PTH116 - nanoseconds
        found.append([str(path), about.st_size, about.st_mtime_ns])
    return found
