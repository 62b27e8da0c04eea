"""The command line over a classifier that needs no model."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conflict_nlp.cli import app, classify, doctor
from conflict_nlp.codebook import EVENTS
from conflict_nlp.errors import ModelError, ModelNotFoundError
from conflict_nlp.results import (
    DocumentResult,
    EventPrediction,
    Result,
    SentenceResult,
    StancePrediction,
    TargetStance,
)

BOMBARDED = "قصفت المدفعية أطراف البلدة."
WITHDREW = "انسحب المقاتلون من القرية."


class FakeClassifier:
    """Answers like a classifier and remembers what it was asked."""

    name = "fake"
    calls: list
    interrupt_after: int | None = None

    def __init__(self, folder):
        self.info = {
            "path": str(folder),
            "base": "tiny-encoder",
            "runtime": "onnxruntime",
            "codebook": "1",
            "size_bytes": 2_500_000,
        }
        self.settings = types.SimpleNamespace(codebook="1")
        self.calls = []

    def classify(self, text, target=None, *, threshold=None, extras=()):
        self.calls.append((text, target, threshold, extras))
        bad = not isinstance(text, str)
        named = () if target is None else (target,)
        return Result(
            text=text,
            events=None if bad else (EventPrediction("shelling", 0.97),),
            primary_event=None if bad else "shelling",
            stance=None if bad else StancePrediction("none", 0.9),
            targets=None
            if bad
            else tuple(
                TargetStance(t, None, None, None, StancePrediction("against", 0.8)) for t in named
            ),
            abstain=None,
            truncated=False,
            error="not a text" if bad else None,
            model=self.name,
            codebook="1",
            quad=None if bad or "quad" not in extras else ("MC",),
            extras=extras,
        )

    def stream(self, texts, target=None, *, threshold=None, extras=()):
        # Reads ahead by one, as a classifier with several threads does.
        ahead = []
        for number, text in enumerate(texts):
            if number == self.interrupt_after:
                raise KeyboardInterrupt
            ahead.append(text)
            if len(ahead) > 1:
                yield self.classify(ahead.pop(0), target, threshold=threshold, extras=extras)
        for text in ahead:
            yield self.classify(text, target, threshold=threshold, extras=extras)

    def classify_document(self, text, target=None, *, threshold=None, extras=()):
        sentences, start = [], 0
        for line in text.splitlines(keepends=True):
            result = self.classify(line.strip(), target, threshold=threshold, extras=extras)
            sentences.append(SentenceResult(start, start + len(line.strip()), result))
            start += len(line)
        return DocumentResult(tuple(sentences))


@pytest.fixture
def fake(monkeypatch, tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"weights")
    (folder / "card.md").write_bytes(b"-")
    classifier = FakeClassifier(folder)

    def from_pretrained(name="default", actors=None):
        if name == "absent":
            raise ModelNotFoundError("There is no model 'absent'.")
        if name == "damaged":
            raise ModelError("The model is damaged.")
        return classifier

    module = types.ModuleType("conflict_nlp.classifier")
    module.Classifier = types.SimpleNamespace(from_pretrained=from_pretrained)
    monkeypatch.setitem(sys.modules, "conflict_nlp.classifier", module)
    return classifier


def run(*arguments, code=0, **options):
    outcome = CliRunner().invoke(app, list(map(str, arguments)), **options)
    assert outcome.exit_code == code, outcome.output
    return outcome


def rows(outcome):
    return [json.loads(line) for line in outcome.stdout.splitlines()]


def test_texts_give_json_lines_in_a_pipe(fake):
    found = rows(run("classify", BOMBARDED, WITHDREW))
    assert [row["text"] for row in found] == [BOMBARDED, WITHDREW]
    assert found[0] == fake.classify(BOMBARDED).to_dict()


def test_options_reach_the_classifier(fake):
    options = ("--target", "الحكومة", "--threshold", "0.4", "--with", "quad, acled")
    (row,) = rows(run("classify", BOMBARDED, *options))
    assert fake.calls == [(BOMBARDED, "الحكومة", 0.4, ("quad", "acled"))]
    assert row["targets"][0]["text"] == "الحكومة"
    assert row["quad"] == ["MC"]
    assert row["acled"] is None
    assert "cameo" not in row


def test_standard_input_gives_one_result_a_line(fake):
    lines = f"{BOMBARDED}\r\n\n{WITHDREW}\n".encode()
    found = rows(run("classify", "-", input=lines))
    assert [row["text"] for row in found] == [BOMBARDED, "", WITHDREW]
    assert "document" not in found[0]


def test_a_line_of_standard_input_in_another_encoding_is_an_error_of_its_own(fake):
    lines = f"{BOMBARDED}\n".encode() + "قصف\n".encode("cp1256") + WITHDREW.encode()
    found = rows(run("classify", "-", input=lines, code=1))
    assert [row["text"] for row in found[::2]] == [BOMBARDED, WITHDREW]
    assert "line 2 is not UTF-8" in found[1]["error"]


def test_an_article_is_split_and_its_places_given(fake, tmp_path):
    article = tmp_path / "article.txt"
    article.write_text(f"{BOMBARDED}\n{WITHDREW}", encoding="utf-8")
    found = rows(run("classify", article))
    assert [row["document"] for row in found] == [str(article)] * 2
    text = article.read_text(encoding="utf-8")
    assert [text[row["start"] : row["end"]] for row in found] == [BOMBARDED, WITHDREW]


def test_rows_of_files_keep_their_order_and_none_is_lost(fake, tmp_path):
    jsonl, table = tmp_path / "a.jsonl", tmp_path / "B.CSV"
    jsonl.write_text(
        f'{{"text": "{BOMBARDED}"}}\n{{broken\n{{"text": null}}\n{{"text": "{WITHDREW}"}}\n',
        encoding="utf-8",
    )
    table.write_text(f"id,text\n1,{BOMBARDED}\n2,أ,ب\n3,{WITHDREW}\n", encoding="utf-8-sig")
    found = rows(run("classify", jsonl, table, BOMBARDED, "--with", "quad", code=1))
    assert [row["text"] for row in found] == [
        BOMBARDED,
        "{broken",
        None,
        WITHDREW,
        BOMBARDED,
        "2,أ,ب",
        WITHDREW,
        BOMBARDED,
    ]
    assert [row.get("line") for row in found] == [1, 2, 3, 4, 2, 3, 4, None]
    assert [bool(row["error"]) for row in found] == [
        False,
        True,
        True,
        *[False] * 2,
        True,
        *[False] * 2,
    ]
    assert "line 2 is not JSON" in found[1]["error"]
    assert found[2]["error"] == "not a text"
    assert found[1]["events"] is None
    assert found[1]["quad"] is None
    assert found[1]["model"] == "fake"
    assert found[4]["document"] == str(table)


def test_the_text_column_can_be_named(fake, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"body\n{BOMBARDED}\n", encoding="utf-8")
    assert rows(run("classify", path, "--text-column", "body"))[0]["text"] == BOMBARDED
    (row,) = rows(run("classify", path, code=1))
    assert "no column 'text'" in row["error"]


@pytest.mark.parametrize("suffix", [".txt", ".jsonl", ".csv"])
def test_a_file_that_is_not_utf8_does_not_stop_the_others(fake, tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes("text\nقصف".encode("cp1256"))
    found = rows(run("classify", path, BOMBARDED, code=1))
    assert "not UTF-8: byte 0xde" in found[-2]["error"]
    assert found[-2]["document"] == str(path)
    assert found[-1]["text"] == BOMBARDED


@pytest.mark.parametrize("name", ["news.txt", "missing/rows.jsonl", "a.CSV"])
def test_a_path_that_does_not_exist_is_no_text(fake, name):
    outcome = run("classify", BOMBARDED, name, code=2)
    assert "There is no file" in outcome.stderr
    assert outcome.stdout == ""
    assert fake.calls == []


def test_an_empty_article_is_a_row_too(fake, tmp_path):
    path = tmp_path / "empty.txt"
    path.write_text("\n", encoding="utf-8")
    (row,) = rows(run("classify", path))
    assert row["document"] == str(path)


def test_a_mistyped_path_is_no_text(fake):
    assert "There is no file" in run("classify", "data/rows.tsv", code=2).stderr


def test_a_device_is_refused_with_the_way_to_read_it(fake):
    assert "use - " in run("classify", "/dev/null", code=2).stderr


def test_folders_and_other_files_are_refused(fake, tmp_path):
    assert "is a folder" in run("classify", tmp_path, code=2).stderr
    other = tmp_path / "notes.md"
    other.write_text("نص", encoding="utf-8")
    assert ".jsonl" in run("classify", other, code=2).stderr


@pytest.mark.parametrize("text", ["نص " * 2000, "نص\nآخر", "a\x00b"])
def test_no_text_is_mistaken_for_a_path(fake, text):
    assert rows(run("classify", text))[0]["text"] == text


@pytest.mark.parametrize(
    "arguments",
    [
        ["classify"],
        ["classify", "نص", "--threshold", "1.5"],
        ["classify", "نص", "--with", "weather"],
        ["classify", "نص", "--format", "xml"],
        ["classify", "نص", "--model", "absent"],
        ["labels", "--format", "xml"],
        ["nothing"],
    ],
)
def test_wrong_use_exits_with_2(fake, arguments):
    outcome = run(*arguments, code=2)
    assert outcome.stdout == ""
    assert outcome.stderr


def test_a_damaged_model_exits_with_1_and_its_message(fake):
    outcome = run("classify", BOMBARDED, "--model", "damaged", code=1)
    assert outcome.stderr == "Error: The model is damaged.\n"


def test_an_interruption_keeps_what_was_written(fake, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"text": "{BOMBARDED}"}}\n' * 5, encoding="utf-8")
    fake.interrupt_after = 3
    assert len(rows(run("classify", path, code=130))) == 2


def test_table_shows_letters_in_order_right_to_left(fake, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"text\n{BOMBARDED}\n", encoding="utf-8")
    options = ("--format", "table", "--target", "الحكومة", "--with", "quad,repaired")
    outcome = run("classify", path, *options, env={"COLUMNS": "200"})
    assert f"\u2067{BOMBARDED}\u2069" in outcome.stdout
    for words in ("shelling 97%", "stance: none 90%", "against 80%", "quad: MC", "a.csv"):
        assert words in outcome.stdout


def test_table_isolates_every_wrapped_line(fake):
    outcome = run("classify", f"{BOMBARDED} " * 6, "--format", "table", env={"COLUMNS": "60"})
    arabic = [line for line in outcome.stdout.splitlines() if "ال" in line]
    assert len(arabic) > 3
    assert all(line.count("\u2067") == line.count("\u2069") == 1 for line in arabic)


def test_table_shows_errors_and_keeps_escape_sequences_out(fake, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "\\u001b[2Jقصف\\ud83d"}\n{"text": null}\n', encoding="utf-8")
    outcome = run("classify", path, "--format", "table", code=1)
    assert "\x1b" not in outcome.stdout
    assert "not a text: None" in outcome.stdout
    assert "error: not a text" in outcome.stdout


def test_a_closed_pipe_is_quiet(tmp_path):
    program = f"""
