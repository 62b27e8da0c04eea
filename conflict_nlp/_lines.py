"""Lines of UTF-8 files, whatever bytes stand in them."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from conflict_nlp.errors import DataError, MissingExtraError

_ESCAPED = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of a byte


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


def printable(text: str) -> str:
    """A text of :func:`decode_lines` with replacement characters for what was not UTF-8.

    Example:
        >>> printable(b"\\xe3!".decode("utf-8", "surrogateescape"))
        '\ufffd!'
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a file, decoded as :func:`decode_lines` does; .gz and .zst are unpacked."""
    with open_unpacked(path) as file:
        yield from decode_lines(file, str(path))


@contextmanager
def open_unpacked(path: Path) -> Iterator[BinaryIO]:
    """A file's content as bytes, unpacked where its name ends in .gz or .zst.

    Raises:
        DataError: it is packed and damaged; also while it is read.
        MissingExtraError: zstandard is not installed.
    """
    packing = path.suffix.lower()
    if packing == ".zst":
        try:
            import zstandard
        except ImportError as error:
            raise MissingExtraError("zstandard", "files", "reading .zst files") from error
        damage: tuple[type[Exception], ...] = (zstandard.ZstdError,)
        opened = zstandard.open(path, "rb")
    elif packing == ".gz":
        damage = (EOFError, gzip.BadGzipFile, zlib.error)
        opened = gzip.GzipFile(path, "rb")
    else:
        with path.open("rb") as file:
            yield file
        return
    try:
        with opened as file:
            yield io.BufferedReader(file) if packing == ".zst" else file
    except damage as error:
        raise DataError(f"{path} is damaged, or cut off: {error}. Copy it again.") from error


class Rewindable:
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
