"""Score the shipped model, its fp32 checkpoint and the baselines on the test split.

    python training/evaluate.py --model models/default --checkpoint artifacts/release7_mean \
        --baselines artifacts/baselines --labels ../shared/data/labels \
        --output training/results/evaluation.json

Everything that was chosen (calibration, thresholds, which baseline is the best) was chosen on dev.
``--also DIR`` adds other exported models to the table; ``training/train_variants.py`` does so.
With ``--split dev`` the same report is made of dev, cross-fitted, to try the script out. A Markdown
table is written beside the JSON. Sentences are never shown; the report holds figures alone.
"""

from __future__ import annotations

import argparse
import json
import pathlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from evaluation_markdown import markdown
from found_targets import pair_up, with_found_targets

from conflict_nlp import metrics
from conflict_nlp._close_calls import CloseCalls
from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE, TOKENIZER_FILE, ModelSettings
from conflict_nlp.actors import Lexicon
from conflict_nlp.calibration import Calibration
from conflict_nlp.codebook import CODEBOOK_VERSION, EVENTS, STANCES
from conflict_nlp.errors import ModelError
from conflict_nlp.evaluation.outputs import without_probabilities
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.scores import Decisions, cross_fitted, decide, measures, score
from conflict_nlp.learning.calibrate import fit_calibration, true_events, true_primary, true_stance
from conflict_nlp.learning.checkpoint import WEIGHTS_FILE, load_checkpoint, load_encoder
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits, predict_in_use, predict_torch
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.torch_runtime import TorchRuntime
from conflict_nlp.runtime import OnnxRuntime

SCHEME = LabelScheme(EVENTS, STANCES, CODEBOOK_VERSION)
BASELINES = ("majority", "tfidf_svm", "frozen")
COMPARED = ("event_macro_f1", "sentence_stance_macro_f1", "target_stance_macro_f1")
COVERAGES = (1.0, 0.9, 0.8, 0.7)
SEED = 0
Ints = npt.NDArray[np.int64]
Predict = Callable[[Sequence[Example]], Logits]


@dataclass(frozen=True)
class Variant:
    """A model: its predictions, how they are calibrated, and the files it was read from."""

    predict: Predict
    calibration: Calibration | None  # stored with it; None: fitted on its dev predictions
    files: tuple[pathlib.Path, ...]
    any_target: bool = True  # whether it can judge spans other than the annotated ones
    how: str = "fitted on dev"  # where the calibration is from


def checked(settings: ModelSettings, folder: pathlib.Path) -> ModelSettings:
    if (settings.events, settings.stances) != (EVENTS, STANCES):
        raise ModelError(f"{folder} has other labels than codebook {CODEBOOK_VERSION}.")
    return settings


def shipped(folder: pathlib.Path) -> Variant:
    settings = checked(ModelSettings.load(folder), folder)
    encoder, runtime = load_encoder(settings, folder), OnnxRuntime(folder / ONNX_FILE)
    files = tuple(folder / name for name in (ONNX_FILE, TOKENIZER_FILE, CALIBRATION_FILE))
    calibration = Calibration.load(folder / CALIBRATION_FILE)
    close_calls = CloseCalls(encoder, calibration, Lexicon.load())
    return Variant(
        lambda examples: predict_in_use(runtime, encoder, examples, close_calls=close_calls),
        calibration,
        files,
        how="stored with the model",
    )


def full_precision(folder: pathlib.Path, dev: Sequence[Example]) -> Variant:
    model, settings = load_checkpoint(folder)
    encoder, runtime = load_encoder(checked(settings, folder), folder), TorchRuntime(model)
    calibration = fit_calibration(predict_torch(model, SCHEME, encoder, dev), dev, SCHEME)
    close_calls = CloseCalls(encoder, calibration, Lexicon.load())
    return Variant(
        lambda examples: predict_in_use(runtime, encoder, examples, close_calls=close_calls),
        calibration,
        (folder / WEIGHTS_FILE,),
    )


def baseline(folder: pathlib.Path, name: str) -> Variant:
    files = tuple(folder / f"{name}_{split}.npz" for split in ("dev", "test"))
    saved = [Logits.load(path) for path in files]

    def predict(examples: Sequence[Example]) -> Logits:
        ids = tuple(example.id for example in examples)
        # Of other sentences: checked_against says what to do.
        return next((logits for logits in saved if logits.ids == ids), saved[0])

    return Variant(predict, None, files, any_target=False)


