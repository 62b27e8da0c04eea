"""Files of any size into one file: all forms, nothing lost, broken off and gone on with."""

from __future__ import annotations

import csv
import datetime
import decimal
import gzip
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from cli_helpers import run
from conftest import SENTENCES

from conflict_nlp import Classifier, bulk
from conflict_nlp.bulk import Options, classify_files
from conflict_nlp.errors import DataError

pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the files extra")
zstandard = pytest.importorskip("zstandard", reason=".zst needs the files extra")
from pyarrow import parquet  # noqa: E402

TEXTS = [text for text, *_ in SENTENCES] + [None, "", "only Latin", "لا جديد في البلدة"]


@pytest.fixture
def tiny(exported: pathlib.Path) -> Classifier:
    return Classifier.from_pretrained(exported)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PART", 4)


def rows(count: int = 14) -> list[dict[str, Any]]:
    return [
        {"id": f"r{i}", "text": TEXTS[i % len(TEXTS)], "stance": "mine", "n": i}
        for i in range(count)
    ]


def write(path: pathlib.Path, given: list[dict[str, Any]]) -> pathlib.Path:
    kind = bulk.kind_of(path)
    if kind == ".parquet":
        parquet.write_table(pyarrow.Table.from_pylist(given), path)
        return path
    if kind == ".jsonl":
        content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in given)
    else:
        lines = [list(given[0]), *([v if v is not None else "" for v in r.values()] for r in given)]
        delimiter = "\t" if kind == ".tsv" else ","
        content = "".join(delimiter.join(map(str, line)) + "\n" for line in lines)
    data = content.encode()
    if path.suffix == ".gz":
        data = gzip.compress(data)
    if path.suffix == ".zst":
        data = zstandard.compress(data)
    path.write_bytes(data)
    return path


def read(path: pathlib.Path) -> list[dict[str, Any]]:
    kind = bulk.kind_of(path)
    if kind == ".parquet":
        return parquet.read_table(path).to_pylist()
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    lines = data.decode().splitlines()
    if kind == ".jsonl":
        return [json.loads(line) for line in lines]
    return list(csv.DictReader(lines, delimiter="\t" if kind == ".tsv" else ","))


INPUTS = ["in.jsonl", "in.csv", "in.tsv", "in.parquet", "in.jsonl.gz", "in.csv.zst"]
OUTPUTS = ["out.jsonl", "out.csv", "out.tsv", "out.parquet", "out.jsonl.zst", "out.csv.gz"]


@pytest.mark.parametrize(("source", "target"), list(zip(INPUTS, OUTPUTS, strict=True)))
def test_every_row_in_order_with_its_columns(
    tiny: Classifier, tmp_path: pathlib.Path, source: str, target: str
) -> None:
    given = write(tmp_path / source, rows())
    summary = classify_files(tiny, [str(given)], tmp_path / target)
    found = read(tmp_path / target)
    assert [row["id"] for row in found] == [f"r{i}" for i in range(14)]
    assert all(row["input_stance"] == "mine" for row in found)
    assert [int(row["n"]) for row in found] == list(range(14))
    assert summary.rows == 14 and summary.abstained["not_arabic"] == 1
    alone = tiny.classify(TEXTS[0])
    label = found[0]["stance"]
    assert (label["label"] if isinstance(label, dict) else label) == alone.stance.label
    assert not (tmp_path / f"{target}.parts").exists()


def test_parquet_keeps_the_types_of_its_columns(tiny: Classifier, tmp_path: pathlib.Path) -> None:
    values = {
        "day": datetime.date(2014, 5, 2),
        "at": datetime.datetime(2014, 5, 2, 13, 7, 1, 5),
        "price": decimal.Decimal("3.50"),
        "raw": b"\x00\xff",
        "tags": ["a", None],
        "nested": {"x": 1, "y": [1.5]},
    }
    table = pyarrow.Table.from_pylist([{"text": TEXTS[0], **values}, {"text": None}])
    parquet.write_table(table, tmp_path / "in.parquet")
    classify_files(tiny, [str(tmp_path / "in.parquet")], tmp_path / "out.parquet")
    found = parquet.read_table(tmp_path / "out.parquet")
    for name in values:
        assert found.schema.field(name).type == table.schema.field(name).type
        assert found[name].to_pylist() == table[name].to_pylist()
    assert found["events"].type == pyarrow.list_(pyarrow.string())


