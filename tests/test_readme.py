"""What the README shows is what the library does and what was measured."""

from __future__ import annotations

import doctest
import json
import os
import re
import statistics
import subprocess
import sys

import pytest
from conftest import ROOT

from conflict_nlp.actors import Lexicon
from conflict_nlp.codebook import EVENTS

README = (ROOT / "README.md").read_text("utf-8")
MEASURES = {
    "event types, macro-F1 (24 types)": "event_macro_f1",
    "event types, micro-F1": "event_micro_f1",
    "primary event, accuracy": "primary_accuracy",
    "sentence stance, macro-F1": "sentence_stance_macro_f1",
    "target stance, macro-F1 (annotated spans)": "target_stance_macro_f1",
    "ECE of the reported events": "event_ece_predicted",
}
CURVE = {"outlet": (0, 1000), "un_quad": (50, 200, 1000)}


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no {language} block"
    return found.group(1)


def test_the_session_in_python_gives_what_is_shown() -> None:
    example = doctest.DocTestParser().get_doctest(block("pycon"), {}, "README", "README.md", 0)
    outcome = doctest.DocTestRunner().run(example)
    assert outcome.attempted > 5
    assert outcome.failed == 0


def test_the_table_of_the_article_is_what_is_printed() -> None:
    program = "from conflict_nlp.cli import app; app()"
    printed = subprocess.run(
        [sys.executable, "-c", program, "classify", "examples/article.txt", "--format", "table"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout
    lines = [line.rstrip() for line in printed.splitlines()]
    shown = [line.rstrip() for line in block("text").splitlines()]
    assert len(shown) > 20
    # Another processor may round a probability to the percent beside it.
    for line, wanted in zip(lines, shown, strict=False):
        percent, expected = (re.findall(r"(\d+)%", text) for text in (line, wanted))
        assert [int(p) for p in percent] == pytest.approx([int(p) for p in expected], abs=1)
        assert re.sub(r"\d+%", "%", line) == re.sub(r"\d+%", "%", wanted)


@pytest.mark.parametrize("label", MEASURES)
def test_results_are_those_of_the_evaluation(label: str) -> None:
    report = json.loads((ROOT / "training/results/evaluation.json").read_text("utf-8"))
    cells = []
    for name in ("shipped_int8", "tfidf_svm", "frozen"):
        found = report["variants"][name]["all"][MEASURES[label]]
        cells.append(f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]")
    assert f"| {label} | {' | '.join(cells)} |" in README


def test_speed_is_as_measured() -> None:
    speed = json.loads((ROOT / "benchmarks/results/speed.json").read_text("utf-8"))
    rates = speed["sentences_per_cpu_second"]
    words = " ".join(README.split())
    ours = rates["library_end_to_end_int8_one_by_one"]["median"]
    memory = speed["peak_memory_mib"]["after_the_sentences"]["median"]
    assert f"reads {ours:.0f} sentences a second" in words
    assert f"{rates['ratio']['median']:.1f} times as many" in words
    assert f"in {memory:.0f} MiB" in words
    for file, said in (
        ("speed_avx512", "read {ours:.0f} on an older one with AVX-512, {ratio:.1f} times as many"),
        ("speed_avx2", "was {ratio:.1f} times as fast with {ours:.0f}"),
    ):
        other = json.loads((ROOT / f"benchmarks/results/{file}.json").read_text("utf-8"))
        rates = other["sentences_per_cpu_second"]
        ours = rates["library_end_to_end_int8_one_by_one"]["median"]
        assert said.format(ours=ours, ratio=rates["ratio"]["median"]) in words


def test_what_is_said_of_planned_and_denied_events_was_measured() -> None:
    found = json.loads((ROOT / "benchmarks/results/robustness.json").read_text("utf-8"))
    pairs = found["minimal_pairs"]
    words = " ".join(README.split())
    for said, name in (("it tells", "modality"), ("of denied events", "negation")):
        right, low, high = (100 * pairs[name][value] for value in ("right", "low", "high"))
        assert f"{said} {right:.0f}% [{low:.0f}, {high:.0f}]" in words
    events, stance = (1 - found["actor_swaps"][f"{n}_same"]["value"] for n in ("events", "stance"))
    assert (
        f"changes the events of {events:.0%} of the sentences and the stance of {stance:.0%}"
        in words
    )


def test_the_learning_curve_is_the_measured_one() -> None:
    scores: dict[tuple[str, int], list[float]] = {}
    for line in (ROOT / "training/results/learning_curve.jsonl").read_text("utf-8").splitlines():
        run = json.loads(line)
        if run["start"] == "shipped":
            scores.setdefault((run["data"], run["size"]), []).append(
                run["figures"]["event_macro_f1"]
            )
    told = {cell: f"{statistics.mean(values):.2f}" for cell, values in scores.items()}
    words = " ".join(README.split())
    outlet, own = ([told[data, size] for size in sizes] for data, sizes in CURVE.items())
    assert "macro-F1 is {} without any, {} with a thousand of it".format(*outlet) in words
    assert "{}, {} and {} with 50, 200 and 1,000".format(*own) in words


def test_counts_are_right() -> None:
    assert f"[{len(EVENTS)}](docs/codebook.md): clashes" in README
    assert f"the lexicon knows ({len(Lexicon.load().actors):,} of them" in " ".join(README.split())
    assert f"The lexicon ({len(Lexicon.load().actors):,} actors" in README
