"""The tables of a benchmark's pages, the same for HTML and Markdown."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conflict_nlp.evaluation._benchmark_view import (
    ABSENT,
    KINDS,
    Result,
    TaskView,
    amount,
    interval,
    is_number,
    keys_of,
    lower_is_better,
    measure_name,
    number,
    points,
    probability,
)

_COSTS = {
    "sentences_per_cpu_second": "sentences per CPU-second",
    "latency_p50_ms": "latency, median (ms)",
    "latency_p95_ms": "latency, 95th percentile (ms)",
    "memory_mib": "memory beyond the libraries (MiB)",
    "size_mb": "size (MB)",
}


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        title: what it shows, where its part of the page has several.
        head: names of the columns.
        rows: cells of each row.
        left: columns of words, which are set at the left; numbers stand at the right.
        italic: rows that are not the benchmark's own.
        arabic: column that holds sentences.
        folded: whether the HTML page shows it only when asked to.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: frozenset[int] = frozenset({0})
    italic: frozenset[int] = field(default_factory=frozenset)
    arabic: int | None = None
    folded: bool = False


def task_tables(view: TaskView, texts: Mapping[str, str]) -> dict[str, list[Table]]:
    """Tables of a task by the part of the page that they belong to, empty ones left out."""
    tables = {
        "ranking": [_ranking(view), _missing(view)],
        "measures": [_measures(view)],
        "speed": [_costs(view)],
        "classes": [*_classes(view)],
        "robustness": [
            *_changes(view),
            _swaps(view, "actor_swaps", "One actor exchanged for another of its kind"),
            _swaps(view, "authored_actor_swaps", "The same in authored sentences"),
            _pairs(view),
        ],
        "slices": [*_slices(view)],
        "worst": [_worst(view, texts)],
        "comparisons": [_comparisons(view)],
        "settings": [_settings(view)],
    }
    return {part: [t for t in own if t.rows] for part, own in tables.items()}


def overview(views: Sequence[TaskView]) -> Table:
    """Every variant on every task, by the task's main measure."""
    figures: dict[str, dict[str, str]] = defaultdict(dict)
    for view in views:
        for result in view.done:
            variant = result["variant"]
            value = number(_main(view, result).get("value"))
            figures[variant][view.name] = f"{value} {view.letters(variant)}".rstrip()
    order = views[0].order if views else {}
    rows = [
        (variant, *(figures[variant].get(view.name, ABSENT) for view in views))
        for variant in sorted(figures, key=lambda variant: order[variant])
    ]
    return Table("", ("variant", *(view.name for view in views)), rows)


def provenance_table(summary: Mapping[str, Any]) -> Table:
    """Where the figures come from."""
    about = dict(summary.get("provenance", {}))
    machine = about.pop("machine", {})
    hashes = about.pop("data_sha256", {})
    given = {"seeds of training": summary.get("seeds"), **about, **machine}
    rows = [(key, _words(value)) for key, value in given.items() if value not in (None, [], {})]
    rows += [(f"SHA-256 of {path}", digest) for path, digest in hashes.items()]
    return Table("", ("", ""), rows, left=frozenset({0, 1}))


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        if all(isinstance(one, bool) for one in value.values()):
            return ", ".join(key for key, there in value.items() if there) or "none"
        return ", ".join(f"{key} {_words(one)}" for key, one in value.items() if one is not None)
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    return str(value)


def _main(view: TaskView, result: Result) -> Mapping[str, Any]:
    figure: Mapping[str, Any] = result.get("figures", {}).get(view.main, {})
    return figure


