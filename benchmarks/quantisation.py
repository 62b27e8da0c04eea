"""Compare ways to quantise a checkpoint, on the development set: quality, size and CPU time.

    python benchmarks/quantisation.py artifacts/final --dev ../shared/data/labels/dev.jsonl \\
        --output benchmarks/results/quantisation.json

Each is calibrated by cross-fitting on its own predictions; the test split is not read. Time is CPU
time of one sentence at a time on one thread, tokenising included.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import tempfile
import time
from collections.abc import Callable

import numpy as np
import onnx
from onnxruntime.quantization import QuantType

from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.scores import cross_fitted, measures
from conflict_nlp.learning.checkpoint import load_checkpoint, load_encoder
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.export import export_onnx, quantise
from conflict_nlp.learning.predict import predict_in_use
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.runtime import OnnxRuntime

FIGURES = ("event_macro_f1", "event_micro_f1", "primary_accuracy", "target_stance_macro_f1")
Path = pathlib.Path


def n_bits(source: Path, target: Path) -> None:
    """Weight-only 8 bits in blocks, with int8 arithmetic (accuracy level 4)."""
    # Needs onnx_ir, which nothing else here does.
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )

    config = DefaultWeightOnlyQuantConfig(
        block_size=32, is_symmetric=True, accuracy_level=4, bits=8
    )
    quantiser = MatMulNBitsQuantizer(onnx.load(source), algo_config=config)
    quantiser.process()
    quantiser.model.save_model_to_file(str(target))


WAYS: dict[str, Callable[[Path, Path], object]] = {
    "fp32": lambda source, target: target.write_bytes(source.read_bytes()),
    "int8, a scale a token, 7-bit weights (shipped)": quantise,
    "int8, a scale a token, 8-bit weights": lambda s, t: quantise(s, t, reduce_range=False),
    "int8, a scale a token, unsigned weights": lambda s, t: quantise(
        s, t, reduce_range=False, weight_type=QuantType.QUInt8
    ),
    "int8, one scale a sentence, 7-bit weights": lambda s, t: quantise(s, t, by_row=False),
    "int8, one scale a sentence, 8-bit weights": lambda s, t: quantise(
        s, t, by_row=False, reduce_range=False
    ),
    "MatMulNBits, 8 bits": n_bits,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()
    model, settings = load_checkpoint(args.checkpoint)
    encoder = load_encoder(settings, args.checkpoint)
    scheme = LabelScheme.of_model(settings)
    dev = read_labelled(args.dev)
    everything = np.arange(len(dev))
    record: dict[str, object] = {"provenance": provenance([args.dev], {"cross_fitting": 0})}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "fp32.onnx"
        export_onnx(model, whole)
        for name, make in WAYS.items():
            file = Path(folder) / "model.onnx"
            try:
                make(whole, file)
            except ImportError as error:
                record[name] = {"unavailable": str(error)}
                continue
            runtime = OnnxRuntime(file)
            start = time.process_time()
            logits = predict_in_use(runtime, encoder, dev)
            seconds = time.process_time() - start
            figures = measures(cross_fitted(logits, dev, scheme), dev, scheme)
            found = {
                "megabytes": round(file.stat().st_size / 1e6, 1),
                "cpu_milliseconds_a_sentence": round(1000 * seconds / len(dev), 2),
                **{figure: round(figures[figure](everything), 4) for figure in FIGURES},
            }
            record[name] = found
            print(name, found, flush=True)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
