"""Rows out of files: one at a time, in constant memory, with none lost.

A row that cannot be read comes out with its ``error`` and its raw line. All files are UTF-8, with
or without a byte order mark.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflict_nlp._lines import Rewindable, decode_lines, lines_of, printable, undecodable
from conflict_nlp.errors import DataError

__all__ = [
    "Record",
    "Row",
    "count_lines",
    "csv_records",
    "decode_lines",
    "jsonl_records",
    "printable",
    "read_csv",
    "read_document",
    "read_jsonl",
    "read_lines",
    "undecodable",
]

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


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file with all its columns.

    Args:
        line: number of the row's first line in the file, from 1.
        values: what the columns hold; None for a row with an error.
        raw: the row as it stands in the file, as far as it can be shown.
        error: why the row cannot be read, or None.
    """

    line: int
    values: dict[str, Any] | None
    raw: str
    error: str | None = None


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
    text = "".join(lines_of(path))
    problem = undecodable(text)
    if problem is not None:
        raise DataError(f"{path} is {problem}")
    return text


def jsonl_records(path: Path, needed: Collection[str] = ()) -> Iterator[Record]:
    """Read a JSON Lines file; blank lines are skipped.

    Args:
        path: the file, one JSON object a line.
        needed: fields that every object must have.

    Yields:
        One record a line, in the order of the file; with an error where the line is not UTF-8 or
        not a JSON object or lacks a field.

    Raises:
        DataError: if the file is UTF-16.

    Example:
        >>> [record.values for record in jsonl_records(Path("rows.jsonl"))]  # doctest: +SKIP
        [{'text': 'انسحب المقاتلون من القرية.', 'events': ['withdrawal']}]
    """
    for number, line in enumerate(lines_of(path), start=1):
        raw = line.strip()
        if not raw:
            continue
        problem = undecodable(raw)
        if problem is not None:
            yield Record(number, None, printable(raw), f"line {number} is {problem}")
            continue
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError) as error:
            yield Record(number, None, raw, f"line {number} is not JSON: {error}")
            continue
        is_object = isinstance(value, dict)
        lacking = [name for name in needed if not is_object or name not in value]
        if is_object and not lacking:
            yield Record(number, value, raw)
        else:
            field = f" with a field '{lacking[0]}'" if lacking else ""
            yield Record(number, None, raw, f"line {number} is not a JSON object{field}")


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
    for record in jsonl_records(path, needed=[column]):
        text = record.raw if record.values is None else record.values[column]
        yield Row(record.line, text, record.error)


def csv_records(path: Path, delimiter: str = ",", needed: Collection[str] = ()) -> Iterator[Record]:
    """Read a table of delimited values with a header; blank lines are skipped.

    Fields may be quoted and then hold delimiters, doubled quotes and line breaks. Of columns with
    the same name the later ones are called ``name_2`` and so on.

    Args:
        path: the file.
        delimiter: what stands between fields.
        needed: columns that the header must name.

    Yields:
        One record a row, in the order of the file; with an error where it is not UTF-8, the
        quoting is broken or the number of fields is not the header's. Reading goes on at the line
        after a broken one.

    Raises:
        DataError: if the file is UTF-16 or its header lacks a column.

    Example:
        >>> [record.values for record in csv_records(Path("rows.csv"))]  # doctest: +SKIP
        [{'text': 'انسحب المقاتلون من القرية.', 'events': 'withdrawal'}]
    """
    # Whole articles stand in fields; the module's own limit is 131,072 characters.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
    lines = Rewindable(lines_of(path))
    reader = csv.reader(lines, strict=True, delimiter=delimiter)
    try:
        header = _names(next(reader, []))
    except csv.Error as error:
        msg = f"{path}: the header is not CSV: {error}."
        raise DataError(msg) from error
    for column in needed:
        if column not in header:
            msg = (
                f"{path} has no column '{column}'; its columns, separated by commas, are: "
                f"{', '.join(header) or 'none'}."
            )
            raise DataError(msg)
    while True:
        lines.start_row()
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raw = printable(lines.give_back_all_but_first())
            why = f"line {lines.number} is not CSV: {error}"
            yield Record(lines.number, None, raw, why)
            continue
        problem = undecodable(lines.raw)
        if problem is not None:
            yield Record(
                lines.first, None, printable(lines.raw), f"line {lines.first} is {problem}"
            )
        elif fields and len(fields) != len(header):
            why = f"line {lines.first} has {len(fields)} fields, the header {len(header)}"
            yield Record(lines.first, None, lines.raw, why)
        elif fields:
            yield Record(lines.first, dict(zip(header, fields, strict=True)), lines.raw)


def _names(header: list[str]) -> list[str]:
    """Names of columns that can be written anywhere and told apart."""
    names: list[str] = []
    for name in map(printable, header):
        free, number = name, 1
        while free in names:
            number += 1
            free = f"{name}_{number}"
        names.append(free)
    return names


def read_csv(path: Path, column: str = "text") -> Iterator[Row]:
    """Read the texts of a comma-separated file with a header; blank lines are skipped.

    Args:
        path: the file.
        column: the column that holds the text.

    Yields:
        One row each, in the order of the file; with an error as :func:`csv_records` gives it.

    Raises:
        DataError: if the file is UTF-16 or its header lacks the column.

    Example:
        >>> [row.text for row in read_csv(Path("rows.csv"))]  # doctest: +SKIP
        ['انسحب المقاتلون من القرية.']
    """
    for record in csv_records(path, needed=[column]):
        text = record.raw if record.values is None else record.values[column]
        yield Row(record.line, text, record.error)


def read_lines(lines: Iterable[bytes], name: str) -> Iterator[Row]:
    """Read a text a line, as from standard input.

    Blank lines stay: row n is about line n.

    Args:
        lines: raw lines, such as a file opened in binary mode.
        name: what to call the source in an error.

    Yields:
        One row a line, without its line end; with an error where the line is not UTF-8.

    Raises:
        DataError: if the source is UTF-16.

    Example:
        >>> [row.text for row in read_lines(["نص\\n".encode(), b"\\n"], "stdin")]
        ['نص', '']
    """
    for number, line in enumerate(decode_lines(lines, name), start=1):
        line = line.rstrip("\r\n")
        problem = undecodable(line)
        yield Row(number, printable(line), problem and f"line {number} is {problem}")


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
