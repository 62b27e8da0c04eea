"""The command line over a classifier that needs no model."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_helpers import run

from conflict_nlp.cli import classify

BOMBARDED = "قصفت المدفعية أطراف البلدة."
WITHDREW = "انسحب المقاتلون من القرية."


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
from cli_helpers import FakeClassifier, app
module = types.ModuleType("conflict_nlp.classifier")
make = lambda name, **options: FakeClassifier(".")
module.Classifier = types.SimpleNamespace(from_pretrained=make)
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


def test_the_plain_function_works_without_the_command(fake):
    found = list(classify.classify_inputs(fake, [BOMBARDED], extras=("quad",)))
    assert [item.result.quad for item in found] == [("MC",)]
    assert found[0].place == {}
