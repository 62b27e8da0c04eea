"""Which training labels are probably wrong, and how many of the worst really are; by sentence id.

    python training/audit_labels.py                 # minutes: 5 x 25 TF-IDF regressions
    python training/audit_labels.py --report-only   # the table anew, with verdicts written since

The doubts are those of ``conflict-nlp data audit FILE``, which predicts each fifth of the sentences
with TF-IDF regressions trained on the other four. ``label_audit_verdicts.jsonl``, written by hand,
says of inspected sentences whether the label is an ``error`` under the codebook, is ``right``, or
leaves both readings ``open``. No sentence is written anywhere.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from conflict_nlp.codebook import EVENTS
from conflict_nlp.errors import DataError
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.learning.audit import audit
from conflict_nlp.learning.examples import Example
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.tasks import Task

SEED = 13
VERDICTS = ("error", "right", "open")


def doubt(rank: int, example: Example, task: Task) -> dict[str, Any]:
    """What is labelled and what is suggested, without the sentence."""
    given, instead = example.events or (), task.events or ()
    return {
        "rank": rank,
        "id": example.id,
        "score": round(task.score, 4),
        "events": list(given),
        "doubted": [name for name in given if name not in instead],
        "missing": [name for name in instead if name not in given],
        "stance": example.stance,
        "suggested_stance": task.stance,
    }


def run(labels: pathlib.Path) -> dict[str, Any]:
    """All doubts about a file of labels, the worst first."""
    about, start = provenance([labels], {"folds": SEED}), time.time()
    examples = read_labelled(labels)
    by_id = {example.id: example for example in examples}
    tasks = audit(examples, seed=SEED)
    return {
        "sentences": len(examples),
        "labelled": Counter(name for e in examples for name in e.events or ()),
        "stances": Counter(e.stance for e in examples),
        "minutes": round((time.time() - start) / 60, 1),
        "doubts": [doubt(rank, by_id[task.id], task) for rank, task in enumerate(tasks, 1)],
        "provenance": about,
    }


def read_verdicts(path: pathlib.Path, known: set[str]) -> dict[str, dict[str, Any]]:
    """Verdicts by sentence id.

    Raises:
        DataError: one is of another sentence, or none of :data:`VERDICTS`.
    """
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    for row in rows:
        if row["id"] not in known or row["verdict"] not in VERDICTS:
            raise DataError(
                f"{path}: {row} is no verdict ({', '.join(VERDICTS)}) on a label in doubt."
            )
    return {row["id"]: row for row in rows}


def _counted(record: dict[str, Any]) -> list[str]:
    doubted = Counter(name for d in record["doubts"] for name in d["doubted"])
    missing = Counter(name for d in record["doubts"] for name in d["missing"])
    lines = [
        "| event type | labelled | of them doubted | perhaps missing |",
        "|---|---:|---:|---:|",
    ]
    for name in sorted(EVENTS, key=lambda name: -doubted[name] - missing[name]):
        labelled = record["labelled"].get(name, 0)
        lines.append(f"| {name} | {labelled:,} | {doubted[name]} | {missing[name]} |")
    turned = Counter(
        (d["stance"], d["suggested_stance"])
        for d in record["doubts"]
        if d["stance"] != d["suggested_stance"]
    )
    lines += ["", "| stance labelled | suggested | sentences |", "|---|---|---:|"]
    lines += [f"| {given} | {instead} | {n} |" for (given, instead), n in turned.most_common()]
    return lines


def _judged(record: dict[str, Any], verdicts: dict[str, dict[str, Any]]) -> list[str]:
    inspected = [d for d in record["doubts"] if d["id"] in verdicts]
    lines = [
        "",
        "## The worst, inspected",
        "",
        "Read against the codebook by one language-model reader; `open` is where it allows both "
        "readings. No label was changed.",
    ]
    for title, stance in (("stance, events too or not", True), ("events alone", False)):
        group = [d for d in inspected if (d["stance"] != d["suggested_stance"]) == stance]
        if group:
            lines += ["", *_group(title, group, verdicts)]
    return lines


def _group(
    title: str, group: Sequence[dict[str, Any]], verdicts: dict[str, dict[str, Any]]
) -> list[str]:
    count = Counter(verdicts[d["id"]]["verdict"] for d in group)
    lines = [
        f"In doubt is {title}; {len(group)} inspected, ranks {group[0]['rank']} to "
        f"{group[-1]['rank']}: **{count['error']} wrong**, {count['right']} right, "
        f"{count['open']} open.",
        "",
        "| rank | id | labelled | doubted | perhaps missing | verdict | why |",
        "|---:|---|---|---|---|---|---|",
    ]
    for d in group:
        doubted = [*d["doubted"], *([d["stance"]] if d["stance"] != d["suggested_stance"] else [])]
        cells = [
            str(d["rank"]),
            f"`{d['id']}`",
            f"{', '.join(d['events']) or 'no event'}; {d['stance']}",
            ", ".join(doubted),
            ", ".join(d["missing"]),
            verdicts[d["id"]]["verdict"],
            verdicts[d["id"]]["why"],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def markdown(record: dict[str, Any], verdicts: dict[str, dict[str, Any]]) -> str:
    """The report."""
    with_events = sum(bool(d["doubted"] or d["missing"]) for d in record["doubts"])
    with_stance = sum(d["stance"] != d["suggested_stance"] for d in record["doubts"])
    lines = [
        "# Labels in doubt",
        "",
        "`conflict-nlp data audit` over the training labels: confident learning (cleanlab) on",
        "out-of-fold predictions of TF-IDF regressions. Such a model is weak, so that most of what",
        "it doubts is right.",
        "",
        f"{record['sentences']:,} sentences; {len(record['doubts']):,} with a label in doubt, "
        f"{with_events:,} over events and {with_stance:,} over stance.",
        "",
        *_counted(record),
    ]
    if verdicts:
        lines += _judged(record, verdicts)
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    path = pathlib.Path
    parser.add_argument("--labels", type=path, default=path("../shared/data/labels/train.jsonl"))
    parser.add_argument(
        "--verdicts", type=path, default=path("training/results/label_audit_verdicts.jsonl")
    )
    parser.add_argument("--output", type=path, default=path("training/results/label_audit.json"))
    parser.add_argument("--report-only", action="store_true")
    args = parser.parse_args(arguments)
    if args.report_only:
        record = json.loads(args.output.read_text("utf-8"))
    else:
        record = run(args.labels)
        args.output.parent.mkdir(parents=True, exist_ok=True)
        args.output.write_text(json.dumps(record, separators=(",", ":")) + "\n", "utf-8")
    known = {d["id"] for d in record["doubts"]}
    verdicts = read_verdicts(args.verdicts, known) if args.verdicts.exists() else {}
    args.output.with_suffix(".md").write_text(markdown(record, verdicts), "utf-8")
    print(f"{len(record['doubts'])} of {record['sentences']} sentences with labels in doubt")


if __name__ == "__main__":
    main()
