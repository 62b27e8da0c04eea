"""Bulk classification of standard input, and with actors of one's own."""

from __future__ import annotations

import io
import json
import pathlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cli_helpers import run
from stub_model import stub_classifier

from conflict_nlp import bulk
from conflict_nlp._sources import rows_of
from conflict_nlp.actors import Lexicon
from conflict_nlp.bulk import Options, classify_files
from conflict_nlp.errors import DataError

BOMBARDED = "قصفت المدفعية أطراف البلدة."
WITHDREW = "انسحب المقاتلون من القرية."
REDS = "reds,Reds,militia,,PRM,حمر الوادي"


class Crash(Exception):
    """What breaks a run off."""


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Puts bytes on standard input."""

    def put(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return put


@pytest.fixture
def broken_off(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Classifies all and then breaks off."""

    def crash(*_: Any) -> Iterator[None]:
        raise Crash

    def classify(*arguments: Any) -> None:
        with monkeypatch.context() as context, pytest.raises(Crash):
            context.setattr(bulk, "join_parts", crash)
            classify_files(*arguments)

    return classify


@pytest.fixture
def commanded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the command line load the stub."""
    monkeypatch.setattr(
        "conflict_nlp.classifier.Classifier.from_pretrained",
        lambda name, lexicon=None, runtime=None: stub_classifier(lexicon),
    )


def read(path: pathlib.Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_row_a_line_of_standard_input(
    piped: Callable[[bytes], None], tmp_path: pathlib.Path
) -> None:
    lines = [BOMBARDED.encode(), b"", "قصف".encode("cp1256"), b'{"text": "x"}', WITHDREW.encode()]
    piped(b"\xef\xbb\xbf" + b"\r\n".join(lines))
    summary = classify_files(stub_classifier(), ["-"], tmp_path / "out.jsonl")
    found = read(tmp_path / "out.jsonl")
    assert [row["line"] for row in found] == [1, 2, 3, 4, 5]
    assert {row["document"] for row in found} == {"-"}
    assert [found[i]["text"] for i in (0, 1, 3, 4)] == [BOMBARDED, "", '{"text": "x"}', WITHDREW]
    assert "line 3 is not UTF-8" in found[2]["error"]
    assert summary.rows == 5 and summary.errors == 1 and summary.abstained["empty"] == 1


def test_standard_input_beside_files_and_split_into_sentences(
    piped: Callable[[bytes], None], tmp_path: pathlib.Path
) -> None:
    line = f"{BOMBARDED} {WITHDREW}"
    piped(f"{line}\n".encode())
    path = tmp_path / "in.jsonl"
    path.write_text(json.dumps({"text": WITHDREW, "id": "a"}) + "\n", "utf-8")
    options = Options(documents=True, target="البلدة")
    classify_files(stub_classifier(), [str(path), "-"], tmp_path / "out.jsonl", options)
    found = read(tmp_path / "out.jsonl")
    assert [row["document"] for row in found] == [str(path), "-", "-"]
    assert [row["text"] for row in found[1:]] == [BOMBARDED, WITHDREW]
    assert [line[row["start"] : row["end"]] for row in found[1:]] == [BOMBARDED, WITHDREW]
    assert found[1]["targets"][0]["text"] == "البلدة"


def test_utf_16_on_standard_input_is_a_row_with_an_error(
    piped: Callable[[bytes], None], tmp_path: pathlib.Path
) -> None:
    piped(BOMBARDED.encode("utf-16"))
    classify_files(stub_classifier(), ["-"], tmp_path / "out.jsonl")
    (row,) = read(tmp_path / "out.jsonl")
    assert "standard input is UTF-16" in row["error"]


def test_without_standard_input_there_is_a_row_that_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    classify_files(stub_classifier(), ["-"], tmp_path / "out.jsonl")
    (row,) = read(tmp_path / "out.jsonl")
    assert "there is no standard input" in row["error"]


def test_standard_input_cannot_be_gone_on_with(
    piped: Callable[[bytes], None], broken_off: Callable[..., None], tmp_path: pathlib.Path
) -> None:
    output = tmp_path / "out.jsonl"
    with pytest.raises(DataError, match=r"cannot be read a second time.*Save it as a file"):
        classify_files(stub_classifier(), ["-"], output, resume=True)
    assert not output.exists()
    piped(BOMBARDED.encode())
    broken_off(stub_classifier(), ["-"], output)
    assert len(list((tmp_path / "out.jsonl.parts").glob("part-*"))) == 1
    with pytest.raises(DataError, match=r"such a run cannot go on\. Delete that folder"):
        classify_files(stub_classifier(), ["-"], output)


@pytest.mark.parametrize("options", [Options(id_column="id"), Options(target_column="whom")])
def test_standard_input_has_no_columns(options: Options, tmp_path: pathlib.Path) -> None:
    with pytest.raises(DataError, match=r"has no column '(id|whom)'.*\.csv or \.jsonl"):
        classify_files(stub_classifier(), ["-"], tmp_path / "out.jsonl", options)


@pytest.mark.usefixtures("commanded")
def test_the_command_reads_standard_input_into_a_file(tmp_path: pathlib.Path) -> None:
    output = tmp_path / "out.csv"
    lines = f"{BOMBARDED}\n{WITHDREW}\n".encode()
    outcome = run("classify", "-", "-o", output, input=lines)
    assert outcome.stdout.strip() == str(output)
    assert "2 rows; 0 with an error" in outcome.stderr
    refused = run("classify", "-", "-o", output, "--resume", input=lines, code=2)
    assert "cannot be read a second time" in refused.stderr


@pytest.mark.usefixtures("commanded")
def test_an_interrupted_pipe_is_not_told_to_resume(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bulk, "join_parts", interrupted)
    outcome = run("classify", "-", "-o", tmp_path / "out.csv", input=b"x\n", code=130)
    assert "out.csv.parts; save the input as a file" in outcome.stderr
    assert "--resume" not in outcome.stderr


@pytest.mark.usefixtures("commanded")
@pytest.mark.parametrize("to_a_file", [False, True])
def test_actors_of_one_s_own_on_the_command_line(
    table: Callable[..., pathlib.Path], tmp_path: pathlib.Path, to_a_file: bool
) -> None:
    text, output = "هاجم حمر الوادي القافلة", tmp_path / "out.jsonl"
    second = tmp_path / "second.csv"
    second.write_text(table("blues,Blues,militia,,PRM,زرق الوادي").read_text("utf-8"), "utf-8")
    lexicons = ("--lexicon", table(REDS), "--lexicon", second)
    options = (*lexicons, "-o", output) if to_a_file else lexicons
    outcome = run("classify", "-", *options, input=f"{text}\n{text.replace('حمر', 'زرق')}".encode())
    lines = output.read_text("utf-8") if to_a_file else outcome.stdout
    found = [json.loads(line)["targets"] for line in lines.splitlines()]
    assert [[target["actor"] for target in targets] for targets in found] == [["reds"], ["blues"]]


def test_a_device_reads_batches_in_torch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> None:
    pytest.importorskip("torch", reason="batches in torch need the train extra")
    from conflict_nlp.learning.torch_runtime import TorchRuntime

    sizes: list[int] = []
    batch = TorchRuntime.batch
    monkeypatch.setattr(
        TorchRuntime, "batch", lambda self, given: sizes.append(len(given)) or batch(self, given)
    )
    output = tmp_path / "out.jsonl"
    lines = f"{BOMBARDED}\n{WITHDREW}\n".encode()
    run("classify", "-", "-o", output, "--device", "cpu", input=lines)
    assert [row["primary_event"] for row in read(output)] == ["shelling", "withdrawal"]
    assert sizes == [2]
    wrong = run("classify", "-", "-o", output, "--device", "gpu9", input=lines, code=2)
    assert "'gpu9' cannot be used" in wrong.stderr and "Accepted is" in wrong.stderr
    assert "--output" in run("classify", BOMBARDED, "--device", "cpu", code=2).stderr


def test_a_table_of_actors_that_cannot_be_used_is_said_before_anything_is_done(
    table: Callable[..., pathlib.Path], tmp_path: pathlib.Path
) -> None:
    output = tmp_path / "out.jsonl"
    for options in ((), ("-o", output)):
        wrong = run("classify", BOMBARDED, "--lexicon", table("Reds,,x,,,"), *options, code=2)
        assert "row 2: id 'Reds': use small Latin letters" in wrong.stderr
        assert "row 2: kind 'x' is not one of" in wrong.stderr
    missing = run("classify", BOMBARDED, "--lexicon", tmp_path / "none.csv", code=2)
    assert "--lexicon" in missing.stderr and "none.csv" in missing.stderr
    assert not list(tmp_path.glob("out*"))


def test_a_run_does_not_go_on_with_other_actors(
    table: Callable[..., pathlib.Path], broken_off: Callable[..., None], tmp_path: pathlib.Path
) -> None:
    path, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    path.write_text(json.dumps({"text": "هاجم حمر الوادي القافلة"}), "utf-8")
    broken_off(stub_classifier(), [str(path)], output)
    with_reds = stub_classifier(Lexicon.load(table(REDS)))
    with pytest.raises(DataError, match=r"had other lexicon\. Give it the same"):
        classify_files(with_reds, [str(path)], output, resume=True)
    classify_files(stub_classifier(Lexicon.load()), [str(path)], output, resume=True)
    assert read(output)[0]["targets"] == []


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_halves_of_surrogate_pairs_do_not_break_the_joining(
    kind: str, tmp_path: pathlib.Path
) -> None:
    if kind == "parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs the files extra")
    path, output = tmp_path / "in.jsonl", tmp_path / f"out.{kind}"
    row = {"text": f"\ud83d{WITHDREW}", "own": ["\udc80"], "\ud800": "x"}
    path.write_text(json.dumps(row) + "\n", "utf-8")
    assert classify_files(stub_classifier(), [str(path)], output).errors == 0
    (found,) = rows_of(output, "text")
    assert found.text == f"\ufffd{WITHDREW}"
    assert found.values["own"] == '["\ufffd"]' and found.values["\ufffd"] == "x"


def test_columns_with_the_same_name_and_in_another_encoding(tmp_path: pathlib.Path) -> None:
    path, output = tmp_path / "in.csv", tmp_path / "out.csv"
    header = b"text,source,source,source_2," + "مصدر".encode("cp1256")
    path.write_bytes(header + f"\n{WITHDREW},a,b,c,d\n".encode())
    assert classify_files(stub_classifier(), [str(path)], output).errors == 0
    (found,) = rows_of(output, "text")
    own = {name: found.values[name] for name in ("source", "source_2", "source_2_2", "\ufffd" * 4)}
    assert list(own.values()) == ["a", "b", "c", "d"]


def test_values_of_parquet_that_python_cannot_hold_cost_no_other_row(
    tmp_path: pathlib.Path,
) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs the files extra")
    from pyarrow import parquet

    path = tmp_path / "in.parquet"
    # Other writers do not check that their text is UTF-8.
    texts = pyarrow.array([BOMBARDED.encode(), b"\xde\xd5\xdd", WITHDREW.encode()])
    text = pyarrow.StringArray.from_buffers(3, *texts.buffers()[1:])
    days = pyarrow.array([0, 1, 2**31 - 1], pyarrow.int32()).cast(pyarrow.date32())
    parquet.write_table(pyarrow.table({"text": text, "day": days}), path)
    summary = classify_files(stub_classifier(), [str(path)], tmp_path / "out.jsonl")
    found = read(tmp_path / "out.jsonl")
    assert [row["line"] for row in found] == [1, 2, 3] and summary.errors == 2
    assert found[0]["text"] == BOMBARDED and found[0]["day"] == "1970-01-01"
    for number in (2, 3):
        assert f"row {number} holds a value that cannot be read" in found[number - 1]["error"]