def test_documents_ids_and_targets(tiny: Classifier, tmp_path: pathlib.Path) -> None:
    text = "قصفت المدفعية البلدة. انسحب المقاتلون."
    given = [{"key": "a", "text": text, "whom": "المقاتلون"}, {"key": "b", "text": "", "whom": ""}]
    write(tmp_path / "in.jsonl", given)
    options = Options(documents=True, id_column="key", target_column="whom")
    classify_files(tiny, [str(tmp_path / "in.jsonl")], tmp_path / "out.jsonl", options)
    found = read(tmp_path / "out.jsonl")
    assert [row["document"] for row in found] == ["a", "a", "b"]
    assert [text[row["start"] : row["end"]] for row in found[:2]] == [r["text"] for r in found[:2]]
    assert found[1]["targets"][0]["text"] == "المقاتلون" and found[2]["abstain"] == "empty"


def test_folders_globs_and_articles(tiny: Classifier, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "news" / "deep"
    folder.mkdir(parents=True)
    (folder / "b.txt").write_text("انسحبت القوات.\nعاد الأهالي.", "utf-8")
    (folder / "notes.md").write_text("-")
    write(tmp_path / "news" / "a.jsonl", rows(2))
    write(tmp_path / "x1.csv", rows(1))
    inputs = [str(tmp_path / "news"), str(tmp_path / "x*.csv")]
    classify_files(tiny, inputs, tmp_path / "out.jsonl")
    names = [pathlib.Path(row["document"]).name for row in read(tmp_path / "out.jsonl")]
    assert names == ["a.jsonl", "a.jsonl", "b.txt", "b.txt", "x1.csv"]


def test_bad_rows_carry_their_error(tiny: Classifier, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_bytes(
        b'{"text": "\xd9\x86\xd8\xb5"}\n{"text": \n[1]\n{"text": 7}\n\xff\xfe\n{"x": 1}\n'
    )
    torn = write(tmp_path / "torn.csv.gz", rows(9))
    torn.write_bytes(torn.read_bytes()[:-12])
    summary = classify_files(tiny, [str(path), str(torn)], tmp_path / "out.csv")
    found = read(tmp_path / "out.csv")
    assert [bool(row["error"]) for row in found[:6]] == [False, True, True, True, True, True]
    assert "is damaged, or cut off" in found[-1]["error"]
    assert summary.errors == sum(bool(row["error"]) for row in found) and summary.rows == len(found)


@pytest.mark.parametrize("target", ["out.jsonl", "out.csv", "out.parquet"])
def test_columns_that_are_called_like_ours(
    tiny: Classifier, tmp_path: pathlib.Path, target: str
) -> None:
    row = {"body": TEXTS[0], "text": "x", "quad": "VC;MC", "input_quad": "y", "": 5, "line": "z"}
    write(tmp_path / "in.csv", [row])
    options = Options(text_column="body")
    classify_files(tiny, [str(tmp_path / "in.csv")], tmp_path / target, options)
    (found,) = read(tmp_path / target)
    assert found["text"] == TEXTS[0] and found["document"] == str(tmp_path / "in.csv")
    assert found["input_text"] == "x" and found["input_line"] == "z" and str(found[""]) == "5"
    assert found["input_input_quad"] == "VC;MC" and found["input_quad"] == "y"


def test_what_is_classified_can_be_classified_again(
    tiny: Classifier, tmp_path: pathlib.Path
) -> None:
    write(tmp_path / "in.csv", rows(3))
    classify_files(tiny, [str(tmp_path / "in.csv")], tmp_path / "a.csv")
    classify_files(tiny, [str(tmp_path / "a.csv")], tmp_path / "b.csv")
    first, second = read(tmp_path / "a.csv"), read(tmp_path / "b.csv")
    for before, after in zip(first, second, strict=True):
        assert after["input_event_probabilities"] == before["event_probabilities"]
        assert after["event_probabilities"] == before["event_probabilities"]


@pytest.mark.parametrize("target", OUTPUTS[:4])
def test_values_that_some_forms_cannot_hold(
    tiny: Classifier, tmp_path: pathlib.Path, target: str
) -> None:
    path = tmp_path / "in.jsonl"
    given = [
        {"text": "نص", "n": float("nan"), "big": 2**70, "mixed": 1.5},
        {"text": "a\rb", "n": 2.0, "big": 1, "mixed": 2**53 + 1},
    ]
    path.write_text("\n".join(map(json.dumps, given)), "utf-8")
    classify_files(tiny, [str(path)], tmp_path / target)
    found = read(tmp_path / target)
    assert len(found) == 2 or target.endswith(("csv", "tsv"))
    if target.endswith("csv"):
        with (tmp_path / target).open(encoding="utf-8", newline="") as file:
            found = list(csv.DictReader(file))
    if not target.endswith("tsv"):
        assert found[1]["text"] == "a\rb" and str(found[0]["big"]) == str(2**70)
        assert found[0]["n"] in (None, "") and str(found[1]["mixed"]) == str(2**53 + 1)


@pytest.mark.parametrize("kind", [pyarrow.time64("us"), pyarrow.duration("s"), pyarrow.binary(2)])
def test_other_types_of_parquet_come_as_text(
    tiny: Classifier, tmp_path: pathlib.Path, kind: Any
) -> None:
    values = {
        pyarrow.time64("us"): datetime.time(13, 7),
        pyarrow.duration("s"): datetime.timedelta(seconds=5),
        pyarrow.binary(2): b"ab",
    }
    schema = pyarrow.schema([("text", pyarrow.string()), ("x", kind)])
    table = pyarrow.Table.from_pylist([{"text": "نص", "x": values[kind]}], schema=schema)
    parquet.write_table(table, tmp_path / "in.parquet")
    classify_files(tiny, [str(tmp_path / "in.parquet")], tmp_path / "out.parquet")
    assert isinstance(read(tmp_path / "out.parquet")[0]["x"], str)


def test_a_slip_in_a_column_s_name(tiny: Classifier, tmp_path: pathlib.Path) -> None:
    write(tmp_path / "in.csv", rows(3))
    for options in (Options(target_column="whom"), Options(id_column="key")):
        summary = classify_files(tiny, [str(tmp_path / "in.csv")], tmp_path / "out.jsonl", options)
        assert summary.errors == 1
        assert "has no column" in read(tmp_path / "out.jsonl")[0]["error"]


def test_an_output_inside_the_folder_that_is_read(
    tiny: Classifier, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in.jsonl", rows(9))
    with monkeypatch.context() as context:
        context.setattr(bulk, "join_parts", lambda *_: (_ for _ in ()).throw(Crash()))
        with pytest.raises(Crash):
            classify_files(tiny, [str(tmp_path)], tmp_path / "out.jsonl")
    for _ in range(2):
        classify_files(tiny, [str(tmp_path)], tmp_path / "out.jsonl", resume=True)
        assert len(read(tmp_path / "out.jsonl")) == 9


class Crash(Exception):
    """What breaks a run off."""


@pytest.mark.parametrize("target", OUTPUTS)
def test_a_run_broken_off_ends_byte_for_byte_like_an_unbroken_one(
    tiny: Classifier, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    given = [str(write(tmp_path / "in.jsonl", rows(30)))]
    classify_files(tiny, given, tmp_path / f"whole-{target}")
    whole, left = bulk.write_whole, 3

    def failing(path: pathlib.Path, content: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            path.with_name(path.name + ".unfinished").write_bytes(content[: len(content) // 2])
            raise Crash
        whole(path, content)

    for _ in range(2):
        left = 3
        with monkeypatch.context() as context:
            context.setattr(bulk, "write_whole", failing)
            with pytest.raises(Crash):
                classify_files(tiny, given, tmp_path / target, resume=True)
    classify_files(tiny, given, tmp_path / target, resume=True)
    assert (tmp_path / target).read_bytes() == (tmp_path / f"whole-{target}").read_bytes()


def test_a_run_is_not_mixed_with_another(
    tiny: Classifier, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = [str(write(tmp_path / "in.jsonl", rows(9)))]
    with monkeypatch.context() as context:
        context.setattr(bulk, "join_parts", lambda *_: (_ for _ in ()).throw(Crash()))
        with pytest.raises(Crash):
            classify_files(tiny, given, tmp_path / "out.jsonl")
    with pytest.raises(DataError, match="holds a run that was broken off"):
        classify_files(tiny, given, tmp_path / "out.jsonl")
    with pytest.raises(DataError, match="had other options"):
        classify_files(tiny, given, tmp_path / "out.jsonl", Options(documents=True), resume=True)
    write(tmp_path / "in.jsonl", rows(8))
    with pytest.raises(DataError, match="had other inputs"):
        classify_files(tiny, given, tmp_path / "out.jsonl", resume=True)


def test_killed_and_gone_on_with(exported: pathlib.Path, tmp_path: pathlib.Path) -> None:
    given = write(tmp_path / "in.csv", rows(5000))
    program = (
        "from conflict_nlp import bulk; bulk.PART = 50; from conflict_nlp.cli import app; app()"
    )

    def start(output: pathlib.Path) -> subprocess.Popen[bytes]:
        arguments = ["classify", given, "--model", exported, "-o", output, "--resume"]
        return subprocess.Popen(
            [sys.executable, "-c", program, *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    assert start(tmp_path / "whole.csv").wait() == 0
    output, parts = tmp_path / "out.csv", tmp_path / "out.csv.parts"
    chance = random.Random(0)
    for kill in range(3):
        process = start(output)
        wanted = chance.randrange(5, 30) * (kill + 1)
        while process.poll() is None and len(list(parts.glob("part-*.jsonl"))) < wanted:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert start(output).wait() == 0
    assert output.read_bytes() == (tmp_path / "whole.csv").read_bytes()
    assert not parts.exists()


def test_copies_are_read_once(
    tiny: Classifier, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in.jsonl", [{"text": TEXTS[0]}] * 40)
    calls: list[Any] = []
    runtime = type(tiny.runtime)
    passing = runtime.__call__
    monkeypatch.setattr(
        runtime, "__call__", lambda self, *given: calls.append(1) or passing(self, *given)
    )
    classify_files(tiny, [str(tmp_path / "in.jsonl")], tmp_path / "a.jsonl")
    few = len(calls)
    classify_files(tiny, [str(tmp_path / "in.jsonl")], tmp_path / "b.jsonl", Options(cache=0))
    assert few < 10 and len(calls) == few + 40
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_the_command_says_what_it_found(exported: pathlib.Path, tmp_path: pathlib.Path) -> None:
    given, output = write(tmp_path / "in.csv", rows()), tmp_path / "out.parquet"
    outcome = run("classify", given, "--model", exported, "-o", output)
    assert outcome.stdout.strip() == str(output)
    assert "14 rows; 0 with an error; 2 abstained: empty" in outcome.stderr
    wrong = run("classify", tmp_path / "none.csv", "--model", exported, "-o", output, code=2)
    assert "names no file that can be read" in wrong.stderr
    wrong = run("classify", given, "--model", exported, "-o", tmp_path / "out.xlsx", code=2)
    assert "is of a kind that is not written" in wrong.stderr


@pytest.mark.parametrize(
    "option", [("--documents",), ("--resume",), ("--id-column", "id"), ("--target-column", "whom")]
)
def test_options_that_need_a_file_to_write(option: tuple[str, ...], tmp_path: pathlib.Path) -> None:
    given = write(tmp_path / "in.csv", rows(1))
    outcome = run("classify", given, *option, code=2)
    assert option[0] in outcome.stderr and "with --output" in outcome.stderr


def test_the_form_is_said_once(tmp_path: pathlib.Path) -> None:
    given = write(tmp_path / "in.csv", rows(1))
    outcome = run("classify", given, "-o", tmp_path / "out.csv", "--format", "jsonl", code=2)
    assert "the name of --output says the form" in outcome.stderr
