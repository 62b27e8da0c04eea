"""A model, what it became when trained onward, and mixtures of both weights, on development data.

    python training/before_and_after.py artifacts/91ea622/models/default artifacts/release4 \\
        --output training/results/fourth_release.json

For each share of the later weights: the scores with cross-fitted calibration, and the robustness
suites. Weights as floats, an exported model's restored from int8. Nothing of test is read.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from typing import Any

from conflict_nlp._model_files import TRAINING_FILE
from conflict_nlp.actors import Lexicon
from conflict_nlp.evaluation.outputs import Fitted
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.scores import cross_fitted, score
from conflict_nlp.evaluation.suites import SEED, run_suites
from conflict_nlp.evaluation.task_data import Sentences
from conflict_nlp.learning.checkpoint import load_encoder, load_weights
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.predict import predict_torch
from conflict_nlp.learning.read import read_labelled

DRAWS = 200


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    path = pathlib.Path
    parser.add_argument("before", type=path)
    parser.add_argument("after", type=path)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.5, 1.0])
    parser.add_argument("--dev", type=path, default=path("../shared/data/labels/dev.jsonl"))
    parser.add_argument("--output", type=path, required=True)
    args = parser.parse_args()
    files = [args.dev, *args.before.glob("model.*"), *args.after.glob("model.*")]
    # Before the run: a commit made meanwhile is not what was run.
    record: dict[str, Any] = {"provenance": provenance(files, {"suites": SEED}, draws=DRAWS)}
    earlier, _ = load_weights(args.before)
    model, settings = load_weights(args.after)
    first, last = earlier.state_dict(), {n: t.clone() for n, t in model.state_dict().items()}
    scheme, encoder = LabelScheme.of_model(settings), load_encoder(settings, args.after)
    dev = Sentences(tuple(read_labelled(args.dev)))

    def predict(sentences: Sentences) -> Any:
        return predict_torch(model, scheme, encoder, sentences.examples)

    record["runs"] = {}
    for share in args.shares:
        model.load_state_dict({n: first[n].lerp(tensor, share) for n, tensor in last.items()})
        logits = predict(dev)
        decided = cross_fitted(logits, dev.examples, scheme)
        figures = score(decided, dev.examples, scheme, draws=0)["all"]
        fitted = Fitted(predict, scheme).calibrated(dev, logits)
        suites = run_suites(fitted, dev, Lexicon.load(), DRAWS)
        record["runs"][f"{share:g}"] = {"scores": figures, "suites": suites}
        print(share, {n: f["value"] for n, f in figures.items() if n != "sentences"}, flush=True)
        record["training"] = json.loads((args.after / TRAINING_FILE).read_text("utf-8"))
        args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
