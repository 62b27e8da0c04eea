"""The page and the tables of a benchmark."""

from __future__ import annotations

import copy
import re
import sys
from typing import Any

import pytest

from conflict_nlp.errors import MissingExtraError
from conflict_nlp.evaluation.benchmark_advice import advice
from conflict_nlp.evaluation.benchmark_page import benchmark_markdown, benchmark_page

LABELS = ["siege", "release"]
SENTENCE = "حاصر <الجيش> البلدة."


def share(value: float) -> dict[str, Any]:
    return {"value": value, "low": value - 0.05, "high": value + 0.05, "deviation": 0.004}


def done(variant: str, value: float, speed: float) -> dict[str, Any]:
    of_class = {"f1": value, "low": value - 0.1, "high": value + 0.1}
    classes = {x: {**of_class, "precision": 0.5, "recall": 1.0, "support": 7} for x in LABELS}
    bins = {"confidence": [0.2, 0.9], "accuracy": [0.3, 0.8], "count": [4, 9]}
    pairs = {"pairs": 78.0, "found": 0.9, "right": 0.61, "low": 0.5, "high": 0.7}
    both = {"both": share(0.55)}
    return {
        "task": "labels",
        "variant": variant,
        "status": "done",
        "seeds": [13, 17],
        "parts": ["test"],
        "figures": {"event_macro_f1": share(value), "event_ece_predicted": share(0.123)},
        "classes": {"events": classes},
        "costs": {"sentences_per_cpu_second": speed, "size_mb": 113.71},
        "robustness": {
            "change": {"typing_errors": {"event_macro_f1": {"value": -0.042, "low": -0.06}}},
            "actor_swaps": {"sentences": 812, "events_same": share(0.937)},
            "authored_actor_swaps": {"sentences": 31, "events_same": share(0.9)},
            "minimal_pairs": {"negation": pairs | both, "order": {"pairs": 60.0, "found": 0.0}},
        },
        "reliability": {"events": bins},
        "risk_coverage": {"coverage": [0.5, 1.0], "risk": [0.1, 0.3]},
        "confusion": {"labels": LABELS, "matrix": [[31, 2], [0, 44]]},
        "cooccurrence": {"labels": LABELS, "true": [[5, 1], [1, 6]], "predicted": [[4, 0], [0, 3]]},
        "slices": {"country": {"SYR": {"sentences": 321, **share(0.777)}}},
        "worst": [
            {"id": "doc/1", "true": ["siege"], "predicted": ["release"], "confidence": 0.987},
            {"id": "doc/2", "true": [], "predicted": ["siege"], "confidence": 0.9},
        ],
        "chosen": {"threshold": 0.35},
    }


SUMMARY: dict[str, Any] = {
    "provenance": {
        "command": "conflict-nlp benchmark",
        "commit": "abc123",
        "data_sha256": {"labels/test.jsonl": "d4c605"},
        "machine": {"cpu": "EPYC", "flags": {"avx2": True, "amx_int8": False}, "cores": 2},
    },
    "seeds": [13, 17],
    "tasks": {
        "labels": {
            "title": "events & stance",
            "sentences": 1500,
            "parts": ["test"],
            "main": "event_macro_f1",
            "measures": ["event_ece_predicted"],
            "published": [
                {
                    "value": 0.701,
                    "measure": "event_macro_f1",
                    "who": "another model",
                    "source": "A. Author 2024",
                    "note": "other split",
                }
            ],
        },
    },
    "variants": {
        "shipped": {"title": "comes with <b>it</b>", "kind": "model"},
        "better": {"title": "fine-tuned | $x$", "kind": "train"},
        "away": {"title": "weights elsewhere", "kind": "train"},
        "broken": {"title": "breaks", "kind": "recipe"},
        "idle": {"title": "never asked", "kind": "recipe"},
    },
    "results": [
        done("shipped", 0.65, 40.0),
        done("better", 0.75, 12.5),
        {
            "task": "labels",
            "variant": "away",
            "status": "unavailable",
            "reason": "no folder <models>",
        },
        {"task": "labels", "variant": "broken", "status": "failed", "reason": "out of memory"},
    ],
    "comparisons": {
        "labels": [
            {
                "first": "better",
                "second": "shipped",
                "measure": "event_macro_f1",
                "difference": 0.1,
                "low": 0.021,
                "high": 0.18,
                "p": 0.0002,
                "p_holm": 0.012,
                "mcnemar_p_holm": None,
            }
        ]
    },
    "groups": {"labels": [["better"], ["shipped"]]},
    "advice": ["Take better.", "Take shipped where speed counts.", "Label some of your own."],
}


