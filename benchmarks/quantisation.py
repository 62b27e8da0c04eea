"""Compare ways to quantise a checkpoint, on the development set: quality, size and CPU time.

    python benchmarks/quantisation.py artifacts/final --dev ../shared/data/labels/dev.jsonl \\
        --output benchmarks/results/quantisation.json

Each is calibrated by cross-fitting on its own predictions; the test split is not read. A scale a
column is taken from every fourth sentence, and all are scored on the others. Time is CPU time of
one sentence at a time on one thread, tokenising included; all take turns, since a machine's own
rate changes within minutes, and the median of the rounds is given.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import numpy as np
import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic
from row_wise import row_wise

from conflict_nlp._encoding import Encoder
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.scores import cross_fitted, measures
from conflict_nlp.learning.checkpoint import load_checkpoint, load_encoder
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.export import export_onnx, quantise, typical_inputs
from conflict_nlp.learning.model import HEADS
from conflict_nlp.learning.predict import predict_in_use
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.runtime import OnnxRuntime

FIGURES = ("event_macro_f1", "event_micro_f1", "primary_accuracy", "target_stance_macro_f1")
TIMED, ROUNDS = 200, 5  # sentences of a round
Path = pathlib.Path
Sentences = Sequence[Sequence[int]]


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


def dynamic(source: Path, target: Path, *, by_row: bool = True, **options: Any) -> None:
    """Scales taken from the activations themselves: a token's, or the whole sentence's."""
    heads = [
        name
        for node in onnx.load(source).graph.node
        if any(f"/{head}/" in node.name for heads in HEADS.values() for head in heads)
        # The quantiser first rewrites a Gemm as a MatMul of this name.
        for name in (node.name, f"{node.name}_MatMul")
    ]
    settings: dict[str, Any] = {
        "per_channel": True,
        "reduce_range": True,
        "weight_type": QuantType.QInt8,
        "op_types_to_quantize": ["MatMul", "Gather"],
        "nodes_to_exclude": heads,
        # It cannot infer the type of what comes out of a fused attention.
        "extra_options": {"DefaultTensorType": onnx.TensorProto.FLOAT},
    }
    quantize_dynamic(source, target, **(settings | options))
    if by_row:
        model = onnx.load(target)
        row_wise(model)
        onnx.save(model, target)


def rounded_to_nearest(source: Path, target: Path, sentences: Sentences) -> None:
    """A scale a column, each weight rounded by itself."""

    def nearest(weights: Any, products: object, scale: Any, largest: int) -> Any:
        return np.clip(np.round(weights / scale), -largest, largest).astype(np.int8)

    with mock.patch("conflict_nlp.learning.static.rounded", nearest):
        quantise(source, target, sentences)


WAYS: dict[str, Callable[[Path, Path, Sentences], object]] = {
    "fp32": lambda s, t, _: t.write_bytes(s.read_bytes()),
    "int8, a scale a column, 7-bit weights": quantise,
    "int8, a scale a column, 7-bit weights, rounded to nearest": rounded_to_nearest,
    "int8, a scale a token, 7-bit weights": lambda s, t, _: dynamic(s, t),
    "int8, a scale a token, 8-bit weights": lambda s, t, _: dynamic(s, t, reduce_range=False),
    "int8, a scale a token, unsigned weights": lambda s, t, _: dynamic(
        s, t, reduce_range=False, weight_type=QuantType.QUInt8
    ),
    "int8, one scale a sentence, 7-bit weights": lambda s, t, _: dynamic(s, t, by_row=False),
    "int8, one scale a sentence, 8-bit weights": lambda s, t, _: dynamic(
        s, t, by_row=False, reduce_range=False
    ),
    "MatMulNBits, 8 bits": lambda s, t, _: n_bits(s, t),
}


def in_turns(
    runtimes: dict[str, OnnxRuntime], encoder: Encoder, examples: Sequence[Example]
) -> dict[str, list[float]]:
    """CPU milliseconds a sentence of each runtime, a value a round."""
    found: dict[str, list[float]] = {name: [] for name in runtimes}
    for _ in range(ROUNDS):
        for name, runtime in runtimes.items():
            start = time.process_time()
            predict_in_use(runtime, encoder, examples)
            found[name].append(1000 * (time.process_time() - start) / len(examples))
    return found


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
    # A scale a column is taken from a quarter of the sentences, and all are judged by the rest.
    seen = dev[::4]
    rest = np.array([row for row in range(len(dev)) if row % 4])
    sentences = typical_inputs(seen, encoder)
    record: dict[str, Any] = {"provenance": provenance([args.dev], {"cross_fitting": 0})}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "fp32.onnx"
        export_onnx(model, whole)
        runtimes: dict[str, OnnxRuntime] = {}
        for name, make in WAYS.items():
            file = Path(folder) / f"{len(runtimes)}.onnx"
            try:
                make(whole, file, sentences)
            except ImportError as error:
                record[name] = {"unavailable": str(error)}
                continue
            runtimes[name] = OnnxRuntime(file)
            logits = predict_in_use(runtimes[name], encoder, dev)
            figures = measures(cross_fitted(logits, dev, scheme), dev, scheme)
            record[name] = {
                "megabytes": round(file.stat().st_size / 1e6, 1),
                **{figure: round(figures[figure](rest), 4) for figure in FIGURES},
            }
        for name, times in in_turns(runtimes, encoder, dev[:: len(dev) // TIMED]).items():
            record[name]["cpu_milliseconds_a_sentence"] = round(statistics.median(times), 2)
            print(name, record[name], flush=True)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
