"""The evaluation's JSON as Markdown tables; figures are copied, never computed anew."""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Iterable, Sequence
from typing import Any

NAMES = {
    "shipped_int8": "shipped model (int8)",
    "checkpoint_fp32": "its fp32 checkpoint",
    "majority": "majority",
    "tfidf_svm": "TF-IDF + linear SVM",
    "frozen": "frozen base encoder + logistic regression",
}
FIGURES = {
    "event_macro_f1": "event types, macro-F1",
    "event_micro_f1": "event types, micro-F1",
    "event_subset_accuracy": "event types, whole set right",
    "primary_accuracy": "primary event, accuracy",
    "sentence_stance_macro_f1": "sentence stance, macro-F1",
    "target_stance_macro_f1": "target stance, macro-F1: annotated spans",
    "target_stance_macro_f1_found_matched": "target stance: found spans that match",
    "target_stance_macro_f1_found_strict": "target stance: found spans, strict",
    "against_though_all_targets_none": "`against` though all targets are `none`",
    "event_ece_predicted": "event ECE, predicted labels",
    "event_ece_classwise": "event ECE, class-wise",
    "primary_ece": "primary event ECE",
    "stance_ece": "stance ECE, predicted label",
    "stance_ece_classwise": "stance ECE, class-wise",
    "risk_coverage_area": "risk-coverage area, primary event",
}
PARTS = {"all": "The whole split", "random": "Its randomly drawn part"}
ABSTENTION = {
    "share": "share of the sentences",
    "accuracy_answered": "right, among the others",
    "accuracy_abstained": "right, among these",
}
CLASSES = {
    "events": "Event types",
    "sentence_stance": "Sentence stance",
    "target_stance": "Target stance (annotated spans)",
}


def name_of(variant: str) -> str:
    return NAMES.get(variant, variant)


def number(value: float) -> str:
    return f"{value:.3f}"


def entry(figure: dict[str, float] | None, signed: bool = False) -> str:
    if figure is None:
        return "–"
    value = figure["difference"] if signed else figure["value"]
    shown = f"{value:+.3f}" if signed else number(value)
    return f"{shown} ({figure['low']:.3f} to {figure['high']:.3f})"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return ["", *("| " + " | ".join(row) + " |" for row in (head, rule, *rows)), ""]


def markdown(record: dict[str, Any]) -> str:
    """The report as Markdown."""
    variants: dict[str, Any] = record["variants"]
    head = [name_of(name) for name in variants]
    about = record["provenance"]
    machine = about["machine"]
    lines = [
        f"# Evaluation on the {record['split']} split",
        "",
        "Made by `training/evaluate.py`; the JSON beside it holds every figure. In brackets: 95 % "
        f"bootstrap interval over sentences ({about['draws']} draws, seed "
        f"{about['seeds']['bootstrap']}). The labels come from one pass of a language-model "
        "annotator, so agreement with them is not agreement with people. Resampling adds noise to "
        "a calibration error, so the interval of an ECE lies somewhat above its value; a class "
        "that a part does not hold counts as F1 0 in its macro-F1.",
        "",
        f"- command: `{about['command']}`",
        f"- commit: `{about['commit']}`, {about['date']}",
        f"- machine: {machine['cpu']}, {machine['cores']} cores; "
        + ", ".join(flag for flag, there in machine["flags"].items() if there),
        "- versions: "
        + ", ".join(f"{name} {version}" for name, version in machine["versions"].items()),
    ]
    lines += [f"- not available: {name_of(n)}: {why}" for n, why in record["unavailable"].items()]
    how = [f"{name_of(n)}: {v['calibration']}" for n, v in variants.items()]
    lines += [f"- calibration and thresholds: {'; '.join(how)}", ""]
    for part, title in PARTS.items():
        if not all(part in v for v in variants.values()) or not variants:
            continue
        size = next(iter(variants.values()))[part]["sentences"]
        lines.append(f"## {title} ({size} sentences)")
        lines += table(
            ["", *head],
            [
                [label, *(entry(v[part].get(figure)) for v in variants.values())]
                for figure, label in FIGURES.items()
            ],
        )
        sure = {n: v[part].get("selective_accuracy") for n, v in variants.items()}
        sure = {n: figures for n, figures in sure.items() if figures}
        rows = [
            [
                f"{question.replace('_', ' ')}, {coverage} answered",
                *(entry(s[question][coverage]) for s in sure.values()),
            ]
            for question in ("primary", "sentence_stance")
            for coverage in next(iter(sure.values()), {}).get(question, {})
        ]
        lines.append("Accuracy on the sentences that the model is surest of:")
        lines += table(["", *(name_of(n) for n in sure)], rows)
        unsure = {n: v[part].get("abstention") for n, v in variants.items()}
        unsure = {n: figures for n, figures in unsure.items() if figures}
        lines.append(
            "Abstention (`low_confidence`); right is an answer whose primary event is among the "
            "labelled ones:"
        )
        lines += table(
            ["", *(name_of(n) for n in unsure)],
            [
                [label, *(entry(u[figure]) for u in unsure.values())]
                for figure, label in ABSTENTION.items()
            ],
        )
    lines.append("## Differences (paired bootstrap)")
    lines += table(
        ["measure", "part", "first − second", "difference", "p"],
        [
            [
                FIGURES[c["measure"]],
                c["part"],
                f"{name_of(c['first'])} − {name_of(c['second'])}",
                entry(c, signed=True),
                number(c["p"]),
            ]
            for c in record["comparisons"]
        ],
    )
    for variant in variants.values():
        if "found_targets" in variant:
            found = variant["found_targets"]
            lines += [
                "",
                f"Actors found by the lexicon: {found['found']}; annotated targets: "
                f"{found['annotated']}; matched (at least half of the longer's words): "
                f"{found['matched']} ({found['found_of_annotated']:.1%} of the annotated, "
                f"{found['annotated_of_found']:.1%} of the found). Strict: an annotated target "
                "that is not found counts as predicted `none`, a found one that is not annotated "
                "as truly `none`.",
            ]
            break
    for name, variant in list(variants.items())[:1]:
        lines += ["", f"## Each class: {name_of(name)}, the whole split"]
        for kind, title in CLASSES.items():
            lines += table(
                [title, "F1", "precision", "recall", "support"],
                [
                    [
                        f"`{label}`",
                        entry(row | {"value": row["f1"]}),
                        *(number(row[k]) for k in ("precision", "recall")),
                        str(row["support"]),
                    ]
                    for label, row in variant[kind].items()
                ],
            )
    lines += ["## Data", ""]
    lines += [f"- `{path}`: sha256 `{digest}`" for path, digest in about["data_sha256"].items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    source = pathlib.Path(sys.argv[1])
    text = markdown(json.loads(source.read_text("utf-8")))
    source.with_suffix(".md").write_text(text, "utf-8")
