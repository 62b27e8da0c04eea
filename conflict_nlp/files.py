"""Texts out of files: a row at a time, in constant memory, with no row lost.

A row that cannot be read comes out with its ``error`` and its raw line as text. All files are
UTF-8, with or without a byte order mark.
"""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflict_nlp.errors import DataError

__all__ = ["Row", "count_lines", "decode_lines", "read_csv", "read_document", "read_jsonl"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file.

    Args:
        line: number of the row's first line in the file, from 1.
        text: what the text column holds, whatever its type; the raw line of a row with an error.
        error: why the row cannot be read, or None.
    """

    line: int
    text: Any
    error: str | None = None


def decode_lines(lines: Iterable[bytes], name: str) -> Iterator[str]:
    """Decode UTF-8 line by line, the line ends kept.

    Args:
        lines: raw lines, such as a file opened in binary mode.
        name: what to call the source in an error.

    Yields:
        The lines as text, without a byte order mark.

    Raises:
        DataError: at the first byte that is not UTF-8, with its position from 0.

    Example:
        >>> list(decode_lines(["نص".encode()], "stdin"))
        ['نص']
    """
    position = 0
    for raw in lines:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            msg = (
                f"{name} is not UTF-8: byte 0x{raw[error.start]:02x} at position "
                f"{position + error.start}. Convert it first, for example with: "
                "iconv -f WINDOWS-1256 -t UTF-8"
            )
            raise DataError(msg) from error
        yield text if position else text.removeprefix("\ufeff")
        position += len(raw)


def read_document(path: Path) -> str:
    """Read a whole text file, line ends as they are.

    Args:
        path: the file.

    Returns:
        Its text, without a byte order mark.

    Raises:
        DataError: if it is not UTF-8; the message names the byte's position.

    Example:
        >>> read_document(Path("article.txt"))  # doctest: +SKIP
        'سيطرت القوات الحكومية على المعبر.'
    """
    return "".join(_lines(path))


def read_jsonl(path: Path, column: str = "text") -> Iterator[Row]:
    """Read the texts of a JSON Lines file; blank lines are skipped.

    Args:
        path: the file, one JSON object a line.
        column: the field that holds the text.

    Yields:
        One row a line, in the order of the file; with an error where the line is not a JSON
        object or lacks the field.

    Raises:
        DataError: if the file is not UTF-8.

    Example:
        >>> [row.text for row in read_jsonl(Path("rows.jsonl"))]  # doctest: +SKIP
        ['انسحب المقاتلون من القرية.']
    """
    for number, line in enumerate(_lines(path), start=1):
        raw = line.strip()
        if not raw:
            continue
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError) as error:
            yield Row(number, raw, f"line {number} is not JSON: {error}")
            continue
        if isinstance(value, dict) and column in value:
            yield Row(number, value[column])
        else:
            yield Row(number, raw, f"line {number} is not a JSON object with a field '{column}'")


def read_csv(path: Path, column: str = "text") -> Iterator[Row]:
    """Read the texts of a comma-separated file with a header; blank lines are skipped.

    Fields may be quoted and then hold commas, doubled quotes and line breaks.

    Args:
        path: the file.
        column: the column that holds the text.

    Yields:
        One row each, in the order of the file; with an error where the quoting is broken or the
        number of fields is not the header's. Reading goes on at the line after a broken one.

    Raises:
        DataError: if the file is not UTF-8 or its header lacks the column.

    Example:
        >>> [row.text for row in read_csv(Path("rows.csv"))]  # doctest: +SKIP
        ['انسحب المقاتلون من القرية.']
    """
    lines = _Rewindable(_lines(path))
    reader = csv.reader(lines, strict=True)
    try:
        header = next(reader, [])
    except csv.Error as error:
        msg = f"{path}: the header is not CSV: {error}."
        raise DataError(msg) from error
    if column not in header:
        msg = (
            f"{path} has no column '{column}'; its columns, separated by commas, are: "
            f"{', '.join(header) or 'none'}."
        )
        raise DataError(msg)
    where = header.index(column)
    while True:
        lines.start_row()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raw = lines.give_back_all_but_first()
            yield Row(lines.number, raw, f"line {lines.number} is not CSV: {error}")
            continue
        if fields and len(fields) != len(header):
            why = f"line {lines.first} has {len(fields)} fields, the header {len(header)}"
            yield Row(lines.first, lines.raw, why)
        elif fields:
            yield Row(lines.first, fields[where])


def count_lines(path: Path) -> int:
    """Count the lines of a file quickly, for a progress bar.

    Args:
        path: the file.

    Returns:
        The number of line breaks.

    Example:
        >>> count_lines(Path("rows.jsonl"))  # doctest: +SKIP
        1000
    """
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        yield from decode_lines(file, str(path))


class _Rewindable:
    """Lines that a broken row can give back.

    A quote that is never closed makes the csv module swallow the rows after it.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self.number = 0
        self._lines = lines
        self._returned: deque[str] = deque()
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self._taken.append(line)
        self.number += 1
        return line

    @property
    def first(self) -> int:
        """Number of the row's first line."""
        return self.number - len(self._taken) + 1

    @property
    def raw(self) -> str:
        """The lines of the row."""
        return "".join(self._taken).rstrip("\r\n")

    def start_row(self) -> None:
        """Forget the lines of the row before."""
        self._taken.clear()

    def give_back_all_but_first(self) -> str:
        """Return the row's first line and let the rest be read again."""
        self._returned.extendleft(reversed(self._taken[1:]))
        self.number = self.first
        del self._taken[1:]
        return self.raw
