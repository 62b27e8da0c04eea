"""Texts out of files: a row at a time, in constant memory, with no row lost.

A row that cannot be read comes out with its ``error`` and its raw line as text. All files are
UTF-8, with or without a byte order mark.
"""

from __future__ import annotations

import csv
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflict_nlp.errors import DataError

__all__ = [
    "Row",
    "count_lines",
    "decode_lines",
    "printable",
    "read_csv",
    "read_document",
    "read_jsonl",
    "undecodable",
]

_ESCAPED = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of a byte
_LONGEST_FIELD = 1 << 24


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
    """Decode UTF-8 line by line, the line ends kept; bytes that are not UTF-8 stay recognisable.

    Args:
        lines: raw lines, such as a file opened in binary mode.
        name: what to call the source in an error.

    Yields:
        The lines as text, without a byte order mark, a byte that is not UTF-8 as a surrogate
        (``surrogateescape``), for :func:`undecodable` to find.

    Raises:
        DataError: the source begins with the mark of UTF-16.

    Example:
        >>> list(decode_lines(["نص".encode()], "stdin"))
        ['نص']
    """
    for number, raw in enumerate(lines):
        if number == 0 and raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise DataError(
                f"{name} is UTF-16, and UTF-8 is read. Convert it first: iconv -f UTF-16 -t UTF-8"
            )
        text = raw.decode("utf-8", "surrogateescape")
        yield text if number else text.removeprefix("\ufeff")


def undecodable(text: str) -> str | None:
    """What is wrong with a text of :func:`decode_lines` that was not UTF-8, or None.

    Example:
        >>> undecodable(b"\\xe3".decode("utf-8", "surrogateescape"))[:29]
        'not UTF-8: byte 0xe3 at offse'
    """
    found = _ESCAPED.search(text)
    if found is None:
        return None
    return (
        f"not UTF-8: byte 0x{ord(found[0]) - 0xDC00:02x} at offset {found.start()}. Convert the "
        "source first, if it is from Windows for example with: iconv -f WINDOWS-1256 -t UTF-8"
    )


def read_document(path: Path) -> str:
    """Read a whole text file, line ends as they are.

    Args:
        path: the file.

    Returns:
        Its text, without a byte order mark.

    Raises:
        DataError: if it is not UTF-8; the message names the first byte that is not.

    Example:
        >>> read_document(Path("article.txt"))  # doctest: +SKIP
        'سيطرت القوات الحكومية على المعبر.'
    """
    text = "".join(_lines(path))
    problem = undecodable(text)
    if problem is not None:
        raise DataError(f"{path} is {problem}")
    return text


def read_jsonl(path: Path, column: str = "text") -> Iterator[Row]:
    """Read the texts of a JSON Lines file; blank lines are skipped.

    Args:
        path: the file, one JSON object a line.
        column: the field that holds the text.

    Yields:
        One row a line, in the order of the file; with an error where the line is not UTF-8 or
        not a JSON object or lacks the field.

    Raises:
        DataError: if the file is UTF-16.

    Example:
        >>> [row.text for row in read_jsonl(Path("rows.jsonl"))]  # doctest: +SKIP
        ['انسحب المقاتلون من القرية.']
    """
    for number, line in enumerate(_lines(path), start=1):
        raw = line.strip()
        if not raw:
            continue
        problem = undecodable(raw)
        if problem is not None:
            yield Row(number, printable(raw), f"line {number} is {problem}")
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
        One row each, in the order of the file; with an error where it is not UTF-8, the quoting
        is broken or the number of fields is not the header's. Reading goes on at the line after
        a broken one.

    Raises:
        DataError: if the file is UTF-16 or its header lacks the column.

    Example:
        >>> [row.text for row in read_csv(Path("rows.csv"))]  # doctest: +SKIP
        ['انسحب المقاتلون من القرية.']
    """
    # Whole articles stand in fields; the module's own limit is 131,072 characters.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
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
            f"{printable(', '.join(header)) or 'none'}."
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
            raw = printable(lines.give_back_all_but_first())
            yield Row(lines.number, raw, f"line {lines.number} is not CSV: {error}")
            continue
        problem = undecodable(lines.raw)
        if problem is not None:
            yield Row(lines.first, printable(lines.raw), f"line {lines.first} is {problem}")
        elif fields and len(fields) != len(header):
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


def printable(text: str) -> str:
    """A text of :func:`decode_lines` with replacement characters for what was not UTF-8.

    Example:
        >>> printable(b"\\xe3!".decode("utf-8", "surrogateescape"))
        '\ufffd!'
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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
