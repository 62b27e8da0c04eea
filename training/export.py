"""Export a checkpoint as the int8 model that ``classify`` runs, and calibrate it.

    python training/export.py artifacts/release3 --output models/default \\
        --dev ../shared/data/labels/dev.jsonl

Calibration and thresholds are fitted on the int8 model's own predictions for the development set,
which the checkpoint was not trained on.
"""

from __future__ import annotations

import argparse
import pathlib

from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE
from conflict_nlp.evaluation.scores import cross_fitted, score
from conflict_nlp.learning.calibrate import fit_calibration
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.export import export
from conflict_nlp.learning.predict import predict_onnx
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.runtime import OnnxRuntime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--dev", type=pathlib.Path, required=True)
    parser.add_argument("--name", help="name of the model in results")
    args = parser.parse_args()
    settings, encoder = export(args.checkpoint, args.output, name=args.name)
    scheme = LabelScheme.of_model(settings)
    dev = read_labelled(args.dev)
    logits = predict_onnx(OnnxRuntime(args.output / ONNX_FILE), encoder, dev)
    logits.save(args.checkpoint / "dev_logits_int8.npz")
    fit_calibration(logits, dev, scheme).save(args.output / CALIBRATION_FILE)
    print("development set, calibration cross-fitted:")
    for name, figure in score(cross_fitted(logits, dev, scheme), dev, scheme, draws=0)[
        "all"
    ].items():
        print(f"  {name:28s} {figure if isinstance(figure, int) else round(figure['value'], 4)}")
    size = sum(path.stat().st_size for path in args.output.iterdir()) / 1e6
    print(f"{args.output}: {size:.1f} MB")


if __name__ == "__main__":
    main()
