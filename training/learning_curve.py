"""How good a model gets with 50, 200 and 1,000 labelled rows, from three starts; resumable.

    python training/learning_curve.py --write-start artifacts/learning_curve/start
    conflict-nlp train artifacts/learning_curve/start/config.toml
    python training/learning_curve.py                         # whatever has no result yet
    python training/learning_curve.py --data un_quad --start-kinds shipped tfidf --sizes 50
    python training/learning_curve.py --report-only

Starts: ``shipped`` goes on from a model of this library (where an outlet is left out, from one
trained without that outlet), ``base`` from the bare encoder, ``tfidf`` is a linear SVM. Settings
are those of ``training/configs/onward.toml`` and ``from_base.toml`` but for epochs and batch, which
``learning_curve_models.EPOCHS`` fixed beforehand. A fifth of the labelled rows is not trained on:
calibration and thresholds are fitted on it, and nothing else is chosen. Of 0 rows there is one run:
a start that knows the labels, as it is. Each run is a row of
``training/results/learning_curve.jsonl``; table and figure beside it are made from that.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import logging
import pathlib
import shutil
import time
from collections.abc import Sequence
from typing import Any

import learning_curve_data as data
import learning_curve_report
import torch
from learning_curve_data import DATA
from learning_curve_models import (
    CONFIGS,
    KINDS,
    Cell,
    Parts,
    as_it_is,
    by_encoder,
    by_words,
    judged,
    schedule,
)

from conflict_nlp.errors import DataError
from conflict_nlp.evaluation.provenance import file_hash, provenance
from conflict_nlp.learning.checkpoint import kept_calibration
from conflict_nlp.learning.config import settings_of

SIZES, SEEDS = (0, 50, 200, 1000), (1, 2, 3)
WEIGHTS = (".safetensors", ".onnx")


def start_of(cell: Cell, args: argparse.Namespace) -> pathlib.Path | None:
    """Where a run's weights come from."""
    if cell.start == "shipped":
        chosen: pathlib.Path = args.outlet_start if cell.data == "outlet" else args.start
        return chosen
    return args.base if cell.start == "base" else None


def inputs(cell: Cell, args: argparse.Namespace) -> list[pathlib.Path]:
    """The files that decide a run: labels, and weights."""
    start = start_of(cell, args)
    weights = [] if start is None else [p for p in sorted(start.iterdir()) if p.suffix in WEIGHTS]
    return [*data.sources(cell.data, args.labels, args.benchmarks), *weights]


def prepared(cell: Cell, args: argparse.Namespace) -> Parts:
    """Draw the labelled rows, and write them and the test part where training reads them."""
    folder = args.work / cell.data
    sources = data.sources(cell.data, args.labels, args.benchmarks)
    made_from = json.dumps([args.outlet, *map(file_hash, sources)])
    pool, test, note = folder / "pool.jsonl", folder / "test.jsonl", folder / "made_from.json"
    if not note.exists() or note.read_text("utf-8") != made_from:
        rows = data.rows_of(cell.data, sources, args.outlet)
        for path, part in zip((pool, test), data.parted(DATA[cell.data], rows), strict=True):
            data.write_rows(path, part)
        note.write_text(made_from, "utf-8")
    start = start_of(cell, args)
    if cell.data == "outlet" and cell.start == "shipped" and start is not None:
        data.check_unseen(start, [*data.read_rows(pool), *data.read_rows(test)])
    if not cell.size:
        return Parts({"test": test})
    drawn = data.draw(DATA[cell.data], data.read_rows(pool), cell.size, cell.seed)
    files = {name: folder / f"{cell.size}_{cell.seed}_{name}.jsonl" for name in ("train", "dev")}
    for path, part in zip(files.values(), drawn, strict=True):
        data.write_rows(path, part)
    return Parts(files | {"test": test})


