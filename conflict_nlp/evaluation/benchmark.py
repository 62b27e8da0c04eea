"""Run variants on tasks: resumable, each result kept, one failure never the end of the others."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from conflict_nlp.errors import ConflictNLPError
from conflict_nlp.evaluation.cells import DONE, UNAVAILABLE, Cell, Kept, load_cell, run_cell
from conflict_nlp.evaluation.registry import RECIPE, TRAIN, Registry, Task, Variant
from conflict_nlp.evaluation.task_data import Part, check_files, parts_of

CELLS = "cells"
FIRST_SEED = 13


@dataclass
class Outcome:
    """All that a benchmark found.

    Attributes:
        tasks: the tasks asked for.
        variants: the variants asked for.
        parts: the parts of each task that could be read.
        kept: what each cell came to, by task, variant, part and seed.
        hashes: of each file that was read.
        seeds: of training.
    """

    tasks: list[Task]
    variants: list[Variant]
    parts: dict[str, list[Part]] = field(default_factory=dict)
    kept: dict[tuple[str, str, str, int], Kept] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    seeds: tuple[int, ...] = (FIRST_SEED,)

    def of(self, task: str, variant: str) -> dict[tuple[str, int], Kept]:
        """What a variant came to on a task, by part and seed."""
        return {
            (part, seed): kept
            for (t, v, part, seed), kept in self.kept.items()
            if (t, v) == (task, variant)
        }


def run_benchmark(
    registry: Registry,
    output: str | pathlib.Path,
    tasks: Iterable[str] = (),
    variants: Iterable[str] = (),
    seeds: int = 1,
    draws: int = 1000,
    cached_only: bool = False,
    note: Callable[[str], None] = lambda line: None,
) -> Outcome:
    """Run every variant on every task.

    What is done is kept under ``output``, and is not done again while data, declarations and
    weights are the same. Ctrl-C loses the cell in work alone, of whose training the last finished
    epoch is kept too.

    Args:
        registry: what can be run.
        output: folder for what is found.
        tasks: names of tasks; all by default.
        variants: names of variants; all by default.
        seeds: runs with different seeds, of variants that are trained.
        draws: bootstrap resamples of the robustness suites.
        cached_only: take what is kept and run nothing.
        note: told what each cell came to.

    Raises:
        DataError: there is no such task or variant.

    Example:
        >>> run_benchmark(Registry.load(), "artifacts/benchmark", ["labels"], ["majority"])
        ... # doctest: +SKIP
    """
    chosen_tasks, chosen_variants = registry.chosen(tasks, variants)
    outcome = Outcome(chosen_tasks, chosen_variants)
    outcome.seeds = tuple(range(FIRST_SEED, FIRST_SEED + seeds))
    folder = pathlib.Path(output) / CELLS
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), transient=True) as bar:
        work = bar.add_task("reading", total=None)
        cells: list[tuple[Cell, Part, dict[str, str]]] = []
        for task in chosen_tasks:
            try:
                hashes = check_files(task)
                outcome.parts[task.name] = parts_of(task)
            except ConflictNLPError as error:
                _nowhere(outcome, task, str(error))
                note(f"{task.name}: UNAVAILABLE: {error}")
                continue
            outcome.hashes |= hashes
            cells += [(cell, part, hashes) for cell, part in _cells(outcome, task)]
        bar.update(work, total=len(cells))
        for cell, part, hashes in cells:
            bar.update(work, description=cell.name)
            key = cell.key(hashes)
            kept = load_cell(folder, cell, key)
            if not cached_only and (kept is None or kept.record["status"] != DONE):
                kept = run_cell(folder, cell, part, key, draws)
                note(f"{cell.name}: {_said(kept.record)}")
            if kept is not None:
                where = (cell.task.name, cell.variant.name, cell.part, cell.seed)
                outcome.kept[where] = kept
            bar.advance(work)
    return outcome


def _cells(outcome: Outcome, task: Task) -> list[tuple[Cell, Part]]:
    """Cheap variants first, so that a run broken off has the most to show."""
    order = {RECIPE: 0, TRAIN: 2}
    variants = sorted(outcome.variants, key=lambda v: order.get(v.kind, 1))
    return [
        (Cell(task, part.name, variant, seed), part)
        for variant in variants
        for part in outcome.parts[task.name]
        for seed in (outcome.seeds if variant.kind == TRAIN else outcome.seeds[:1])
    ]


def _nowhere(outcome: Outcome, task: Task, reason: str) -> None:
    for variant in outcome.variants:
        record = {"status": UNAVAILABLE, "reason": reason}
        outcome.kept[(task.name, variant.name, "", outcome.seeds[0])] = Kept(record, None)


def _said(record: dict[str, Any]) -> str:
    if record["status"] == DONE:
        figures = {n: round(v, 3) for n, v in list(record["dev"].items())[:2]}
        return f"done in {record['seconds']} s; on dev {json.dumps(figures)}"
    return f"{record['status'].upper()}: {record['reason']}"
