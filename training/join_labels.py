"""Join the released labels with the sentences of public corpora that you have downloaded.

    python training/join_labels.py SaudiNewsNet/ osac/ sanad.csv --output data/labels

Takes directories and files: text, JSON, JSON Lines, CSV or TSV, each also gzipped. A sentence is
recognised by its id, so corpora may be in any layout and mixed with other text. Sentences of a
corpus whose punctuation was stripped (``seg`` is ``pseudo``, SANAD) start and end in the middle of
unpunctuated text: add ``--windows``, which tries every run of words (minutes for each million).
"""

from __future__ import annotations

import argparse
import collections
import csv
import gzip
import hashlib
import html
import itertools
import json
import pathlib
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from conflict_nlp.text import split_sentences

SPLITS = ("train", "dev", "test")
MARKS = re.compile("[\u064b-\u0652\u0670\u0640]")
OTHER = re.compile("[^\u0621-\u064a0-9 ]")
LETTERS = {ord(a): b for a, b in zip("أإآٱىةؤئ", "اااايهوي", strict=True)}
STOPS = re.compile("[.!?؟…؛;:\n\r]+")
FRAGMENTS = 8  # a sentence holds at most so many stops (initials, quotations)
WINDOW = (5, 75)  # words of an unpunctuated sentence
Row = dict[str, Any]


def fold(text: str) -> str:
    """The form of a sentence that its id is made of."""
    plain = MARKS.sub("", text).translate(LETTERS)
    return " ".join(OTHER.sub(" ", plain).split())


def hash_of(folded: str) -> str:
    return hashlib.sha1(folded.encode()).hexdigest()[:12]


def sentence_id(text: str) -> str:
    """Identifier of a sentence: the same for copies that differ in punctuation and spelling marks.

    Example:
        >>> sentence_id("قُتل ٣ أشخاص!") == sentence_id("قتل  اشخاص")
        True
    """
    return hash_of(fold(text))


def text_hash(text: str) -> str:
    """Hash of a sentence exactly as it is written; where it agrees, offsets hold as they are."""
    return hash_of(text)


def normalised(text: str) -> tuple[str, list[int]]:
    """:func:`fold` with, for each character, its place in ``text``."""
    kept: list[tuple[str, int]] = []
    for place, character in enumerate(text):
        if MARKS.match(character):
            continue
        letter = character.translate(LETTERS)
        if OTHER.match(letter) or letter == " ":
            if kept and kept[-1][0] != " ":
                kept.append((" ", place))
        else:
            kept.append((letter, place))
    if kept and kept[-1][0] == " ":
        kept.pop()
    return "".join(letter for letter, _ in kept), [place for _, place in kept]


def joined(row: Row, text: str) -> Row:
    """The complete row of a sentence, its targets placed in this copy of it."""
    exact = text_hash(text) == row["text_sha1"]
    _, origin = normalised(text)
    targets = []
    for target in row["targets"]:
        start, end = target["start"], target["end"]
        if not exact and target["norm"] is None:
            continue  # a name in Latin letters in a copy that is spelled otherwise
        if not exact:
            start, end = origin[target["norm"][0]], origin[target["norm"][1] - 1] + 1
            while end < len(text) and MARKS.match(text[end]):
                end += 1
        stance = target["stance"]
        targets.append({"text": text[start:end], "start": start, "end": end, "stance": stance})
    rest = {name: value for name, value in row.items() if name not in ("id", "text_sha1")}
    return {"id": row["id"], "text": text, **rest, "targets": targets}


def strings(value: Any) -> Iterator[str]:
    """All strings of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings(inner)


def texts_of(path: pathlib.Path) -> Iterator[str]:
    """The texts that a file holds."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        content = data.decode("cp1256", errors="replace")
    kind = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if kind in (".jsonl", ".ndjson"):
        for line in content.split("\n"):
            if line.strip():
                yield from strings(json.loads(line))
    elif kind == ".json":
        yield from strings(json.loads(content))
    elif kind in (".csv", ".tsv"):
        csv.field_size_limit(2**31 - 1)
        delimiter = "\t" if kind == ".tsv" else ","
        for cells in csv.reader(content.splitlines(keepends=True), delimiter=delimiter):
            yield from cells
    else:
        yield content