def constant(logits: Logits) -> Decisions:
    """Decisions of the majority baseline: no probabilities, and nothing to tune."""
    return without_probabilities(
        decide(logits, Calibration.identity(len(EVENTS), len(STANCES))), logits
    )


def interval(measure: Callable[[Ints], float], rows: Ints, draws: int) -> dict[str, float]:
    entry = {"value": measure(rows)}
    entry["low"], entry["high"] = metrics.bootstrap_interval(
        lambda r: measure(rows[r]), len(rows), draws=draws, seed=SEED
    )
    return entry


def paired(
    first: Callable[[Ints], float], second: Callable[[Ints], float], rows: Ints, draws: int
) -> dict[str, float]:
    """Difference of two variants on the same resamples of sentences."""
    random = np.random.default_rng(SEED)
    samples = (rows[random.integers(0, len(rows), len(rows))] for _ in range(draws))
    found = np.array([first(r) - second(r) for r in samples])
    low, high = np.percentile(found, [2.5, 97.5])
    tail = min((found <= 0).mean(), (found >= 0).mean())
    return {
        "difference": first(rows) - second(rows),
        "low": float(low),
        "high": float(high),
        "p": float(min(1.0, 2 * max(tail, 1 / draws))),  # two-sided, no smaller than 2 / draws
    }


def selective(found: Decisions, examples: Sequence[Example], rows: Ints, draws: int) -> Any:
    """Accuracy of the primary event and of the sentence stance on the surest sentences."""
    first = np.r_[True, found.rows[1:] != found.rows[:-1]]
    assert found.confidence is not None
    assert found.stance_probabilities is not None
    questions = {
        "primary": (found.confidence, found.primary == true_primary(examples, SCHEME)),
        "sentence_stance": (
            found.stance_probabilities[first].max(1),
            (found.stance == true_stance(examples, SCHEME))[first],
        ),
    }

    def accuracy(sure: Any, right: Any, coverage: float) -> Callable[[Ints], float]:
        return lambda r: metrics.selective_accuracy(sure[r], right[r], coverage)

    return {
        name: {f"{c:.0%}": interval(accuracy(*question, c), rows, draws) for c in COVERAGES}
        for name, question in questions.items()
    }


def abstention(
    found: Decisions, examples: Sequence[Example], rows: Ints, draws: int
) -> dict[str, Any]:
    """How often the classifier marks its answer as unsure, and how right both kinds are.

    An answer is right when its primary event is among the labelled ones, or none is labelled.
    """
    labels = true_events(examples, SCHEME)
    right = np.c_[labels, ~labels.any(1)][np.arange(len(labels)), found.primary]

    def accuracy(kept: npt.NDArray[np.bool_]) -> Callable[[Ints], float]:
        return lambda r: float(right[r][kept[r]].mean()) if kept[r].any() else 0.0

    return {
        "share": interval(lambda r: float(found.abstains[r].mean()), rows, draws),
        "accuracy_answered": interval(accuracy(~found.abstains), rows, draws),
        "accuracy_abstained": interval(accuracy(found.abstains), rows, draws),
    }


def against_though_none(
    found: Decisions, examples: Sequence[Example], rows: Ints, draws: int
) -> dict[str, Any]:
    """How often a sentence comes out ``against`` though all of its targets are ``none``."""
    first = np.r_[True, found.rows[1:] != found.rows[:-1]]
    neutral = np.array(
        [bool(e.targets) and all(t.stance == "none" for t in e.targets) for e in examples]
    )
    against = found.stance[first] == STANCES.index("against")
    kept = rows[neutral[rows]]
    return {
        "sentences": len(kept),
        **interval(lambda r: float(against[r].mean()), kept, draws),
    }


def parts_of(examples: Sequence[Example]) -> dict[str, Ints]:
    """The whole split, and its randomly drawn part where it has one."""
    parts = {
        "all": np.arange(len(examples)),
        "random": np.flatnonzero([e.draw == "random" for e in examples]),
    }
    return {name: rows for name, rows in parts.items() if len(rows)}


