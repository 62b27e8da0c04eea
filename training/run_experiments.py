"""Try ways to a better model and record each, good or bad; resumable.

    python training/run_experiments.py                  # all that have no result yet
    python training/run_experiments.py starter_in base  # these

Each variant of ``training/experiments.toml`` is trained, judged on the development set with
cross-fitted calibration, compared with the variant ``base`` by a paired bootstrap over sentences,
and appended to ``training/results/experiments.jsonl``; ``experiments.md`` beside it is the table.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
import time
import tomllib
from collections.abc import Sequence
from typing import Any

import numpy as np

from conflict_nlp import metrics
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.scores import FIGURES, cross_fitted, measures
from conflict_nlp.learning.checkpoint import load_checkpoint, load_encoder
from conflict_nlp.learning.config import TrainConfig
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits, predict_topics, predict_torch
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.trainer import train

DECLARED = pathlib.Path("training/experiments.toml")
RESULTS = pathlib.Path("training/results/experiments.jsonl")
DRAWS = 500
FOLDER = pathlib.Path("artifacts/experiments")
BASE = FOLDER / "base/dev_logits.npz"


def sample_rows(source: pathlib.Path, target: pathlib.Path, rows: int, seed: int) -> None:
    """The same sample of labelled sentences for every variant."""
    if not target.exists():
        lines = source.read_text("utf-8").splitlines()
        chosen = random.Random(seed).sample(lines, rows)
        target.parent.mkdir(exist_ok=True)
        target.write_text("\n".join(chosen) + "\n", "utf-8")


def pairs_beside_spans(folder: pathlib.Path, dev: Sequence[Example]) -> dict[str, float]:
    """Target stance, read from spans in the one pass and from a pass a target, decided alike."""
    model, settings = load_checkpoint(folder)
    scheme = LabelScheme.of_model(settings)
    encoder = load_encoder(settings, folder)
    named = [(e.text, t.text, t.stance) for e in dev for t in e.targets if t.span is not None]
    pairs = predict_topics(model, scheme, encoder, [(text, target) for text, target, _ in named])
    one_pass = predict_torch(model, scheme, encoder, dev)
    inside = np.r_[False, one_pass.rows[1:] == one_pass.rows[:-1]]
    classes = len(scheme.stances)
    true = metrics.one_hot(np.array([scheme.stance_index(s) for *_, s in named]), classes)
    return {
        name: metrics.macro_f1(true, metrics.one_hot(logits.argmax(1), classes))
        for name, logits in (("spans", one_pass.stance[inside]), ("pairs", pairs))
    }


def config_of(name: str, settings: dict[str, Any]) -> TrainConfig:
    """The settings as declared; a list in TOML is a tuple there."""
    values = {n: tuple(v) if isinstance(v, list) else v for n, v in settings.items()}
    return TrainConfig(**{"output": str(FOLDER / name), **values})


def run(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Train and judge one variant."""
    config = config_of(name, settings)
    folder = pathlib.Path(config.output)
    files = [*config.train, *config.auxiliary, config.dev]
    # Before training: a commit made meanwhile is not what was run.
    about = provenance(files, {"training": config.seed, "bootstrap": 0})
    start = time.process_time()
    train(config)
    minutes = (time.process_time() - start) / 60
    model, saved = load_checkpoint(folder)
    scheme = LabelScheme(saved.events, saved.stances, saved.codebook)
    dev = read_labelled(config.dev)
    logits = predict_torch(model, scheme, load_encoder(saved, folder), dev)
    logits.save(folder / "dev_logits.npz")
    ours = measures(cross_fitted(logits, dev, scheme), dev, scheme)
    theirs = measures(cross_fitted(Logits.load(BASE), dev, scheme), dev, scheme)
    everything = np.arange(len(dev))
    figures = {}
    for figure in FIGURES:
        low, high = metrics.bootstrap_interval(
            lambda rows, f=figure: ours[f](rows) - theirs[f](rows), len(dev), draws=DRAWS
        )
        value = ours[figure](everything)
        change = value - theirs[figure](everything)
        figures[figure] = {"value": value, "change": change, "low": low, "high": high}
    record = {"variant": name, "settings": settings, "figures": figures}
    if config.topic_share == 1.0:
        record["target_stance_macro_f1_uncalibrated"] = pairs_beside_spans(folder, dev)
    record["minutes"] = round(minutes, 1)
    return record | {"provenance": about}


def recorded() -> list[dict[str, Any]]:
    """All results so far; another run may have added to them."""
    return [json.loads(line) for line in RESULTS.read_text("utf-8").splitlines()]


def table(records: Sequence[dict[str, Any]]) -> str:
    """The results as Markdown: value, change against base with its 95 % interval."""
    lines = [
        "# Ways to a better model",
        "",
        "Development set, one seed; 6 layers and 2,000 labelled sentences unless the variant says",
        "otherwise; calibration cross-fitted. Value, then the change against `base` in points with",
        "a paired bootstrap 95 % interval over sentences (which does not cover the seed). Another",
        "processor rounds otherwise: variants below a `base, again` are compared with that run.",
        "Minutes are of one core; they are not known of runs that were paused.",
        "",
        "| variant | " + " | ".join(FIGURES) + " | minutes |",
        "|---|" + "---|" * (len(FIGURES) + 1),
    ]
    for record in records:
        cells = []
        for name in FIGURES:
            f = record["figures"][name]
            change = f"{100 * f['change']:+.1f} [{100 * f['low']:+.1f}, {100 * f['high']:+.1f}]"
            cells.append(f"{f['value']:.3f} ({change})")
        lines.append(
            f"| {record['variant']} | " + " | ".join(cells) + f" | {record['minutes'] or '–'} |"
        )
    for record in records:
        found = record.get("target_stance_macro_f1_uncalibrated")
        if found:
            lines += [
                "",
                f"`{record['variant']}`: target stance {found['pairs']:.3f} when each target is "
                f"read as a sentence-target pair, {found['spans']:.3f} from the spans of the one "
                "pass, both without calibration.",
            ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variants", nargs="*", help="names; all without a result by default")
    args = parser.parse_args()
    declared = tomllib.loads(DECLARED.read_text("utf-8"))
    labels = pathlib.Path("../shared/data/labels/train.jsonl")
    sample_rows(labels, pathlib.Path("artifacts/train2000.jsonl"), 2000, 13)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.touch()
    known = {record["variant"] for record in recorded()}
    wanted = args.variants or [n for n in declared["variants"] if n not in known]
    if not BASE.exists() and any(name != "base" for name in wanted):
        # Every variant is compared with it; its record may be there without its predictions.
        wanted = ["base", *(name for name in wanted if name != "base")]
    for name in wanted:
        settings = declared["common"] | declared["variants"][name]
        missing = config_of(name, settings).problems()
        if missing:
            print(f"{name}: skipped: {'; '.join(missing)}")
            continue
        record = run(name, settings)
        if name in known:  # made again for its predictions, with which those after it are compared
            record["variant"] = f"{name}, again"
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
        RESULTS.with_suffix(".md").write_text(table(recorded()), "utf-8")
        print(f"{name}: {record['figures']['event_macro_f1']['value']:.4f} event macro-F1")


if __name__ == "__main__":
    main()
