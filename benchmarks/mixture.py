"""Would two variants together do better than the better one? From the cells of a benchmark.

    python benchmarks/mixture.py un_binary shipped_onward,tfidf_svm --output results.json

Their probabilities are averaged with equal weights, and the likeliest class is the answer, so that
nothing is chosen on the test sentences. For tasks with one label a sentence, or a topic each.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp.errors import DataError
from conflict_nlp.evaluation.benchmark import Outcome, run_benchmark
from conflict_nlp.evaluation.benchmark_measures import benchmark_measures
from conflict_nlp.evaluation.cells import scheme_of
from conflict_nlp.evaluation.comparison import Measure, Sample, figure, paired
from conflict_nlp.evaluation.outputs import labels_for
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.registry import Registry, Task
from conflict_nlp.evaluation.scores import Decisions
from conflict_nlp.learning.config import settings_of


def averaged(members: Sequence[Decisions]) -> Decisions:
    """The likeliest class by the mean of the members' probabilities."""
    first = members[0]
    if first.event_probabilities is not None and first.event_probabilities.shape[1]:
        mean = np.mean([m.event_probabilities for m in members], axis=0)
        events = np.eye(mean.shape[1], dtype=bool)[mean.argmax(1)]
        return replace(first, event_probabilities=mean, events=events, primary=mean.argmax(1))
    mean = np.mean([m.stance_probabilities for m in members], axis=0)
    return replace(first, stance_probabilities=mean, stance=mean.argmax(1))


def scores(outcome: Outcome, task: Task, draws: int) -> dict[str, npt.NDArray[np.float64]]:
    """The task's main measure on the sentences and on resamples, of each variant and of all."""
    parts = outcome.parts[task.name]
    runs: dict[str, dict[str, list[Measure]]] = {}
    for part in parts:
        members: list[Decisions] = []
        for variant in outcome.variants:
            kept = outcome.kept.get((task.name, variant.name, part.name, outcome.seeds[0]))
            if kept is None or kept.decisions is None:
                raise DataError(
                    f"no decisions of {variant.name} on part {part.name} are kept: run it first by "
                    f"conflict-nlp benchmark --tasks {task.name} --variants {variant.name}, with "
                    "the same --registry and --set, and give its output folder as --results"
                )
            if kept.decisions.event_probabilities is None:
                raise DataError(f"{variant.name} gives no probabilities, so none can be averaged")
            members.append(kept.decisions)
            scheme = scheme_of(kept)
        examples = labels_for(part.test, scheme)
        names = [*(variant.name for variant in outcome.variants), "mixture"]
        for name, decisions in zip(names, [*members, averaged(members)], strict=True):
            found = benchmark_measures(decisions, examples, scheme, part.test.topics)
            runs.setdefault(name, {})[part.name] = [found[task.main]]
    sample = Sample({part.name: [e.id for e in part.test.examples] for part in parts}, draws)
    return {name: sample.values(of) for name, of in runs.items()}


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("task")
    parser.add_argument("variants", help="names with a comma between them")
    parser.add_argument("--registry", type=pathlib.Path, action="append", default=[])
    parser.add_argument("--results", default="benchmarks/results", help="where the benchmark wrote")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--output", type=pathlib.Path, help="where to write the results, JSON")
    parser.add_argument("--draws", type=int, default=1000)
    arguments = parser.parse_args(given)
    registry = Registry.load(arguments.registry).with_training(settings_of(arguments.set))
    names = arguments.variants.split(",")
    outcome = run_benchmark(registry, arguments.results, [arguments.task], names, cached_only=True)
    task = registry.tasks[arguments.task]
    found = scores(outcome, task, arguments.draws)
    best = max(names, key=lambda name: float(found[name][0]))
    result: dict[str, Any] = {
        "task": task.name,
        "measure": task.main,
        "figures": {name: figure(values) for name, values in found.items()},
        f"mixture_less_{best}": paired(found["mixture"], found[best]),
    }
    for name, of in result["figures"].items():
        print(f"{name:20} {of['value']:.3f}  [{of['low']:.3f}, {of['high']:.3f}]")
    if arguments.output:
        result |= provenance([], {"bootstrap": 0}) | {"data_sha256": outcome.hashes}
        arguments.output.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
