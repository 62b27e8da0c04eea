"""What a benchmark found as one JSON object: figures, intervals, comparisons, curves, slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp.evaluation._benchmark_view import lower_is_better
from conflict_nlp.evaluation.benchmark import Outcome
from conflict_nlp.evaluation.benchmark_advice import advice
from conflict_nlp.evaluation.benchmark_details import details
from conflict_nlp.evaluation.benchmark_measures import benchmark_measures, sentence_stances
from conflict_nlp.evaluation.cells import DONE, UNAVAILABLE, Kept, scheme_of
from conflict_nlp.evaluation.comparison import ALPHA, Sample, figure, groups, holm, mcnemar, paired
from conflict_nlp.evaluation.outputs import labels_for
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.registry import Task
from conflict_nlp.evaluation.task_data import Part
from conflict_nlp.learning.calibrate import true_primary

Measure = Callable[[npt.NDArray[np.int64]], float]
Floats = npt.NDArray[np.float64]


def summary(outcome: Outcome, draws: int = 1000) -> dict[str, Any]:
    """Everything that is reported of a benchmark.

    Figures are means over the parts of a task and the seeds of training, with 95 % bootstrap
    intervals over the sentences. Pairs of variants are compared on the same resamples of the main
    measure, and corrected for their number within the task (Holm 1979).

    Args:
        outcome: what was found.
        draws: bootstrap resamples.

    Returns:
        An object for JSON: ``tasks``, ``variants``, ``results``, ``comparisons``, ``groups``,
        ``advice`` and ``provenance``. Sentences are named by id alone.

    Example:
        >>> summary(outcome)["groups"]["labels"]  # doctest: +SKIP
        [['shipped'], ['tfidf_svm', 'tfidf_logistic'], ['majority']]
    """
    record: dict[str, Any] = {
        "seeds": list(outcome.seeds),
        "tasks": {},
        "variants": {v.name: {"title": v.title, "kind": v.kind} for v in outcome.variants},
        "results": [],
        "comparisons": {},
        "groups": {},
    }
    for task in outcome.tasks:
        _add_task(record, outcome, task, draws)
    record["advice"] = advice(record)
    record["provenance"] = provenance(
        [], {"training": outcome.seeds[0], "bootstrap": 0}, draws=draws
    ) | {"data_sha256": outcome.hashes}
    return record


def _add_task(record: dict[str, Any], outcome: Outcome, task: Task, draws: int) -> None:
    parts = {part.name: part for part in outcome.parts.get(task.name, ())}
    shown = tuple(dict.fromkeys((task.main, *task.measures)))
    record["tasks"][task.name] = {
        "title": task.title,
        "sentences": sum(len(part.test) for part in parts.values()),
        "parts": list(parts),
        "main": task.main,
        "measures": list(shown),
        "published": [
            {name: getattr(one, name) for name in one.__slots__} for one in task.published
        ],
    }
    ids = {name: [e.id for e in part.test.examples] for name, part in parts.items()}
    sample = Sample(ids, draws)
    main: dict[str, Floats] = {}
    right: dict[str, dict[str, bool]] = {}
    for variant in outcome.variants:
        found = _whole_seeds(outcome.of(task.name, variant.name), parts)
        if not found:
            continue
        result: dict[str, Any] = {"task": task.name, "variant": variant.name}
        missing = [kept.record for kept in found.values() if kept.record["status"] != DONE]
        if missing or len({part for part, _ in found}) < len(parts):
            left = (
                missing[0] if missing else {"status": UNAVAILABLE, "reason": "not run on all parts"}
            )
            result |= {"status": left["status"], "reason": left["reason"]}
        else:
            runs = _measures(found, parts)
            values = {
                name: sample.values({part: [m[name] for m in of] for part, of in runs.items()})
                for name in shown
                if all(name in m for of in runs.values() for m in of)
            }
            if task.main in values:
                main[variant.name] = values[task.main]
                singles = _right(found, parts)
                if singles is not None:
                    right[variant.name] = singles
            result |= {"status": DONE, "seeds": sorted({seed for _, seed in found})}
            result["parts"] = list(parts)
            result["ran"] = _ran(found)
            result["figures"] = {
                name: figure(of, name) | {"deviation": _deviation(runs, name, sample)}
                for name, of in values.items()
            }
            first = {part: found[(part, min(seed for _, seed in found))] for part in parts}
            result |= details(task, first, parts)
        record["results"].append(result)
    compared = _compared(task.main, main, right)
    record["comparisons"][task.name] = compared
    differ = {frozenset((c["first"], c["second"])) for c in compared if c["p_holm"] < ALPHA}
    record["groups"][task.name] = groups(
        {n: float(v[0]) * (-1 if lower_is_better(task.main) else 1) for n, v in main.items()},
        lambda one, other: frozenset((one, other)) in differ,
    )


def _whole_seeds(
    found: dict[tuple[str, int], Kept], parts: Mapping[str, Part]
) -> dict[tuple[str, int], Kept]:
    """The runs of those seeds that are done on all parts, if there is such a seed."""
    there = {key for key, kept in found.items() if kept.record["status"] == DONE}
    done = {seed for _, seed in there if all((part, seed) in there for part in parts)}
    return {(p, seed): kept for (p, seed), kept in found.items() if not done or seed in done}


def _ran(found: Mapping[tuple[str, int], Kept]) -> list[dict[str, Any]]:
    """At which commits, on which machines and how long the runs were made."""
    seconds: dict[tuple[str, str], float] = {}
    for kept in found.values():
        made = kept.record["provenance"]
        where = (str(made["commit"]), str(made["machine"]["cpu"]))
        seconds[where] = seconds.get(where, 0.0) + kept.record["seconds"]
    return [{"commit": c, "cpu": cpu, "seconds": round(s, 1)} for (c, cpu), s in seconds.items()]


def _measures(
    found: Mapping[tuple[str, int], Kept], parts: Mapping[str, Part]
) -> dict[str, list[dict[str, Measure]]]:
    runs: dict[str, list[dict[str, Measure]]] = {}
    for (part, _), kept in found.items():
        assert kept.decisions is not None
        test, scheme = parts[part].test, scheme_of(kept)
        examples = labels_for(test, scheme)
        made = benchmark_measures(kept.decisions, examples, scheme, test.topics)
        runs.setdefault(part, []).append(made)
    return runs


def _deviation(
    runs: Mapping[str, Sequence[Mapping[str, Measure]]], name: str, sample: Sample
) -> float | None:
    """Standard deviation over the seeds, or over the parts where there is one seed."""
    table = np.array(
        [[m[name](np.arange(len(sample.ids[part]))) for m in of] for part, of in runs.items()]
    )
    values = table.mean(0) if table.shape[1] > 1 else table[:, 0]
    return float(values.std(ddof=1)) if len(values) > 1 else None


def _right(
    found: Mapping[tuple[str, int], Kept], parts: Mapping[str, Part]
) -> dict[str, bool] | None:
    """Whether the one label of each sentence is right, by its id; None for tasks with several.

    Of the first seed, and of the first part that has the sentence.
    """
    answers: dict[str, bool] = {}
    seed = min(seed for _, seed in found)
    for name, part in parts.items():
        kept = found[(name, seed)]
        scheme = scheme_of(kept)
        assert kept.decisions is not None
        examples = labels_for(part.test, scheme)
        if part.scheme.single_label and scheme.events:
            right = kept.decisions.primary == true_primary(examples, scheme)
        elif not part.scheme.events:
            true, given, _ = sentence_stances(kept.decisions, examples, scheme)
            right = true == given
        else:
            return None
        for example, correct in zip(examples, right, strict=True):
            answers.setdefault(example.id, bool(correct))
    return answers


def _compared(
    measure: str, main: Mapping[str, Floats], right: Mapping[str, Mapping[str, bool]]
) -> list[dict[str, Any]]:
    sign = 1 if lower_is_better(measure) else -1
    pairs = list(combinations(sorted(main, key=lambda name: sign * main[name][0]), 2))
    tests = [paired(main[one], main[other]) for one, other in pairs]
    corrected = holm([test["p"] for test in tests])
    single = [_mcnemar(right[one], right[other]) for one, other in pairs] if right else []
    single_corrected = holm(single) if single else [None] * len(pairs)
    return [
        {
            "first": one,
            "second": other,
            "measure": measure,
            **test,
            "p_holm": p,
            "mcnemar_p_holm": m,
        }
        for (one, other), test, p, m in zip(pairs, tests, corrected, single_corrected, strict=True)
    ]


def _mcnemar(one: Mapping[str, bool], other: Mapping[str, bool]) -> float:
    return mcnemar(np.array([one[i] for i in one]), np.array([other[i] for i in one]))


def texts_of(outcome: Outcome) -> dict[str, str]:
    """The tested sentences by their ids, for a page that is not published."""
    return {
        example.id: example.text
        for parts in outcome.parts.values()
        for part in parts
        for example in part.test.examples
    }
