"""Anything at all, as text and as file: nothing raises, nothing is lost, every offset is right."""

from __future__ import annotations

import gzip
import io
import json
import pathlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stub_model import stub_classifier

from conflict_nlp import Classifier, bulk
from conflict_nlp._sources import rows_of
from conflict_nlp.actors import Lexicon
from conflict_nlp.bulk import Options, classify_files
from conflict_nlp.errors import ConflictNLPError
from conflict_nlp.text import repair, split_sentences


def effort(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        derandomize=True,
    )


# ------------------------------------------------------------------------------- texts

# Letters, marks, joiners, presentation forms, digits of both kinds.
ARABIC = st.characters(min_codepoint=0x600, max_codepoint=0x6FF) | st.characters(
    min_codepoint=0xFB50, max_codepoint=0xFEFF, exclude_categories=("Cn",)
)
MARKS = st.sampled_from("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c")
SOUP = st.sampled_from(
    [
        "&quot;", "quot;", "&amp;amp;quot;", "&#1606;", "&#x646;", "&#xD800;", "&#9999999999;",
        "&", "#", ";", "<br>", "</", "<!--", "]]>", '"', "«", "»", "“", "”", "'", "''", "(", ")",
        "[", "]", "ـ", "ً", "ّ", ".", "؟", "…", "!", "،", ":", "-", "\n", "\r", "\u2028", " ",
        "\t", "\x00", "\x1b", "\x85", "\xa0", "\xad", "\ufeff", "\ufffd", "\U0010ffff", "\ud83d",
        "\udc80", "ال", "و", "لل", "قوات", "النظام", "مقاتلو", "الجيش", "حزب الله", "حماس",
        "سوريا", "د.", "3.5", "٣٫٥", "@a", "#حلب_الشرقية", "http://t.co/a", "Ø§Ù„", "😡", "e\u0301",
    ]
)  # fmt: skip
ANYTHING = st.characters(exclude_categories=())  # lone surrogates too
TEXTS = st.lists(SOUP | ARABIC | MARKS | ANYTHING, max_size=40).map("".join)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return stub_classifier()


@effort(200)
@given(TEXTS)
def test_repaired_text_points_into_the_original(text: str) -> None:
    mended = repair(text)
    assert len(mended.text) == len(mended.offsets) == len(mended.ends)
    for at in range(len(mended.text)):
        start, end = mended.span_to_original(at, at + 1)
        assert 0 <= start < end <= len(text)


@effort(200)
@given(TEXTS)
def test_sentences_are_cut_from_the_text(text: str) -> None:
    last = 0
    for sentence in split_sentences(text):
        assert last <= sentence.start < sentence.end <= len(text)
        assert text[sentence.start : sentence.end] == sentence.text
        last = sentence.end


@effort(200)
@given(TEXTS)
def test_actors_are_cut_from_the_text(lexicon: Lexicon, text: str) -> None:
    last = 0
    for mention in lexicon.find(text):
        assert last <= mention.start < mention.end <= len(text)
        assert text[mention.start : mention.end] == mention.text
        last = mention.end
    assert len(lexicon.find(repair(text))) == len(lexicon.find(text))


@effort(120)
@given(TEXTS, st.none() | TEXTS)
def test_every_text_is_classified(classifier: Classifier, text: str, target: str | None) -> None:
    result = classifier.classify(text, target)
    assert result.error is None or "holds no letter" in result.error
    for found in result.targets or ():
        if found.start is not None and found.end is not None:
            assert text[found.start : found.end] == found.text
    json.loads(result.to_json().encode())


# ------------------------------------------------------------------------------- files

KINDS = (".jsonl", ".csv", ".tsv", ".txt", ".parquet", ".jsonl.gz", ".csv.zst")
OUTPUTS = (".jsonl", ".csv", ".tsv.gz", ".parquet")
ROWS = [
    {"id": "a", "text": "قصفت المدفعية أطراف البلدة.", "n": 1, "tags": ["x", "y"]},
    {"id": "b", "text": 'قال: "لن ننسحب"، وعاد\nالأهالي.', "n": -2, "tags": []},
    {"id": "c", "text": "", "n": 2**40, "tags": ["«»"]},
] * 3


def valid(kind: str) -> bytes:
    """A file of a kind as it should be."""
    if kind == ".parquet":
        pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the files extra")
        from pyarrow import parquet

        sink = io.BytesIO()
        parquet.write_table(pyarrow.Table.from_pylist(ROWS), sink, row_group_size=4)
        return sink.getvalue()
    if ".jsonl" in kind:
        data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()
    elif kind == ".txt":
        data = "\n".join(row["text"] for row in ROWS).encode()
    else:
        lines = ["id", "text"], *([row["id"], row["text"]] for row in ROWS)
        delimiter = "\t" if kind == ".tsv" else ","
        quoted = ([cell.replace('"', '""').join('""') for cell in line] for line in lines)
        data = "".join(delimiter.join(line) + "\r\n" for line in quoted).encode()
    if kind.endswith(".gz"):
        return gzip.compress(data, mtime=0)
    if kind.endswith(".zst"):
        return pytest.importorskip("zstandard", reason="needs the files extra").compress(data)
    return data


