"""Files as people have them: torn, mixed, cut off. Each gives rows with errors, never a crash."""

from __future__ import annotations

import gzip
import json
import pathlib
from collections.abc import Callable

import pytest

from conflict_nlp._sources import find_files, rows_of
from conflict_nlp.errors import DataError

ARABIC = "قصفت المدفعية أطراف البلدة"
GOOD = json.dumps({"text": ARABIC}, ensure_ascii=False).encode()
WINDOWS = '{"text": "قصف"}'.encode("cp1256")
UTF16 = ('{"text": "قصف"}\n').encode("utf-16")

# Name, content, and how many rows there are of which how many have an error.
FILES: dict[str, tuple[str, bytes, int, int]] = {
    "empty jsonl": ("a.jsonl", b"", 0, 0),
    "blank lines": ("a.jsonl", b"\n\n \n" + GOOD + b"\n\n", 1, 0),
    "torn json": ("a.jsonl", GOOD + b"\n" + GOOD[:15] + b"\n" + GOOD, 3, 1),
    "last line torn": ("a.jsonl", GOOD + b"\n" + GOOD[:-3], 2, 1),
    "no text field": ("a.jsonl", b'{"body": "x"}\n' + GOOD, 2, 1),
    "a list a line": ("a.jsonl", b"[1, 2]\n" + GOOD, 2, 1),
    "a number a line": ("a.jsonl", b"7\n" + GOOD, 2, 1),
    "null": ("a.jsonl", b"null\n" + GOOD, 2, 1),
    "NaN": ("a.jsonl", b'{"text": NaN}\n' + GOOD, 2, 0),
    "null text": ("a.jsonl", b'{"text": null}\n', 1, 0),
    "nested text": ("a.jsonl", b'{"text": {"a": ["b"]}}\n', 1, 0),
    "number text": ("a.jsonl", b'{"text": 5}\n', 1, 0),
    "deep nesting": ("a.jsonl", b"[" * 100_000 + b"\n" + GOOD, 2, 1),
    "windows-1256": ("a.jsonl", WINDOWS + b"\n" + GOOD, 2, 1),
    "mixed encodings": ("a.jsonl", GOOD + b"\n" + WINDOWS + b"\n" + GOOD, 3, 1),
    "utf-16": ("a.jsonl", UTF16, 1, 1),
    "byte order mark": ("a.jsonl", b"\xef\xbb\xbf" + GOOD, 1, 0),
    "NUL bytes": ("a.jsonl", GOOD + b"\n\x00\x00\n" + GOOD, 3, 1),
    "NUL in a string": ("a.jsonl", b'{"text": "a\\u0000b"}\n', 1, 0),
    "lone surrogate": ("a.jsonl", b'{"text": "\\ud800"}\n', 1, 0),
    "windows lines": ("a.jsonl", GOOD + b"\r\n" + GOOD + b"\r\n", 2, 0),
    "a megabyte": ("a.jsonl", json.dumps({"text": ARABIC * 40_000}).encode() + b"\n" + GOOD, 2, 0),
    "doubled ids": ("a.jsonl", b'{"id": 1, "text": "x"}\n' * 3, 3, 0),
    "doubled keys": ("a.jsonl", b'{"text": "a", "text": "b"}\n', 1, 0),
    "empty csv": ("a.csv", b"", 1, 1),
    "header alone": ("a.csv", b"id,text\n", 0, 0),
    "no such column": ("a.csv", b"id,body\n1,x\n", 1, 1),
    "too few fields": ("a.csv", b"id,text\n1\n2,b\n", 2, 1),
    "too many fields": ("a.csv", b"id,text\n1,a,b\n2,b\n", 2, 1),
    "open quote": ("a.csv", b'id,text\n1,"a\n2,b\n3,c\n', 3, 1),
    "stray quote": ("a.csv", b'id,text\n1,"a"b\n2,c\n', 2, 1),
    "line break in a cell": ("a.csv", b'id,text\n1,"a\nb"\n2,c\n', 2, 0),
    "NUL in csv": ("a.csv", b"id,text\n1,a\x00b\n2,c\n", 2, 0),
    "csv in windows-1256": ("a.csv", b"id,text\n1,\xde\xd5\xdd\n2,c\n", 2, 1),
    "csv in utf-16": ("a.csv", "id,text\n1,a\n".encode("utf-16"), 1, 1),
    "semicolons": ("a.csv", b"id;text\n1;a\n", 1, 1),
    "a megabyte cell": ("a.csv", b"id,text\n1," + ARABIC.encode() * 25_000 + b"\n2,b\n", 2, 0),
    "binary csv": ("a.csv", bytes(range(256)) * 4, 1, 1),
    "tabs": ("a.tsv", b"id\ttext\n1\ta\n2\n", 2, 1),
    "cut gzip": ("a.jsonl.gz", gzip.compress(GOOD + b"\n")[:-9], 2, 1),
    "no gzip": ("a.jsonl.gz", GOOD, 1, 1),
    "empty gzip": ("a.csv.gz", b"", 1, 1),
    "no parquet": ("a.parquet", b"PAR1 no", 1, 1),
    "empty parquet": ("a.parquet", b"", 1, 1),
    "article in windows-1256": ("a.txt", "قصفت البلدة".encode("cp1256"), 1, 1),
    "empty article": ("a.txt", b"", 1, 0),
}


@pytest.mark.parametrize("name", FILES)
def test_rows_and_errors(name: str, tmp_path: pathlib.Path) -> None:
    file, content, count, errors = FILES[name]
    if file.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="Parquet needs the files extra")
    path = tmp_path / file
    path.write_bytes(content)
    rows = list(rows_of(path, "text"))
    assert len(rows) == count
    assert sum(row.error is not None for row in rows) == errors
    assert all(row.error is None or len(row.error) > 10 for row in rows)


def test_a_parquet_file_cut_in_half(tmp_path: pathlib.Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the files extra")
    from pyarrow import parquet

    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([{"text": ARABIC}] * 50), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (row,) = rows_of(path, "text")
    assert "is no whole Parquet file" in str(row.error)


def _unreadable(path: pathlib.Path) -> pathlib.Path:
    path.mkdir()
    return path


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: folder / "missing.csv",
        lambda folder: folder / "*.csv",
        lambda folder: _unreadable(folder / "empty"),
    ],
)
def test_inputs_that_name_nothing(
    make: Callable[[pathlib.Path], pathlib.Path], tmp_path: pathlib.Path
) -> None:
    with pytest.raises(DataError, match="names no file that can be read"):
        find_files([str(make(tmp_path))])