def candidates(text: str, windows: bool) -> Iterator[tuple[str, str]]:
    """Ids of everything in a text that may be a labelled sentence, with that piece of it."""
    yield sentence_id(text), text.strip()
    for sentence in split_sentences(text):
        yield sentence_id(sentence.text), sentence.text
    for line in text.splitlines():
        # Sentences may have been cut by other rules: every run of pieces between stops.
        bounds = [0, *(stop.end() for stop in STOPS.finditer(line)), len(line)]
        pieces = [fold(line[a:b]) for a, b in itertools.pairwise(bounds)]
        for first in range(len(pieces)):
            for last in range(first, min(first + FRAGMENTS, len(pieces))):
                run = " ".join(piece for piece in pieces[first : last + 1] if piece)
                yield hash_of(run), line[bounds[first] : bounds[last + 1]].strip()
    if windows:
        yield from word_windows(text)


def word_windows(text: str) -> Iterator[tuple[str, str]]:
    """Every run of words, for text without punctuation."""
    places = [(word.start(), word.end()) for word in re.finditer(r"\S+", text)]
    words = [fold(text[start:end]) for start, end in places]
    for first, (start, _) in enumerate(places):
        if not words[first]:
            continue
        state = hashlib.sha1(words[first].encode())
        for last in range(first + 1, min(first + WINDOW[1], len(words))):
            if words[last]:
                state.update(b" " + words[last].encode())
            if last - first + 1 >= WINDOW[0]:
                yield state.hexdigest()[:12], text[start : places[last][1]]


def search(texts: Iterable[str], wanted: dict[str, Row], windows: bool = False) -> dict[str, str]:
    """The sentence of each id that the texts hold; copies written exactly as labelled win."""
    found: dict[str, str] = {}
    for text in texts:
        plain = html.unescape(text) if "&" in text else text
        versions = [text] if plain == text else [text, plain]
        for version in versions:
            for key, piece in candidates(version, windows):
                row = wanted.get(key)
                if row is None:
                    continue
                if key not in found or text_hash(piece) == row["text_sha1"]:
                    found[key] = piece
    return found


def files_in(paths: Iterable[pathlib.Path]) -> Iterator[pathlib.Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(p for p in path.rglob("*") if p.is_file())
        else:
            yield path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpora", nargs="+", type=pathlib.Path)
    parser.add_argument("--labels", type=pathlib.Path, default="training/labels")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--windows", action="store_true", help="also search unpunctuated text")
    args = parser.parse_args()
    splits: dict[str, list[Row]] = {}
    for split in SPLITS:
        lines = (args.labels / f"{split}.jsonl").read_text("utf-8").split("\n")
        splits[split] = [json.loads(line) for line in lines if line]
    wanted = {row["id"]: row for rows in splits.values() for row in rows}
    found: dict[str, str] = {}
    for path in files_in(args.corpora):
        try:
            for key, text in search(texts_of(path), wanted, args.windows).items():
                if key not in found or text_hash(text) == wanted[key]["text_sha1"]:
                    found[key] = text
        except (OSError, ValueError) as error:
            print(f"{path}: skipped, it cannot be read: {error}", file=sys.stderr)
    args.output.mkdir(parents=True, exist_ok=True)
    for split, rows in splits.items():
        with (args.output / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            for row in rows:
                if row["id"] in found:
                    complete = joined(row, found[row["id"]])
                    file.write(json.dumps(complete, ensure_ascii=False) + "\n")
    total = collections.Counter(row["corpus"] for row in wanted.values())
    here = collections.Counter(wanted[key]["corpus"] for key in found)
    exact = sum(text_hash(text) == wanted[key]["text_sha1"] for key, text in found.items())
    for corpus, count in total.most_common():
        print(f"{corpus:24s} {here[corpus]:6d} of {count:6d} ({here[corpus] / count:.1%})")
    print(f"{'all':24s} {len(found):6d} of {len(wanted):6d}; {exact} written exactly as labelled")


if __name__ == "__main__":
    main()