def run(cell: Cell, args: argparse.Namespace) -> dict[str, Any]:
    """Train and score one cell."""
    # Before training: a commit made meanwhile is not what was run.
    seeds = {"draw": cell.seed, "training": cell.seed, "test": data.SPLIT_SEED}
    about = provenance(inputs(cell, args), seeds, threads=args.threads)
    parts, began = prepared(cell, args), time.time()
    start, calibration = start_of(cell, args), None
    if start is None:
        scheme, logits = by_words(cell, parts)
    elif not cell.size:
        scheme, logits, calibration = as_it_is(start, parts)
    else:
        folder = args.work / "_".join(map(str, dataclasses.astuple(cell)))
        scheme, logits = by_encoder(cell, parts, str(start), folder, settings_of(args.set))
        calibration = kept_calibration(folder)
        shutil.rmtree(folder)
    record: dict[str, Any] = dataclasses.asdict(cell)
    record |= {f"{name}_rows": len(parts[name]) for name in ("train", "dev", "test")}
    if cell.data == "outlet":
        record["outlet"] = args.outlet
    if start is not None and cell.size:
        record["settings"] = dict(zip(("epochs", "batch_size"), schedule(cell), strict=True))
        record["settings"] |= settings_of(args.set)
    figures = judged(scheme, logits, parts, calibration)
    return record | {"figures": figures, "seconds": time.time() - began, "provenance": about}


def is_done(cell: Cell, records: Sequence[dict[str, Any]], args: argparse.Namespace) -> bool:
    """Whether a cell has a result, of the same labels and weights."""
    ours = dataclasses.asdict(cell)
    for record in records:
        if all(record[name] == value for name, value in ours.items()):
            hashes = sorted(map(file_hash, inputs(cell, args)))
            if sorted(record["provenance"]["data_sha256"].values()) != hashes:
                raise DataError(
                    f"{cell}: {args.output} has a result of other labels or weights. Name another "
                    "file with --output, or take that row out."
                )
            return True
    return False


def run_all(args: argparse.Namespace) -> None:
    """Fill the cells asked for that are empty, the small ones first."""
    wanted = itertools.product(sorted(args.sizes), args.data, args.seeds, args.start_kinds)
    cells = [Cell(name, start, size, seed) for size, name, seed, start in wanted]
    once = ("outlet", "shipped", SEEDS[0])
    cells = [c for c in cells if c.size or (c.data, c.start, c.seed) == once]
    for number, cell in enumerate(cells, 1):
        start, told = start_of(cell, args), f"[{number}/{len(cells)}] {cell}"
        if start is not None and not start.is_dir():
            print(f"{told}: skipped: there is no {start}", flush=True)
            continue
        if is_done(cell, learning_curve_report.recorded(args.output), args):
            continue
        print(told, flush=True)
        record = run(cell, args)
        args.output.parent.mkdir(parents=True, exist_ok=True)
        with args.output.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        score, minutes = record["figures"]["event_macro_f1"], record["seconds"] / 60
        print(f"{told}: macro-F1 {score:.3f}, {minutes:.1f} minutes", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    path, shared = pathlib.Path, pathlib.Path("../shared/data")
    parser.add_argument("--data", nargs="*", choices=DATA, default=list(DATA))
    parser.add_argument("--start-kinds", nargs="*", choices=KINDS, default=KINDS)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    parser.add_argument("--start", type=path, default=path("models/default"))
    parser.add_argument(
        "--outlet-start", type=path, default=path("artifacts/learning_curve/start/model")
    )
    parser.add_argument("--base", type=path, default=path("artifacts/base"))
    parser.add_argument("--outlet", default=data.OUTLET)
    parser.add_argument("--labels", type=path, default=shared / "labels")
    parser.add_argument("--benchmarks", type=path, default=shared / "benchmarks")
    parser.add_argument("--work", type=path, default=path("artifacts/learning_curve"))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--write-start", type=path, metavar="FOLDER")
    parser.add_argument("--report-only", action="store_true")
    parser.add_argument(
        "--output", type=path, default=path("training/results/learning_curve.jsonl")
    )
    args = parser.parse_args(arguments)
    if args.write_start is not None:
        config = data.write_start(args.write_start, args.labels, args.outlet, path(CONFIGS["base"]))
        print(f"train it with: conflict-nlp train {config}")
        return
    if not args.report_only:
        torch.set_num_threads(args.threads)
        logging.getLogger("transformers").setLevel(logging.ERROR)
        run_all(args)
    learning_curve_report.write(args.output)


if __name__ == "__main__":
    main()