import sys, types
sys.path.insert(0, {str(Path(__file__).parent)!r})
from test_cli import FakeClassifier, app
module = types.ModuleType("conflict_nlp.classifier")
module.Classifier = types.SimpleNamespace(from_pretrained=lambda name: FakeClassifier("."))
sys.modules["conflict_nlp.classifier"] = module
app(["classify", *["نص"] * 2000])
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 0


def test_help_needs_no_model_and_shows_examples():
    outcome = run("classify", "--help")
    assert "conflict-nlp classify article.txt" in outcome.stdout
    loaded = "import sys, conflict_nlp.cli; print([m for m in sys.modules if m.startswith(%r)])"
    for module in ("torch", "transformers"):
        shown = subprocess.run(
            [sys.executable, "-c", loaded % module], capture_output=True, text=True, check=True
        )
        assert shown.stdout == "[]\n"


def test_labels_as_json_and_markdown_hold_all_types():
    data = json.loads(run("labels", "--format", "json").stdout)
    assert [row["name"] for row in data["events"]] == list(EVENTS)
    assert data["codebook"] == "1"
    assert data["stances"] == ["favor", "against", "none"]
    assert data["quad"]["VX"] == "verbal cooperation"
    lines = run("labels", "--format", "markdown").stdout.splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == list(EVENTS)
    assert len({line.count(" | ") for line in lines}) == 1


