"""Write the model card of a shipped model from the measured results.

    python training/model_card.py --model models/default \\
        --evaluation training/results/evaluation.json --speed benchmarks/results/speed.json
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
from typing import Any

import numpy as np

from conflict_nlp._model_files import (
    CALIBRATION_FILE,
    CONFIG_FILE,
    ONNX_FILE,
    TRAINING_FILE,
    ModelSettings,
)
from conflict_nlp.calibration import Calibration

ROWS = {
    "event_macro_f1": "event types, macro-F1 (24 types)",
    "event_micro_f1": "event types, micro-F1",
    "primary_accuracy": "primary event, accuracy",
    "sentence_stance_macro_f1": "sentence stance, macro-F1",
    "target_stance_macro_f1": "target stance, macro-F1, annotated spans",
    "target_stance_macro_f1_found_strict": "target stance, macro-F1, spans found by the lexicon",
    "event_ece_predicted": "event types, ECE of the reported labels",
    "event_ece_classwise": "event types, class-wise ECE",
    "primary_ece": "primary event, ECE",
    "stance_ece": "sentence stance, ECE",
}
VARIANTS = {
    "shipped_int8": "this model (int8)",
    "checkpoint_fp32": "before quantising (fp32)",
    "frozen": "frozen base + logistic regression",
    "tfidf_svm": "TF-IDF + linear SVM",
    "majority": "majority",
}
TEMPLATE = pathlib.Path(__file__).with_name("model_card_template.md")


def figure(entry: dict[str, float] | None) -> str:
    if entry is None:
        return "–"
    return f"{entry['value']:.3f} [{entry['low']:.3f}, {entry['high']:.3f}]"


def classes(table: dict[str, Any], prefix: str = "") -> str:
    return "\n".join(
        f"| {prefix}{name} | {figure(row | {'value': row['f1']})} | {row['precision']:.3f} "
        f"| {row['recall']:.3f} | {row['support']} |"
        for name, row in table.items()
    )


def speed_section(path: pathlib.Path | None) -> str:
    if path is None:
        return ""
    found = json.loads(path.read_text("utf-8"))
    speed, memory = found["sentences_per_cpu_second"], found["peak_memory_mib"]
    ours = speed["library_end_to_end_int8_one_by_one"]
    theirs = speed["camelbert_shaped_torch_fp32_batch_32"]
    machine = found["provenance"]["machine"]
    vnni = any("vnni" in name for name, there in machine["flags"].items() if there)
    lines = [
        "## Speed",
        "",
        f"One thread of {machine['cpu']} ({'with' if vnni else 'without'} VNNI), in sentences per "
        "CPU-second, end to end with actors:",
        "",
        f"- {ours['median']:.1f} [{ours['min']:.1f}, {ours['max']:.1f}], against "
        f"{theirs['median']:.1f} for a CAMeLBERT-shaped model in torch fp32 (batches of 32 in "
        f"length order): {speed['ratio']['median']:.1f} times",
        f"- cold start (import to first result): "
        f"{found['cold_start_seconds']['import_to_first_result']['median']:.2f} s",
        f"- peak resident memory: {memory['after_the_sentences']['median']:.0f} MiB, "
        f"{memory['after_an_input_cut_at_the_limit']['median']:.0f} MiB after a 512-token input",
        "",
        f"`{found['provenance']['command']}`",
        "",
    ]
    return "\n".join(lines)


def card(args: argparse.Namespace) -> str:
    settings = ModelSettings.load(args.model)
    calibration = Calibration.load(args.model / CALIBRATION_FILE)
    weights = (args.model / ONNX_FILE).read_bytes()
    training = json.loads((args.model / TRAINING_FILE).read_text("utf-8"))
    config = training["config"]
    encoder = json.loads((args.model / CONFIG_FILE).read_text("utf-8"))
    record = json.loads(args.evaluation.read_text("utf-8"))
    variants = {name: record["variants"][name] for name in VARIANTS if name in record["variants"]}
    ours = variants["shipped_int8"]
    head = "| | " + " | ".join(VARIANTS[name] for name in variants) + " |"
    results = [head, "|---|" + "---|" * len(variants)]
    for key, label in ROWS.items():
        cells = [figure(v["all"].get(key)) for v in variants.values()]
        results.append(f"| {label} | " + " | ".join(cells) + " |")
    drawn = ["| | random part |", "|---|---|"]
    drawn += [f"| {label} | {figure(ours['random'].get(key))} |" for key, label in ROWS.items()]
    compared = [
        f"- {c['measure']}: {VARIANTS[c['first']]} minus {VARIANTS[c['second']]} "
        f"{100 * c['difference']:+.1f} points [{100 * c['low']:+.1f}, {100 * c['high']:+.1f}], "
        f"p = {c['p']:.3f} (paired bootstrap)"
        for c in record["comparisons"]
        if c["part"] == "all" and c["first"] == "shipped_int8"
    ]
    selective = ours["all"]["selective_accuracy"]["primary"]
    starter = sum(
        len(pathlib.Path(path).read_text("utf-8").splitlines())
        for path in set(config["train"])  # one that is read twice was written once
        if "starter" in path
    )
    return TEMPLATE.read_text("utf-8").format(
        name=settings.name,
        layers=encoder["num_hidden_layers"],
        intermediate=encoder["intermediate_size"],
        size=len(weights) / 1e6,
        sha=hashlib.sha256(weights).hexdigest()[:16],
        starter=starter,
        seed=config["seed"],
        epochs=config["epochs"],
        minutes=training["minutes"],
        unsure=figure(ours["all"]["abstention"]["share"]),
        answered=figure(ours["all"]["abstention"]["accuracy_answered"]),
        abstained=figure(ours["all"]["abstention"]["accuracy_abstained"]),
        low=float(np.min(calibration.thresholds)),
        high=float(np.max(calibration.thresholds)),
        abstain=calibration.abstain_below,
        close_events=calibration.close_events,
        close_stance=calibration.close_stance,
        sentences=ours["all"]["sentences"],
        random=ours["random"]["sentences"],
        results="\n".join(results),
        drawn="\n".join(drawn),
        comparisons="\n".join(compared),
        selective="\n".join(f"| {c} | {figure(f)} |" for c, f in selective.items()),
        against=figure(ours["all"]["against_though_all_targets_none"]),
        events=classes(ours["events"]),
        stances=classes(ours["sentence_stance"], "sentence: ")
        + "\n"
        + classes(ours["target_stance"], "target: "),
        speed=speed_section(args.speed),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, default=pathlib.Path("models/default"))
    parser.add_argument("--evaluation", type=pathlib.Path, required=True)
    parser.add_argument("--speed", type=pathlib.Path)
    args = parser.parse_args()
    (args.model / "README.md").write_text(card(args), "utf-8")


if __name__ == "__main__":
    main()
