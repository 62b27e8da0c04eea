"""Scripts of ``benchmarks/`` that read what a benchmark keeps, or its data."""

from __future__ import annotations

import json
import pathlib
import sys

import numpy as np
import pytest
from conftest import ROOT

pytest.importorskip("torch", reason="the benchmark needs the train extra")

sys.path.insert(0, str(ROOT / "benchmarks"))
import mixture
import un_labels

from conflict_nlp.errors import DataError
from conflict_nlp.evaluation.benchmark import run_benchmark
from conflict_nlp.evaluation.registry import Registry
from conflict_nlp.evaluation.scores import Decisions

BUDGET = [f"أقر البرلمان موازنة العام {n}" for n in range(30)]
STRIKE = [f"أضرب عمال الميناء رقم {n}" for n in range(30)]


def write(path: pathlib.Path, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def test_two_variants_together(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"id": f"{label}{n}", "text": text, "events": [label]}
        for label, texts in (("budget", BUDGET), ("strike", STRIKE))
        for n, text in enumerate(texts)
    ]
    write(tmp_path / "rows.jsonl", rows)
    registry = tmp_path / "mine.toml"
    registry.write_text(
        """
[tasks.cabinet]
title = "two event types"
files = { all = "rows.jsonl" }
split = "random"
parts = 2
main = "event_macro_f1"
""",
        "utf-8",
    )
    words, regression = "tfidf_svm", "tfidf_logistic"
    run_benchmark(Registry.load([registry]), tmp_path, ["cabinet"], [words, regression])
    output = tmp_path / "mixture.json"
    given = ["--registry", str(registry), "--results", str(tmp_path), "--draws", "20"]
    mixture.main(["cabinet", f"{words},{regression}", *given, "--output", str(output)])
    found = json.loads(output.read_text("utf-8"))
    assert set(found["figures"]) == {words, regression, "mixture"}
    # Two that are right are right together.
    assert all(of["value"] == 1.0 for of in found["figures"].values())
    # There is no commit to name in a copy without version control.
    assert "commit" in found and found["data_sha256"]
    assert "mixture" in capsys.readouterr().out
    with pytest.raises(DataError, match=r"no decisions of majority .* run it first"):
        mixture.main(["cabinet", f"{words},majority", *given])
    run_benchmark(Registry.load([registry]), tmp_path, ["cabinet"], ["majority"])
    with pytest.raises(DataError, match="majority gives no probabilities"):
        mixture.main(["cabinet", f"{words},majority", *given])


def test_the_mean_outvotes_an_unsure_member() -> None:
    def answering(p: list[list[float]]) -> Decisions:
        rows = np.array(p)
        size = len(rows)
        return Decisions(
            event_probabilities=rows,
            events=np.eye(2, dtype=bool)[rows.argmax(1)],
            primary=rows.argmax(1),
            confidence=rows.max(1),
            abstains=np.zeros(size, bool),
            stance_probabilities=np.zeros((size, 0)),
            stance=np.zeros(size, int),
            rows=np.arange(size),
        )

    sure, unsure = answering([[0.9, 0.1], [0.4, 0.6]]), answering([[0.4, 0.6], [0.2, 0.8]])
    both = mixture.averaged([sure, unsure])
    assert both.primary.tolist() == [0, 1]
    assert both.events.tolist() == [[True, False], [False, True]]
    assert both.event_probabilities is not None
    assert both.event_probabilities[0] == pytest.approx([0.65, 0.35])


def test_two_labellings_agree_under_the_names_of_the_task(tmp_path: pathlib.Path) -> None:
    called = Registry.load().tasks["un_quad"].rename | {"IRRELEVANT": "IRRELEVANT"}
    texts = [f"أدان المجلس الهجوم رقم {n}" for n in range(10)]
    names = [name for name in called for _ in range(2)]
    classes = [{"text": t, "label": n} for t, n in zip(texts, names, strict=True)]
    votes = [{"text": f" {t}", "label": [called[n]]} for t, n in zip(texts, names, strict=True)]
    votes[0]["label"] = ["NO_MAJORITY"]
    votes[1]["label"] = ["IRRELEVANT", "VERBAL_CONFLICT"]
    write(tmp_path / "fllm24_quad.jsonl", classes)
    write(tmp_path / "multilabel.jsonl", votes)
    write(tmp_path / "fllm24_binary.jsonl", [*classes[:3], {"text": "غيرها", "label": "RELEVANT"}])
    output = tmp_path / "agreement.json"
    un_labels.main([str(tmp_path), "--draws", "10", "--output", str(output)])
    found = json.loads(output.read_text("utf-8"))
    assert found["sentences"] == 8
    assert found["documents"]["fllm24_binary.jsonl"] == {"sentences": 4, "with_document": 3}
    assert found["names_of_the_task"]["accuracy"] == 1.0
    assert found["names_of_the_files"]["accuracy"] == 0.25
