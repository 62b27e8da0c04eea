"""The two data sets of the learning curve: an outlet left out, and the UN's quad classes.

Each is parted once: a pool that labelled rows are drawn from, and a test part that nothing is
chosen on. Documents and nearly equal texts stay on one side.
"""

from __future__ import annotations

import json
import pathlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conflict_nlp._model_files import TRAINING_FILE
from conflict_nlp.errors import DataError
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.near import same_text, similar_pairs
from conflict_nlp.learning.split import split

# The outlet with the most rows (2,412 of 12,999: a thousand to draw and a test of about as many),
# and the only one of its corpus, so that a model without it has seen nothing of its kind.
OUTLET = "alkhaleej.ae"
QUAD_FILE = "un_quadclass_ar/fllm24_quad.jsonl"
SPLIT_SEED = 13  # of pool and test, the same for every run
DEV_SHARE = 0.2  # of the labelled rows, kept from training for calibration and thresholds
SPLITS = ("train", "dev", "test")
Row = dict[str, Any]


@dataclass(frozen=True)
class DataSet:
    """Where a data set comes from, and how it is parted.

    Attributes:
        name: as the results call it.
        labels: ``codebook`` or ``data``, as a training configuration says it.
        test: share of the rows in the test part.
        by: column of the rows that stay together; ``""`` where the data do not tell.
    """

    name: str
    labels: str
    test: float
    by: str


DATA = {
    "outlet": DataSet("outlet", "codebook", 0.4, "doc_id"),
    # 15 % as in the papers; which UN document a row is from this file does not say.
    "un_quad": DataSet("un_quad", "data", 0.15, ""),
}


def read_rows(path: pathlib.Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def write_rows(path: pathlib.Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")


def sources(name: str, labels: pathlib.Path, benchmarks: pathlib.Path) -> list[pathlib.Path]:
    """The files that a data set is read from."""
    if name == "un_quad":
        return [benchmarks / QUAD_FILE]
    return [labels / f"{part}.jsonl" for part in SPLITS]


def rows_of(name: str, files: Sequence[pathlib.Path], outlet: str) -> list[Row]:
    """The labelled rows of a data set."""
    rows = [row for path in files for row in read_rows(path)]
    if name == "un_quad":
        return [
            {"id": row["source_id"], "text": row["text"], "events": [row["label"]]} for row in rows
        ]
    found = [row for row in rows if row["source"] == outlet]
    if not found:
        raise DataError(f"no row has the source {outlet!r}; name another with --outlet.")
    return found


def parted(data: DataSet, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """The pool that labelled rows are drawn from, and the test part."""
    parts = split(rows, dev=0, test=data.test, by=data.by, seed=SPLIT_SEED).rows
    return parts["train"], parts["test"]


def draw(data: DataSet, pool: Sequence[Row], size: int, seed: int) -> tuple[list[Row], list[Row]]:
    """Labelled rows to train on, and those kept from training for calibration.

    Both count as labelled: whoever has ``size`` labels must do both with them. A smaller draw of a
    seed is part of a larger one.

    Raises:
        DataError: the pool has fewer rows.
    """
    if size > len(pool):
        raise DataError(f"{data.name}: {size} rows asked for, but only {len(pool)} may be drawn.")
    order = list(pool)
    random.Random(seed).shuffle(order)
    parts = split(order[:size], dev=DEV_SHARE, test=0, by=data.by, seed=seed).rows
    return parts["train"], parts["dev"]


def without_outlet(rows: Sequence[Row], outlet: Sequence[Row]) -> list[Row]:
    """The rows of other outlets, but for agency copy: text nearly the same as the outlet's."""
    others = [row for row in rows if row["source"] != outlet[0]["source"]]
    keys = [same_text(row["text"]) for row in (*outlet, *others)]
    # A pair's earlier place may itself be agency copy, so what it is like counts on.
    alike = set(range(len(outlet)))
    for earlier, later in similar_pairs(keys):
        if earlier in alike:
            alike.add(later)
    return [row for place, row in enumerate(others, len(outlet)) if place not in alike]


def write_start(
    folder: pathlib.Path, labels: pathlib.Path, outlet: str, config: pathlib.Path
) -> pathlib.Path:
    """Write what trains a model that never saw an outlet: labels without it, and the settings.

    Args:
        folder: where to; the model will be in ``model`` beneath it.
        labels: folder of the label files.
        outlet: the ``source`` left out.
        config: the settings otherwise; of a model trained from a bare encoder.

    Returns:
        The configuration, for ``conflict-nlp train``.
    """
    left_out = rows_of("outlet", [labels / f"{part}.jsonl" for part in SPLITS], outlet)
    for part in ("train", "dev"):
        rows = without_outlet(read_rows(labels / f"{part}.jsonl"), left_out)
        write_rows(folder / f"{part}.jsonl", rows)
    base = TrainConfig.from_toml(config)
    authored = [path for path in base.train if not path.endswith("/labels/train.jsonl")]
    values = base.as_json() | {
        "train": [str(folder / "train.jsonl"), *authored],
        "dev": str(folder / "dev.jsonl"),
        "output": str(folder / "model"),
        "name": "without-outlet",
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items() if value is not None]
    path = folder / "config.toml"
    path.write_text(
        "\n".join([f"# {config.name} without the outlet {outlet}.", *lines, ""]), "utf-8"
    )
    return path


def check_unseen(start: pathlib.Path, rows: Sequence[Row]) -> None:
    """Make sure that a model never saw some rows, by what its training says that it read.

    Raises:
        DataError: it saw one, or that cannot be known.
    """
    record = start / TRAINING_FILE
    if not record.exists():
        raise DataError(
            f"{start} does not say what it was trained on (no {TRAINING_FILE}). Write a start that "
            "never saw the outlet with --write-start, train it, and name its checkpoint."
        )
    settings = json.loads(record.read_text("utf-8"))["config"]
    known = {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}
    config = TrainConfig(**known)
    if config.onward:
        raise DataError(f"{start} goes on from {config.base}, which may have seen the outlet.")
    ours = {row["id"] for row in rows}
    for file in (*config.train, *config.auxiliary, config.dev):
        seen = sum(row.get("id") in ours for row in read_rows(pathlib.Path(file)))
        if seen:
            raise DataError(f"{start} was trained on {file}, where {seen} rows are the outlet's.")