def _ranking(view: TaskView) -> Table:
    parts = len(view.about.get("parts", ()))
    entries: list[tuple[Any, Sequence[str], bool]] = []
    for result in view.done:
        figure, name = _main(view, result), result["variant"]
        deviation = figure.get("deviation")
        row = [view.letters(name) or ABSENT, name, interval(figure)]
        row.append(f"± {number(deviation)}" if is_number(deviation) else ABSENT)
        row += [str(len(result["seeds"])) if "seeds" in result else ABSENT]
        row += [f"{len(result.get('parts', ()))} of {parts}"] if parts > 1 else []
        row.append(str(view.variants.get(name, {}).get("title", "")))
        entries.append((figure.get("value"), row, False))
    for other in view.about.get("published", ()):
        if other["measure"] == view.main:
            row = ["", other["who"], number(other["value"]), "", "", *[""] * (parts > 1)]
            entries.append((other["value"], [*row, f"published: {_source(other)}"], True))
    sign = 1 if lower_is_better(view.main) else -1
    entries.sort(key=lambda entry: sign * entry[0] if is_number(entry[0]) else float("inf"))
    head = ["group", "variant", measure_name(view.main), "deviation", "seeds"]
    head += [*["parts"] * (parts > 1), "what it is"]
    return Table(
        "",
        head,
        [row for _, row, _ in entries],
        left=frozenset({0, 1, len(head) - 1}),
        italic=frozenset(i for i, (_, _, published) in enumerate(entries) if published),
    )


def _source(published: Mapping[str, Any]) -> str:
    return "; ".join(filter(None, (published.get("source"), published.get("note"))))


def _missing(view: TaskView) -> Table:
    # One reason often holds for a dozen variants.
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for result in view.missing:
        reason = _whatever_encoder(str(result.get("reason", ABSENT)))
        reasons[result["status"], reason].append(result["variant"])
    rows = [(status, ", ".join(names), reason) for (status, reason), names in reasons.items()]
    title = f"Without a result: {len(view.missing)} variants"
    head = ("status", "variants", "reason")
    return Table(title, head, rows, left=frozenset({0, 1, 2}), folded=len(rows) > 6)


def _whatever_encoder(reason: str) -> str:
    """A reason without the one hub name that it speaks of."""
    name = re.search(r"'([\w.-]+/([\w.-]+))'", reason)
    return reason if name is None else reason.replace(name[1], "NAME").replace(name[2], "NAME")


def _measures(view: TaskView) -> Table:
    found = keys_of(result.get("figures", {}) for result in view.done)
    wanted = [view.main, *view.about.get("measures", ()), *found]
    measures = [measure for measure in dict.fromkeys(wanted) if measure in found]
    rows = [
        (r["variant"], *(interval(r.get("figures", {}).get(measure)) for measure in measures))
        for r in view.done
        if measures
    ]
    own = len(rows)
    for other in view.about.get("published", ()):
        if other["measure"] in measures and rows:
            values = [number(other["value"]) if other["measure"] == m else "" for m in measures]
            rows.append((f"{other['who']} ({other['source']})", *values))
    italic = frozenset(range(own, len(rows)))
    return Table("", ("variant", *map(measure_name, measures)), rows, italic=italic)


def _costs(view: TaskView) -> Table:
    having = view.having("costs")
    shown = [cost for cost in _COSTS if any(is_number(r["costs"].get(cost)) for r in having)]
    rows = [(r["variant"], *(amount(r["costs"].get(cost)) for cost in shown)) for r in having]
    return Table("", ("variant", *(_COSTS[cost] for cost in shown)), rows if shown else ())


def _classes(view: TaskView) -> Iterable[Table]:
    having, detailed = view.having("classes"), view.detailed("classes")
    for kind, name in KINDS.items():
        own = [r for r in having if r["classes"].get(kind)]
        labels = keys_of(r["classes"][kind] for r in own)
        rows = [
            (label, *(number(r["classes"][kind].get(label, {}).get("f1")) for r in own))
            for label in labels
        ]
        head = (name, *(r["variant"] for r in own))
        yield Table(f"F1 of each class, {name}", head, rows, folded=True)
        if detailed:
            rows = [
                (
                    label,
                    interval({**row, "value": row.get("f1")}),
                    number(row.get("precision")),
                    number(row.get("recall")),
                    support,
                )
                for label, row in detailed["classes"].get(kind, {}).items()
                for support in [amount(row.get("support"))]
            ]
            title = f"Each class of {detailed['variant']}, {name}"
            yield Table(title, (name, "F1", "precision", "recall", "support"), rows, folded=True)


