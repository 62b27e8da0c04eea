"""What stands behind a variant's figures on a task: classes, curves, confusions, slices, errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp import metrics
from conflict_nlp.actors import Lexicon
from conflict_nlp.codebook import NO_EVENT
from conflict_nlp.evaluation.benchmark_measures import benchmark_measures, sentence_stances
from conflict_nlp.evaluation.cells import Kept, scheme_of
from conflict_nlp.evaluation.outputs import labels_for
from conflict_nlp.evaluation.registry import Task
from conflict_nlp.evaluation.scores import Decisions, class_tables
from conflict_nlp.evaluation.task_data import Part
from conflict_nlp.learning.calibrate import has_events, true_events, true_primary
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.read import labelled_rows

POINTS = 50  # of a risk-coverage curve
WORST = 30
LEAST = 25  # sentences of a slice
DRAWS = 300
LENGTHS = ((15, "up to 15 words"), (30, "16 to 30 words"), (10**9, "more than 30 words"))
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def details(task: Task, found: Mapping[str, Kept], parts: Mapping[str, Part]) -> dict[str, Any]:
    """Tables and curves of a variant on a task, its parts taken together.

    Args:
        task: the task.
        found: what the variant came to on each part.
        parts: the parts.

    Returns:
        As far as the variant answers for it: ``classes``, ``reliability``, ``confusion``,
        ``cooccurrence``, ``stance_confusion``, ``risk_coverage`` and ``worst`` (of the primary
        event, or of the stance where a task has no events), ``slices``, and ``costs``,
        ``robustness`` and ``chosen`` of the first part.
    """
    first = next(iter(found.values()))
    scheme = scheme_of(first)
    examples = [e for name in found for e in labels_for(parts[name].test, scheme)]
    decisions = _together([kept.decisions for kept in found.values() if kept.decisions])
    result: dict[str, Any] = {"classes": class_tables(decisions, examples, scheme)}
    for name in ("costs", "robustness", "chosen"):
        if first.record.get(name):
            result[name] = first.record[name]
    known = has_events(examples)
    result["reliability"] = _reliability(decisions, examples, scheme, known)
    if scheme.events and known.any():
        result |= _confusions(decisions, examples, scheme, known)
        if decisions.confidence is not None:
            correct = decisions.primary == true_primary(examples, scheme)
            result["risk_coverage"] = _risk_coverage(decisions.confidence[known], correct[known])
            result["worst"] = _worst(decisions, examples, scheme, known)
    if scheme.stances:
        result |= _of_stance(decisions, examples, scheme, alone=not (scheme.events and known.any()))
    if task.slices and len(found) == 1:
        topics = next(iter(parts.values())).test.topics
        measures = benchmark_measures(decisions, examples, scheme, topics)
        # Macro-F1 of a slice that has few sentences of a class is a matter of chance.
        name = "event_micro_f1" if "event_micro_f1" in measures else task.main
        result["slice_measure"] = name
        result["slices"] = _slices(task, examples, measures[name])
    return result


def _together(decisions: Sequence[Decisions]) -> Decisions:
    """Decisions on the sentences of several parts, one after the other."""
    if len(decisions) == 1:
        return decisions[0]
    starts = np.cumsum([0, *(len(d.events) for d in decisions)])
    rows = np.concatenate([d.rows + s for d, s in zip(decisions, starts[:-1], strict=True)])
    joined: dict[str, Any] = {}
    for name in Decisions.__dataclass_fields__:
        values = [getattr(d, name) for d in decisions]
        joined[name] = None if values[0] is None else np.concatenate(values)
    return replace(Decisions(**joined), rows=rows)


def _reliability(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme, known: Bools
) -> dict[str, Any]:
    found = {}
    p = decisions.event_probabilities
    if scheme.events and p is not None:
        reported = decisions.events & known[:, None]
        found["events"] = _bins(p[reported], true_events(examples, scheme)[reported])
    if scheme.stances:
        true, given, top = sentence_stances(decisions, examples, scheme)
        if top is not None:
            found["stance"] = _bins(top[true >= 0], (given == true)[true >= 0])
    return found


def _bins(confidence: Floats, correct: Bools) -> dict[str, list[float]]:
    """Mean confidence and accuracy of 15 bins of equal mass, as the calibration error has them."""
    order = np.argsort(confidence, kind="stable")
    parts = [part for part in np.array_split(order, metrics.BINS) if len(part)]
    return {
        "confidence": [round(float(confidence[part].mean()), 4) for part in parts],
        "accuracy": [round(float(correct[part].mean()), 4) for part in parts],
        "count": [len(part) for part in parts],
    }


def _risk_coverage(confidence: Floats, correct: Bools) -> dict[str, list[float]]:
    errors = np.cumsum(~correct[np.argsort(-confidence, kind="stable")])
    places = np.unique(np.linspace(0, len(errors) - 1, POINTS).astype(int))
    return {
        "coverage": [round(float((place + 1) / len(errors)), 4) for place in places],
        "risk": [round(float(errors[place] / (place + 1)), 4) for place in places],
    }


def _confusions(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme, known: Bools
) -> dict[str, Any]:
    labels = [*scheme.events, NO_EVENT]
    matrix = np.zeros((len(labels), len(labels)), int)
    places = (true_primary(examples, scheme)[known], decisions.primary[known])
    np.add.at(matrix, places, 1)
    true = true_events(examples, scheme)[known].astype(int)
    reported = decisions.events[known].astype(int)
    found: dict[str, Any] = {"confusion": {"labels": labels, "matrix": matrix.tolist()}}
    if not scheme.single_label:
        found["cooccurrence"] = {
            "labels": list(scheme.events),
            "true": (true.T @ true).tolist(),
            "predicted": (reported.T @ reported).tolist(),
        }
    return found


def _worst(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme, known: Bools
) -> list[dict[str, Any]]:
    """The surest answers whose primary event is none of the labelled ones."""
    labels, confidence = true_events(examples, scheme), decisions.confidence
    assert confidence is not None
    right = np.c_[labels, ~labels.any(1)][np.arange(len(labels)), decisions.primary]
    return [
        {
            "id": examples[row].id,
            "true": list(examples[row].events or ()) or [NO_EVENT],
            "predicted": _names(decisions, row, scheme),
            "confidence": round(float(confidence[row]), 4),
        }
        for row in _surest(np.flatnonzero(~right & known), confidence, examples)
    ]


def _surest(wrong: Ints, confidence: Floats, examples: Sequence[Example]) -> list[int]:
    """The rows answered most surely, each sentence once though it be in several parts."""
    ranked = wrong[np.argsort(-confidence[wrong], kind="stable")]
    first: dict[str, int] = {}
    for row in ranked:
        first.setdefault(examples[row].id, int(row))
    return list(first.values())[:WORST]


def _of_stance(
    decisions: Decisions, examples: Sequence[Example], scheme: LabelScheme, *, alone: bool
) -> dict[str, Any]:
    true, given, top = sentence_stances(decisions, examples, scheme)
    known = true >= 0
    if not known.any():
        return {}
    matrix = np.zeros((len(scheme.stances),) * 2, int)
    np.add.at(matrix, (true[known], given[known]), 1)
    labels = list(scheme.stances)
    found: dict[str, Any] = {"stance_confusion": {"labels": labels, "matrix": matrix.tolist()}}
    if alone and top is not None:
        found["risk_coverage"] = _risk_coverage(top[known], (true == given)[known])
        found["worst"] = [
            {
                "id": examples[row].id,
                "true": [labels[true[row]]],
                "predicted": [labels[given[row]]],
                "confidence": round(float(top[row]), 4),
            }
            for row in _surest(np.flatnonzero(known & (true != given)), top, examples)
        ]
    return found


def _names(decisions: Decisions, row: int, scheme: LabelScheme) -> list[str]:
    names = [*scheme.events, NO_EVENT]
    first = names[decisions.primary[row]]
    others = [scheme.events[c] for c in np.flatnonzero(decisions.events[row])]
    return list(dict.fromkeys([first, *others]))


def _slices(
    task: Task, examples: Sequence[Example], measure: Callable[[npt.NDArray[np.int64]], float]
) -> dict[str, dict[str, Any]]:
    lexicon = Lexicon.load()
    values: dict[str, list[set[str]]] = {
        "sentence length": [
            {next(name for most, name in LENGTHS if len(e.text.split()) <= most)} for e in examples
        ],
        # Sentences without an event have no F1 of events.
        "number of events": [{str(len(e.events))} if e.events else set() for e in examples],
        "actor kind": [{m.actor.kind for m in lexicon.find(e.text)} for e in examples],
    }
    rows = {
        str(record.values.get(task.columns.get("id", "id"))): record.values
        for record, _ in labelled_rows(
            task.folder / (task.files.get("test") or task.files["all"]), task.columns
        )
        if record.values is not None
    }
    for column in task.slices:
        values[column] = [_cells(column, rows.get(e.id, {}).get(column)) for e in examples]
    return {kind: _by_value(of, measure) for kind, of in values.items()}


def _cells(column: str, value: Any) -> set[str]:
    """The slices that a sentence belongs to: those of each item of a list, of a date its year."""
    items = value if isinstance(value, list | tuple) else [value]
    names = {str(item) for item in items if item not in (None, "")}
    return {name[:4] for name in names} if column == "date" else names


def _by_value(
    values: Sequence[set[str]], measure: Callable[[npt.NDArray[np.int64]], float]
) -> dict[str, Any]:
    found = {}
    for value in sorted(set().union(*values)):
        rows = np.flatnonzero([value in of for of in values])
        if len(rows) < LEAST:
            continue
        low, high = metrics.bootstrap_interval(partial(_on, measure, rows), len(rows), draws=DRAWS)
        found[value] = {
            "sentences": len(rows),
            "value": float(measure(rows)),
            "low": low,
            "high": high,
        }
    return found


def _on(
    measure: Callable[[npt.NDArray[np.int64]], float],
    rows: npt.NDArray[np.int64],
    chosen: npt.NDArray[np.int64],
) -> float:
    return measure(rows[chosen])