def report(
    variant: Variant,
    found: Decisions,
    calibration: Calibration | None,
    examples: list[Example],
    draws: int,
) -> dict[str, Any]:
    """Everything that is reported of one variant."""
    result = score(found, examples, SCHEME, draws=draws)
    parts = parts_of(examples)
    for part, rows in parts.items():
        if found.confidence is not None:
            result[part]["selective_accuracy"] = selective(found, examples, rows, draws)
            result[part]["abstention"] = abstention(found, examples, rows, draws)
        result[part]["against_though_all_targets_none"] = against_though_none(
            found, examples, rows, draws
        )
    if variant.any_target and calibration is not None:
        others = with_found_targets(examples)
        decided = decide(variant.predict(others), calibration)
        matched, strict, counts = pair_up(examples, others, decided, SCHEME)
        result["found_targets"] = counts
        for part, rows in parts.items():
            for name, pairs in (("matched", matched), ("strict", strict)):
                result[part][f"target_stance_macro_f1_found_{name}"] = interval(
                    lambda r, p=pairs: p.macro_f1(r, len(STANCES)), rows, draws
                )
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, default="models/default")
    parser.add_argument("--checkpoint", type=pathlib.Path, default="artifacts/release7_mean")
    parser.add_argument("--baselines", type=pathlib.Path, default="artifacts/baselines")
    parser.add_argument("--labels", type=pathlib.Path, default="../shared/data/labels")
    parser.add_argument("--output", type=pathlib.Path, default="training/results/evaluation.json")
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--also", type=pathlib.Path, action="append", default=[])
    args = parser.parse_args(arguments)
    paths = {split: args.labels / f"{split}.jsonl" for split in ("dev", args.split)}
    dev, examples = read_labelled(paths["dev"]), read_labelled(paths[args.split])
    makers: dict[str, Callable[[], Variant]] = {
        "shipped_int8": lambda: shipped(args.model),
        "checkpoint_fp32": lambda: full_precision(args.checkpoint, dev),
    }
    makers |= {n: lambda n=n: baseline(args.baselines, n) for n in BASELINES}  # type: ignore[misc]
    others = {folder.name: folder for folder in args.also}
    makers |= {n: lambda f=f: shipped(f) for n, f in others.items()}  # type: ignore[misc]

    variants: dict[str, Any] = {}
    unavailable: dict[str, str] = {}
    decided: dict[str, Decisions] = {}
    on_dev: dict[str, dict[str, float]] = {}
    files = list(paths.values())
    for name, make in makers.items():
        try:
            variant = make()
        except (OSError, ValueError) as error:  # the rest of the table still prints
            unavailable[name] = str(error)
            print(f"{name}: UNAVAILABLE: {error}")
            continue
        files += variant.files
        dev_logits = variant.predict(dev).checked_against(dev)
        calibration = variant.calibration
        if name == "majority":
            how, dev_found = "none", constant(dev_logits)
        else:
            how = variant.how
            calibration = calibration or fit_calibration(dev_logits, dev, SCHEME)
            dev_found = cross_fitted(dev_logits, dev, SCHEME)
        if args.split == "dev":
            found, how = dev_found, "none" if name == "majority" else "cross-fitted on dev"
        else:
            logits = variant.predict(examples).checked_against(examples)
            found = constant(logits) if name == "majority" else decide(logits, calibration)
        everything = np.arange(len(dev))
        figures = measures(dev_found, dev, SCHEME)
        on_dev[name] = {n: figures[n](everything) for n in (*COMPARED, "primary_accuracy")}
        decided[name] = found
        variants[name] = {"calibration": how, "dev_cross_fitted": on_dev[name]}
        # On dev a stored or fitted calibration has seen the sentences: no found targets there.
        unseen = calibration if args.split == "test" else None
        variants[name] |= report(variant, found, unseen, examples, args.draws)
        print(f"{name}: done", flush=True)

    parts = parts_of(examples)
    functions = {name: measures(found, examples, SCHEME) for name, found in decided.items()}
    comparisons = []
    for measure in COMPARED:
        scored = {n: on_dev[n][measure] for n in BASELINES if n in on_dev}
        rivals = [("shipped_int8", "checkpoint_fp32")]
        if scored:
            best = max(scored, key=scored.__getitem__)
            rivals += [("shipped_int8", best), ("checkpoint_fp32", best)]
        rivals += [(name, "shipped_int8") for name in others]
        for one, other in rivals:
            if one not in functions or other not in functions:
                continue
            for part, rows in parts.items():
                pair = (functions[one][measure], functions[other][measure])
                comparisons.append(
                    {"measure": measure, "part": part, "first": one, "second": other}
                    | paired(*pair, rows, args.draws)
                )
    record = {
        "split": args.split,
        "provenance": provenance(files, {"bootstrap": SEED}, draws=args.draws),
        "unavailable": unavailable,
        "variants": variants,
        "comparisons": comparisons,
    }
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")
    args.output.with_suffix(".md").write_text(markdown(record), "utf-8")
    print(f"written: {args.output} and {args.output.with_suffix('.md')}")


if __name__ == "__main__":
    main()
