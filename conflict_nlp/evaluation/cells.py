"""One variant on one part of a task: learnt, decided, measured, and kept by what it came from."""

from __future__ import annotations

import hashlib
import json
import pathlib
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from conflict_nlp._resources import model_path
from conflict_nlp.actors import Lexicon
from conflict_nlp.errors import ConflictNLPError
from conflict_nlp.evaluation.costs import costs
from conflict_nlp.evaluation.neural import fine_tuned, ready
from conflict_nlp.evaluation.outputs import Fitted, labels_for
from conflict_nlp.evaluation.provenance import file_hash, provenance
from conflict_nlp.evaluation.recipes import RECIPES
from conflict_nlp.evaluation.registry import MODEL, TRAIN, Task, Variant
from conflict_nlp.evaluation.scores import Decisions, measures
from conflict_nlp.evaluation.suites import run_suites
from conflict_nlp.evaluation.task_data import Part
from conflict_nlp.learning.examples import LabelScheme

TIMED = 105  # sentences that costs are measured on
FORMAT = 1  # of what is kept; another number makes all of it anew
DONE, UNAVAILABLE, FAILED = "done", "unavailable", "failed"


@dataclass(frozen=True)
class Cell:
    """A variant, a part of a task, and a seed of training."""

    task: Task
    part: str
    variant: Variant
    seed: int

    @property
    def name(self) -> str:
        """What its files are called."""
        place = f"{self.task.name}.{self.part}.{self.variant.name}.{self.seed}"
        return "".join(c if c.isalnum() or c in "._-" else "-" for c in place)

    def key(self, data: Mapping[str, str]) -> str:
        """Hash of everything that decides the outcome: data, declarations, weights, seed."""
        task, variant = asdict(self.task), asdict(self.variant)
        # What is shown of the outcome decides nothing.
        for shown in ("title", "measures", "main", "published", "slices", "folder", "sha256"):
            task.pop(shown)
        variant.pop("title")
        variant |= {"tasks": self.variant.settings_for(self.task.name)}
        whole = [FORMAT, task, self.part, variant, self.seed, dict(data), self._files()]
        text = json.dumps(whole, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()

    def _files(self) -> dict[str, str]:
        """Hashes of the weights a variant starts from and of the further sentences it reads."""
        settings = self.variant.settings_for(self.task.name)
        further = settings.get("auxiliary", ())
        paths = [pathlib.Path(p) for p in ([further] if isinstance(further, str) else further)]
        found = {str(path): file_hash(path) for path in paths if path.exists()}
        base = self.variant.path or settings.get("base", "")
        if not base:
            return found
        try:
            folder = model_path(base)
        except ConflictNLPError:  # of the hub, by name, or nowhere: running it will say so
            return found
        kinds = (".onnx", ".safetensors", ".bin", ".json")
        return found | {p.name: file_hash(p) for p in sorted(folder.iterdir()) if p.suffix in kinds}


@dataclass(frozen=True)
class Kept:
    """What is on disk of a cell: how it ended, and its decisions where it is done."""

    record: dict[str, Any]
    decisions: Decisions | None


def scheme_of(kept: Kept) -> LabelScheme:
    """The labels that a variant answered with, in their order."""
    labels = kept.record["labels"]
    return LabelScheme(
        tuple(labels["events"]), tuple(labels["stances"]), None, kept.record["single_label"]
    )


def load_cell(folder: pathlib.Path, cell: Cell, key: str) -> Kept | None:
    """A cell that has come to an end under the same key, well or not."""
    path = folder / f"{cell.name}.json"
    if not path.exists():
        return None
    record = json.loads(path.read_text("utf-8"))
    if record["key"] != key:
        return None
    if record["status"] != DONE:
        return Kept(record, None)
    decisions = _load_decisions(folder / f"{cell.name}.npz", key)
    return None if decisions is None else Kept(record, decisions)


def run_cell(folder: pathlib.Path, cell: Cell, part: Part, key: str, draws: int) -> Kept:
    """Learn, decide and measure; whatever goes wrong is written down, not raised.

    Args:
        folder: where the outcome is kept.
        cell: what to run.
        part: the division of the task's data.
        key: of the cell.
        draws: bootstrap resamples of the robustness suites.
    """
    start = time.time()
    record: dict[str, Any] = {
        "task": cell.task.name,
        "part": cell.part,
        "variant": cell.variant.name,
        "seed": cell.seed,
        "key": key,
    }
    decisions = None
    try:
        decisions, found = _measured(folder, cell, part, key, draws)
        record |= {"status": DONE} | found
    except ConflictNLPError as error:
        record |= {"status": UNAVAILABLE, "reason": str(error)}
    except Exception as error:  # one failure must not lose the rest
        record |= {"status": FAILED, "reason": f"{type(error).__name__}: {error}"}
    record["seconds"] = round(time.time() - start, 1)
    record["provenance"] = provenance([], {"training": cell.seed})
    folder.mkdir(parents=True, exist_ok=True)
    if decisions is not None:
        _save_decisions(folder / f"{cell.name}.npz", decisions, key)
    whole = folder / f"{cell.name}.json"
    half = whole.with_suffix(".part")
    half.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    half.replace(whole)
    return Kept(record, decisions)


def _measured(
    folder: pathlib.Path, cell: Cell, part: Part, key: str, draws: int
) -> tuple[Decisions, dict[str, Any]]:
    fitted = _fit(folder, cell, part, key)
    on_dev = fitted.predict(part.dev)
    decided = fitted.cross_fitted(part.dev, on_dev)
    everything = np.arange(len(part.dev))
    figures = measures(decided, labels_for(part.dev, fitted.scheme), fitted.scheme)
    record: dict[str, Any] = {
        "dev": {name: measure(everything) for name, measure in figures.items()},
        "chosen": fitted.chosen,
        "labels": {"events": fitted.scheme.events, "stances": fitted.scheme.stances},
        "single_label": fitted.scheme.single_label,
    }
    fitted = fitted.calibrated(part.dev, on_dev)
    decisions = fitted.decide(fitted.predict(part.test))
    record["costs"] = costs(fitted, part.test.take(range(min(TIMED, len(part.test)))))
    if cell.task.robustness and fitted.scheme.events:
        record["robustness"] = run_suites(fitted, part.test, Lexicon.load(), draws)
    return decisions, record


def _fit(folder: pathlib.Path, cell: Cell, part: Part, key: str) -> Fitted:
    variant = cell.variant
    if variant.kind == MODEL:
        return ready(variant, cell.task, part)
    if variant.kind == TRAIN:
        return fine_tuned(
            variant, cell.task, part, cell.seed, folder / "training" / f"{cell.name}.{key[:12]}"
        )
    return RECIPES[variant.recipe](
        part, cell.task.descriptions, variant.settings_for(cell.task.name)
    )


def _save_decisions(path: pathlib.Path, decisions: Decisions, key: str) -> None:
    arrays = {n: getattr(decisions, n) for n in Decisions.__dataclass_fields__}
    known = {n: value for n, value in arrays.items() if value is not None}
    np.savez_compressed(path, key=np.array(key), **known)


def _load_decisions(path: pathlib.Path, key: str) -> Decisions | None:
    with np.load(path) as file:
        if str(file["key"]) != key:  # a run was broken off between the two files
            return None
        found: dict[str, Any] = {n: file.get(n) for n in Decisions.__dataclass_fields__}
    return Decisions(**found)
