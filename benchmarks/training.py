"""Time and peak memory of fine-tuning: a thousand sentences, three epochs, on two cores.

    python benchmarks/training.py --base artifacts/base
    python benchmarks/training.py --sentences 40 --epochs 1 --output /tmp/try.json

A process of its own does what ``conflict-nlp train training/configs/from_base.toml`` does. Measured
are the whole of it, from start to end with all imports, the training alone (labels read and encoder
loaded included), and the scores on the development set. To be run on a quiet machine; the load
before it is recorded. The sentences are drawn with a seed and written to a folder that goes away.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from conflict_nlp.evaluation.provenance import provenance

SEED = 0
# VmHWM and not getrusage: a child inherits the latter's peak from the process that started it.
PROGRAM = """
import json, pathlib, sys, time
import torch
from conflict_nlp.evaluation.on_dev import judge_checkpoint
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.trainer import train
torch.set_num_threads({threads})
path, settings = sys.argv[1], json.loads(sys.argv[2])
config = TrainConfig.from_toml(path, **settings)
start = time.perf_counter()
train(config)
trained = time.perf_counter()
judge_checkpoint(pathlib.Path(config.output), config.dev)
status = pathlib.Path("/proc/self/status").read_text().splitlines()
found = dict(training_seconds=trained - start, scoring_seconds=time.perf_counter() - trained)
peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
print(json.dumps(found | dict(peak_memory_mib=peak)))
"""


def drawn(source: pathlib.Path, target: pathlib.Path, count: int) -> None:
    """A seeded sample of labelled sentences."""
    lines = source.read_text("utf-8").splitlines()
    target.write_text("\n".join(random.Random(SEED).sample(lines, count)) + "\n", "utf-8")


def measured(args: argparse.Namespace, folder: pathlib.Path) -> dict[str, float]:
    """One training run: seconds of it all and of its parts, MiB at the peak."""
    settings = {
        "base": str(args.base),
        "train": str(folder / "train.jsonl"),
        "dev": str(folder / "dev.jsonl"),
        "output": str(folder / "trained"),
        "epochs": args.epochs,
    }
    program = PROGRAM.format(threads=args.threads)
    threads = str(args.threads)
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, str(args.config), json.dumps(settings)],
        env=os.environ | {"OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return {"seconds": time.perf_counter() - start, **found}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    path = pathlib.Path
    parser.add_argument("--base", type=path, default=path("artifacts/base"))
    parser.add_argument("--config", type=path, default=path("training/configs/from_base.toml"))
    parser.add_argument("--labels", type=path, default=path("../shared/data/labels"))
    parser.add_argument("--sentences", type=int, default=1000)
    parser.add_argument("--dev", type=int, default=200, help="development sentences")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--output", type=path, default=path("benchmarks/results/training.json"))
    args = parser.parse_args()
    files = [args.labels / "train.jsonl", args.labels / "dev.jsonl", args.config]
    files.append(args.base / "model.safetensors")
    record: dict[str, Any] = {
        "sentences": args.sentences,
        "development_sentences": args.dev,
        "epochs": args.epochs,
        "load_average_before": os.getloadavg(),
        "provenance": provenance(files, {"sample": SEED}, threads=args.threads),
    }
    runs = []
    for _ in range(args.repeats):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            drawn(args.labels / "train.jsonl", folder / "train.jsonl", args.sentences)
            drawn(args.labels / "dev.jsonl", folder / "dev.jsonl", args.dev)
            runs.append(measured(args, folder))
        print({name: round(value, 1) for name, value in runs[-1].items()}, flush=True)
    record |= {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    record["training_sentences_per_second"] = (
        args.sentences * args.epochs / record["training_seconds"]
    )
    record["runs"] = runs
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(f"written: {args.output}")


if __name__ == "__main__":
    main()