def _changes(view: TaskView) -> Iterable[Table]:
    having = [r for r in view.having("robustness") if r["robustness"].get("change")]
    changes = [r["robustness"]["change"] for r in having]
    suites = keys_of(changes)
    for measure in keys_of(suite for change in changes for suite in change.values()):
        rows = [
            (r["variant"], *(points(change.get(suite, {}).get(measure)) for suite in suites))
            for r, change in zip(having, changes, strict=True)
        ]
        title = f"Change of {measure_name(measure)}, in points"
        yield Table(title, ("variant", *map(_spaced, suites)), rows, folded=True)


def _swaps(view: TaskView, key: str, title: str) -> Table:
    rows = [
        (
            r["variant"],
            amount(swaps.get("sentences")),
            interval(swaps.get("events_same")),
            interval(swaps.get("stance_same")),
        )
        for r in view.having("robustness")
        if (swaps := r["robustness"].get(key))
    ]
    head = ("variant", "sentences", "events stay the same", "stance stays the same")
    return Table(f"{title}: share that stays the same", head, rows)


def _pairs(view: TaskView) -> Table:
    having = [r for r in view.having("robustness") if r["robustness"].get("minimal_pairs")]
    kinds = keys_of(r["robustness"]["minimal_pairs"] for r in having)
    rows = []
    for result in having:
        row = [result["variant"]]
        for kind in kinds:
            pair = result["robustness"]["minimal_pairs"].get(kind, {})
            row.append(interval({**pair, "value": pair.get("right")}))
            row.append(f"{number(pair.get('found'))} of {amount(pair.get('pairs'))}")
            row.append(interval(pair.get("both")))
        rows.append(row)
    head = [name for kind in kinds for name in (_spaced(kind), "found", "both right")]
    return Table("Minimal pairs: share decided rightly of those found", ("variant", *head), rows)


def _slices(view: TaskView) -> Iterable[Table]:
    result = view.detailed("slices")
    if result is None:
        return
    # Not every main measure can be taken on a slice, which may lack classes.
    measure = measure_name(result.get("slice_measure", view.main))
    for kind, values in result["slices"].items():
        ordered = sorted(values.items(), key=lambda item: (-item[1].get("sentences", 0), item[0]))
        rows = [(v or "(none)", amount(f.get("sentences")), interval(f)) for v, f in ordered]
        title = f"By {_spaced(kind)}, {result['variant']}"
        yield Table(title, (_spaced(kind), "sentences", measure), rows, folded=len(rows) > 12)


def _worst(view: TaskView, texts: Mapping[str, str]) -> Table:
    result = view.detailed("worst")
    errors = result["worst"] if result else ()
    with_texts = any(error["id"] in texts for error in errors)
    rows = []
    for error in errors:
        row = [error["id"], *(", ".join(error[key]) or ABSENT for key in ("true", "predicted"))]
        row.append(number(error.get("confidence")))
        rows.append([*row, texts.get(error["id"], "")] if with_texts else row)
    head = ["sentence", "true", "predicted", "confidence", *["text"] * with_texts]
    title = f"Of {result['variant']}" if result else ""
    arabic = 4 if with_texts else None
    return Table(title, head, rows, left=frozenset({0, 1, 2}), arabic=arabic, folded=len(rows) > 12)


def _comparisons(view: TaskView) -> Table:
    rows = [
        (
            f"{c['first']} − {c['second']}",
            measure_name(c["measure"]),
            interval({**c, "value": c["difference"]}, signed=True),
            *(probability(c.get(key)) for key in ("p", "p_holm", "mcnemar_p_holm")),
        )
        for c in view.comparisons
    ]
    head = ("first − second", "measure", "difference", "p", "p, corrected", "p, McNemar, corrected")
    return Table("", head, rows, left=frozenset({0, 1}), folded=len(rows) > 12)


def _settings(view: TaskView) -> Table:
    rows = [
        (r["variant"], json.dumps(r["chosen"], ensure_ascii=False, sort_keys=True))
        for r in view.having("chosen")
    ]
    return Table("", ("variant", "settings"), rows, left=frozenset({0, 1}), folded=True)


def _spaced(name: str) -> str:
    return name.replace("_", " ")