def page(summary: dict[str, Any] = SUMMARY, texts: dict[str, str] | None = None) -> str:
    pytest.importorskip("jinja2", reason="a page needs the report extra")
    pytest.importorskip("matplotlib", reason="plots need the report extra")
    return benchmark_page(summary, texts)


def rows(shown: str) -> list[str]:
    """Rows of all tables without tags."""
    return [
        " | ".join(re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL))
        for row in re.findall(r"<tr.*?</tr>", shown, re.DOTALL)
    ]


def test_ranking() -> None:
    shown = page()
    ranking = [row for row in rows(shown) if "fine-tuned" in row or "comes with" in row]
    assert [row.split(" | ")[:4] for row in ranking] == [
        ["a", "better", "0.750 [0.700, 0.800]", "± 0.004"],
        ["b", "shipped", "0.650 [0.600, 0.700]", "± 0.004"],
    ]
    published = re.search(r'<tr class="published">.*?another model.*?</tr>', shown)
    assert published and "0.701" in published[0] and "A. Author 2024; other split" in published[0]
    # It stands in its place between the two.
    assert shown.index(">better<") < published.start() < shown.index("comes with")


def test_every_variant_and_reason_is_shown() -> None:
    markdown = benchmark_markdown(SUMMARY)
    for shown, less in ((page(), "&lt;models&gt;"), (markdown, r"\<models>")):
        for name in SUMMARY["variants"]:
            assert name in shown
        for text in (f"no folder {less}", "out of memory", "no result in this benchmark"):
            assert text in shown
    assert "| failed | broken | out of memory |" in markdown


def test_variants_share_a_row_for_the_same_reason() -> None:
    summary = copy.deepcopy(SUMMARY)
    summary["results"][3] = summary["results"][2] | {"variant": "broken"}
    assert r"| unavailable | away, broken | no folder \<models> |" in benchmark_markdown(summary)


def test_figures_of_each_part() -> None:
    html, markdown = rows(page()), benchmark_markdown(SUMMARY)
    for cells in (
        "better | 0.750 [0.700, 0.800] | 0.123 [0.073, 0.173]",
        "shipped | 40 | 114",
        "siege | 0.750 | 0.650",  # F1 of a class by variant
        "siege | 0.650 [0.550, 0.750] | 0.500 | 1.000 | 7",
        "better | −4.2",
        "better | 812 | 0.937 [0.887, 0.987] | –",
        "better | 31 | 0.900 [0.850, 0.950] | –",
        "better | 0.610 [0.500, 0.700] | 0.900 of 78 | 0.550 [0.500, 0.600] | – | 0.000 of 60 | –",
        "SYR | 321 | 0.777 [0.727, 0.827]",
        "doc/1 | siege | release | 0.987",
        "doc/2 | – | siege | 0.900",
        "commit | abc123",
        "flags | avx2",
        "SHA-256 of labels/test.jsonl | d4c605",
        "seeds of training | 13, 17",
    ):
        assert cells in html
        assert f"| {cells} |" in markdown
    compared = "better − shipped | event macro-F1 | +0.100 [+0.021, +0.180] | {} | 0.012 | –"
    assert compared.format("&lt;0.001") in html
    assert f"| {compared.format(chr(92) + '<0.001')} |" in markdown
    assert all(sentence in markdown for sentence in SUMMARY["advice"])


def test_a_variant_hardly_faster_is_no_advice() -> None:
    summary = copy.deepcopy(SUMMARY)
    fast, slow = (result["costs"] for result in summary["results"][:2])
    slow["sentences_per_cpu_second"] = 100.0
    fast["sentences_per_cpu_second"] = 104.0
    assert "much faster than" in advice(summary)[1]
    fast["sentences_per_cpu_second"] = 200.0
    assert "200 sentences a CPU-second in place of 100" in advice(summary)[1]