def test_labels_table_shows_whole_names_on_a_narrow_terminal():
    shown = run("labels", env={"COLUMNS": "80"}).stdout
    assert all(name in shown for name in EVENTS)
    assert "CAMEO 0841" in shown


def test_doctor_says_that_it_works(fake):
    shown = run("doctor").stdout
    for words in (
        "tiny-encoder",
        "onnxruntime",
        "2.5 MB",
        "shelling 97%",
        "int8 features",
        "works",
    ):
        assert words in shown
    digest = hashlib.sha256(b"weights").hexdigest()[:12]
    assert re.search(rf"model\.onnx +sha256 {digest}\n", shown)


def test_doctor_fails_when_the_model_does(fake):
    shown = run("doctor", "--model", "absent", code=1).stdout
    assert "ModelNotFoundError: There is no model 'absent'." in shown
    assert "DOES NOT WORK" in shown


def test_doctor_names_the_line_that_installs_what_is_missing(fake, monkeypatch):
    requirements = ["numpy>=1.26", "torch[cpu]>=2.4; extra == 'train'", 'onnx; extra == "train"']
    versions = {"conflict-nlp": "0.1.0", "numpy": "2.4.6", "onnx": "1.23"}

    def version(name):
        if name not in versions:
            raise doctor.metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(doctor.metadata, "requires", lambda name: requirements)
    monkeypatch.setattr(doctor.metadata, "version", version)
    shown = run("doctor").stdout
    assert "numpy 2.4.6" in shown
    assert 'torch; install with: pip install "conflict-nlp[train]"' in shown
    assert "numpy; install" not in shown


def test_cpu_features_are_whole_words(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags : fpu avx2 avx512_vnni_x avx_vnni\n")
    assert doctor.cpu_features(cpuinfo) == "avx_vnni, avx2"
    cpuinfo.write_text("flags : fpu\n")
    assert doctor.cpu_features(cpuinfo) == "none"


def test_the_plain_function_works_without_the_command(fake):
    found = list(classify.classify_inputs(fake, [BOMBARDED], extras=("quad",)))
    assert [item.result.quad for item in found] == [("MC",)]
    assert found[0].place == {}
