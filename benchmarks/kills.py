"""Kill bulk runs at random moments, go on with them, and compare with unbroken ones, byte by byte.

    python benchmarks/kills.py --kills 20 --output benchmarks/results/kills.json

The sentences are a sample of the corpus, written in each of the forms that are read; every kill is
SIGKILL after a random time, and the run goes on with ``--resume`` until it ends.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
from typing import Any

from speed import SEED, corpus

from conflict_nlp._model_files import ONNX_FILE
from conflict_nlp._resources import model_path
from conflict_nlp.evaluation.provenance import provenance

FORMS = (
    ("in.jsonl", "out.jsonl"),
    ("in.csv", "out.parquet"),
    ("in.parquet", "out.csv.gz"),
    ("in.jsonl.gz", "out.tsv"),
    ("in.parquet", "out.parquet"),
)


def write(path: pathlib.Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow
    from pyarrow import csv, parquet

    table = pyarrow.Table.from_pylist(rows)
    if path.suffix == ".parquet":
        parquet.write_table(table, path)
    elif path.suffix == ".csv":
        csv.write_csv(table, path)
    else:
        data = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def start(given: pathlib.Path, output: pathlib.Path, part: int) -> subprocess.Popen[bytes]:
    program = f"from conflict_nlp import bulk, cli; bulk.PART = {part}; cli.app()"
    command = [sys.executable, "-c", program, "classify", str(given), "-o", str(output), "--resume"]
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdout=quiet, stderr=quiet)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=pathlib.Path, default="../shared/data/sentences.jsonl.gz")
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--part", type=int, default=40, help="rows a part; 1,000 in use")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--output", type=pathlib.Path, default="benchmarks/results/kills.json")
    args = parser.parse_args()
    chance = random.Random(SEED)
    texts = chance.sample(list(corpus(args.corpus)), args.rows)
    rows = [{"id": number, "text": text} for number, text in enumerate(texts)]
    record: dict[str, Any] = {"rows": args.rows, "part": args.part, "forms": []}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        killed = 0
        for source, target in itertools.cycle(FORMS):
            if killed >= args.kills:
                break
            write(folder / source, rows)
            whole, output = folder / f"whole-{target}", folder / target
            if not whole.exists():
                start(folder / source, whole, args.part).wait()
            kills = []
            while len(kills) < args.kills // len(FORMS):
                process = start(folder / source, output, args.part)
                after = chance.uniform(1.0, 5.0)
                try:
                    process.wait(after)
                    break  # it ended before it was killed
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                parts = len(list(folder.glob(f"{target}.parts/part-*.jsonl")))
                kills.append({"after_seconds": after, "whole_parts": parts})
            status = start(folder / source, output, args.part).wait()
            digests = [hashlib.sha256(p.read_bytes()).hexdigest() for p in (whole, output)]
            killed += len(kills)
            equal = digests[0] == digests[1]
            about = {"input": source, "output": target, "status": status, "equal": equal}
            record["forms"].append(about | {"kills": kills})
            print(record["forms"][-1], flush=True)
            output.unlink()
            whole.unlink()
    record["kills"] = sum(len(form["kills"]) for form in record["forms"])
    record["all_equal"] = all(form["equal"] for form in record["forms"])
    files = [args.corpus, model_path("default") / ONNX_FILE]
    record["provenance"] = provenance(files, {"sample": SEED})
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    print(f"{record['kills']} kills, all equal: {record['all_equal']}; written: {args.output}")


if __name__ == "__main__":
    main()