VALID = {kind: valid(kind) for kind in KINDS}
PLACE = st.floats(0, 1, exclude_max=True)
CUTS = st.tuples(st.just("cut"), PLACE, st.just(b""))
FLIPS = st.tuples(st.just("flip"), PLACE, st.binary(min_size=1, max_size=1))
INSERTS = st.tuples(st.just("insert"), PLACE, st.binary(min_size=1, max_size=8))
LOSSES = st.tuples(st.just("lose"), PLACE, st.binary(min_size=1, max_size=8))
DAMAGE = st.lists(CUTS | FLIPS | FLIPS | INSERTS | LOSSES, min_size=1, max_size=4)


def damaged(data: bytes, damage: list[tuple[str, float, bytes]]) -> bytes:
    for what, place, piece in damage:
        at = int(place * len(data))
        if what == "cut":
            data = data[:at]
        elif what == "flip" and data:
            data = data[:at] + bytes([data[at] ^ (piece[0] or 1)]) + data[at + 1 :]
        elif what == "insert":
            data = data[:at] + piece + data[at:]
        elif what == "lose":
            data = data[:at] + data[at + len(piece) :]
    return data


@contextmanager
def written(kind: str, data: bytes) -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, f"in{kind}")
        path.write_bytes(data)
        yield path


def check_rows(classifier: Classifier, path: pathlib.Path, output: str, options: Options) -> int:
    """One row out for each row in, whatever stands in the file; how many there are."""
    rows = list(rows_of(path, options.text_column))
    target = path.with_name(f"out{output}")
    try:
        summary = classify_files(classifier, [str(path)], target, options)
    except ConflictNLPError:
        return len(rows)
    if not options.documents and not path.name.endswith(".txt"):
        assert summary.rows == len(rows)
        assert summary.errors >= sum(row.error is not None for row in rows)
    assert summary.rows >= len(rows)
    written_rows = sum(1 for _ in rows_of(target, "text"))
    assert written_rows == summary.rows or summary.rows == 0
    return len(rows)


def lines_in(data: bytes) -> int:
    """Lines that hold anything, counted without the reader."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return 1
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    return sum(bool(line.strip()) for line in text.split("\n"))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PART", 4)


@pytest.mark.parametrize("kind", KINDS)
@effort(25)
@given(data=st.binary(max_size=200), output=st.sampled_from(OUTPUTS), documents=st.booleans())
def test_random_bytes(
    classifier: Classifier, kind: str, data: bytes, output: str, documents: bool
) -> None:
    with written(kind, data) as path:
        count = check_rows(classifier, path, output, Options(documents=documents))
    assert count == lines_in(data) or kind != ".jsonl"


@pytest.mark.parametrize("kind", KINDS)
@effort(45)
@given(damage=DAMAGE, output=st.sampled_from(OUTPUTS))
def test_damaged_files(
    classifier: Classifier, kind: str, damage: list[tuple[str, float, bytes]], output: str
) -> None:
    data = damaged(VALID[kind], damage)
    with written(kind, data) as path:
        count = check_rows(classifier, path, output, Options())
    assert count == lines_in(data) or kind != ".jsonl"


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(["text", "id", "events", "stance", "error", "line", "input_line", ""])


@effort(50)
@given(
    rows=st.lists(st.dictionaries(NAMES | TEXTS, JSON, max_size=5), max_size=6),
    output=st.sampled_from(OUTPUTS),
)
def test_rows_of_any_values(classifier: Classifier, rows: list[Any], output: str) -> None:
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    with written(".jsonl", data) as path:
        assert check_rows(classifier, path, output, Options()) == len(rows)


@effort(50)
@given(
    header=st.lists(st.sampled_from(["text", "text", "id", "", "line"]) | TEXTS, max_size=4),
    cells=st.lists(st.lists(TEXTS, max_size=4), max_size=5),
    delimiter=st.sampled_from(",\t"),
)
def test_tables_of_any_cells(
    classifier: Classifier, header: list[str], cells: list[list[str]], delimiter: str
) -> None:
    lines = (delimiter.join(line) for line in (header, *cells))
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    with written(".csv" if delimiter == "," else ".tsv", data) as path:
        check_rows(classifier, path, ".csv", Options())