def test_encoders_out_of_reach_share_a_row() -> None:
    summary = copy.deepcopy(SUMMARY)
    away = summary["results"][2]
    summary["results"] += [
        away | {"variant": name, "reason": f"'lab/{name}' is out of reach: hf download lab/{name}"}
        for name in ("one", "two", "three", "four")
    ]
    markdown = benchmark_markdown(summary)
    assert "| unavailable | one, two, three, four | 'NAME' is out of reach: hf download NAME |" in (
        markdown
    )
    assert "away, broken, four and 3 more" in advice(summary)[2]


def test_less_is_better_where_errors_are_counted() -> None:
    summary = copy.deepcopy(SUMMARY)
    summary["tasks"]["labels"]["main"] = "event_ece_predicted"
    summary["results"][0]["figures"]["event_ece_predicted"] = share(0.06)
    lines = benchmark_markdown(summary).splitlines()
    ranking = lines[lines.index("### Ranking") :]
    assert "event ECE, predicted labels ↓" in ranking[4]
    assert [row.split(" | ")[1] for row in ranking[6:8]] == ["shipped", "better"]


def test_plots() -> None:
    shown = page()
    # Speed, classes, two confusions, three co-occurrences, reliability, coverage, robustness.
    assert shown.count("<svg") == 10
    for label in ("sentences per CPU-second", "share of the sentences answered", "true label"):
        assert label in shown
    # Each is about one variant where best and shipped are the same.
    alone = copy.deepcopy(SUMMARY)
    del alone["results"][1]
    assert page(alone).count("<svg") == 8


def test_one_form_in_a_closed_page() -> None:
    shown = page()
    assert page() == shown
    assert not re.search(r'(src|href|action|data)\s*=\s*["\']?(https?:)?//', shown)
    assert not re.search(r"@import|url\((?!#)|<script|<link|<iframe", shown)
    assert "comes with &lt;b&gt;it" in shown and "<b>it" not in shown
    assert r"fine-tuned \| $x$" in benchmark_markdown(SUMMARY)


def test_sentences_only_where_given() -> None:
    assert 'dir="rtl"' not in page() and "حاصر" not in page()
    shown = page(texts={"doc/1": SENTENCE, "doc/9": "لا مكان له"})
    cells = re.findall(r'<td class="sentence" dir="rtl" lang="ar">(.*?)</td>', shown)
    assert cells == ["حاصر &lt;الجيش&gt; البلدة.", ""]
    assert "لا مكان له" not in shown


def test_names_that_matplotlib_would_read_as_a_formula() -> None:
    summary = copy.deepcopy(SUMMARY)
    summary["variants"]["$a_b$"] = {"title": "odd", "kind": "model"}
    summary["results"][1]["variant"] = "$a_b$"
    assert page(summary).count("$a_b$</text>") >= 4


def test_what_is_missing_is_left_out() -> None:
    assert "What to choose" not in page({}) and "<svg" not in page({})
    assert benchmark_markdown({}).startswith("# Benchmark\n")
    bare = {"task": "labels", "variant": "bare", "status": "done"}
    tasks = {"labels": {"main": "event_macro_f1"}, "empty": {}}
    shown = page({"tasks": tasks, "results": [bare]})
    assert "bare" in shown and "<svg" not in shown and "Slices" not in shown
    for key in done("shipped", 0.5, 1.0):
        if key not in ("task", "variant", "status"):
            summary = copy.deepcopy(SUMMARY)
            del summary["results"][0][key]
            benchmark_markdown(summary)


def test_several_tasks_are_seen_at_once() -> None:
    summary = copy.deepcopy(SUMMARY)
    summary["tasks"]["other"] = summary["tasks"]["labels"] | {"parts": ["one", "two"]}
    summary["results"].append(done("shipped", 0.5, 1.0) | {"task": "other", "parts": ["one"]})
    assert "| shipped | 0.650 b | 0.500 |" in benchmark_markdown(summary)
    assert "| 2 | 1 of 2 | comes with" in benchmark_markdown(summary)
    assert '<a href="#task-2">' in page(summary) and '<section id="task-2">' in page(summary)


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_a_missing_package_is_named(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if package == "matplotlib":
        pytest.importorskip("jinja2", reason="a page needs the report extra")
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=rf"{package}.*conflict-nlp\[report\]"):
        benchmark_page(SUMMARY)
