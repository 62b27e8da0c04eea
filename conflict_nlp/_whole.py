"""Files that are there in one piece or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to, which becomes ``path`` when all is written and on the disk.

    Args:
        path: the file to be; what stood there stays until then.

    Example:
        >>> with whole_file(Path("out.txt")) as unfinished:  # doctest: +SKIP
        ...     unfinished.write_text("all of it")
    """
    unfinished = path.with_name(path.name + ".unfinished")
    try:
        yield unfinished
        with unfinished.open("r+b") as file:
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there in one piece or not at all."""
    with whole_file(path) as unfinished:
        unfinished.write_bytes(content)
