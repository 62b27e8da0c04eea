"""The authored sentences: labels, spans, and nothing borrowed from the corpora."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

from conftest import ROOT

STARTER = sorted((ROOT / "training" / "starter").glob("*.jsonl"))
SCRIPT = ROOT / "training" / "check_starter.py"


def problems(files: list[pathlib.Path], corpora: list[pathlib.Path]) -> tuple[int, str]:
    command = [sys.executable, SCRIPT, *files, *(["--corpus", *corpora] if corpora else [])]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    return done.returncode, done.stdout


def test_the_starter_sentences_are_in_order() -> None:
    assert problems(STARTER, []) == (0, "\n")


def test_no_eight_words_are_those_of_the_corpora(shared_data: pathlib.Path) -> None:
    assert problems(STARTER, sorted((shared_data / "labels").glob("*.jsonl"))) == (0, "\n")


def test_what_is_wrong_is_named_with_its_line(tmp_path: pathlib.Path) -> None:
    text = "أعلنت اللجنة المشرفة على الحوار تأجيل الجلسة المقررة غدا إلى الأسبوع المقبل"
    row = {"text": text, "events": [], "stance": "none", "targets": [], "genre": "news"}
    other = {"text": "قصف", "events": ["alchemy"], "targets": [{"text": "دمشق", "stance": "none"}]}
    wrong, corpus = tmp_path / "wrong.jsonl", tmp_path / "corpus.jsonl"
    lines = [row, row | other, row]
    wrong.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in lines), "utf-8")
    # Another spelling of the same words is borrowed, too.
    borrowed = f"وقالت الوكالة: {text.replace('ة', 'ه')}"
    corpus.write_text(json.dumps({"text": borrowed}, ensure_ascii=False) + "\n", "utf-8")
    code, said = problems([wrong], [corpus])
    assert code == 1
    assert "wrong.jsonl:1: shares 8 words with a corpus" in said
    assert "wrong.jsonl:2: unknown or repeated event types ['alchemy']" in said
    assert "wrong.jsonl:2: target 'دمشق' is not in the text" in said
    assert "wrong.jsonl:3: same sentence as wrong.jsonl:1" in said
