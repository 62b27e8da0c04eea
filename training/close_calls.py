"""How close is close: what second readings without actors' names cost and give, on dev.

    python training/close_calls.py --model models/default --labels ../shared/data/labels \\
        --output training/results/close_calls.json

A sentence is read once more, its actors exchanged for stand-ins, where an event type is nearer to
its threshold than ``close_events``, or the two likeliest stances to each other than
``close_stance`` (log-odds). For a grid of both: quality with the calibration as stored, the share
of sentences read twice, and how many sentences keep their answers when one actor is exchanged for
another of its kind. A Markdown table is written beside the JSON.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp import Classifier
from conflict_nlp._close_calls import CloseCalls
from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE
from conflict_nlp.calibration import Calibration
from conflict_nlp.evaluation.actor_swaps import swap_actors
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.evaluation.scores import decide, measures
from conflict_nlp.evaluation.suites import interval
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.predict import Logits, predict_in_use
from conflict_nlp.learning.read import read_labelled

DRAWS = 1000  # bootstrap resamples
EVENTS, STANCE = (0.0, 0.3, 0.4, 0.45, 0.5, 0.6), (0.0, 0.2, 0.3, 0.4)
FIGURES = {
    "event_macro_f1": "events, macro-F1",
    "primary_accuracy": "primary, accuracy",
    "sentence_stance_macro_f1": "sentence stance, macro-F1",
}
Bools = npt.NDArray[np.bool_]


@dataclasses.dataclass(frozen=True)
class Readings:
    """Both readings of some sentences; where there is no second one, it is the first."""

    first: Logits
    second: Logits

    @classmethod
    def of(cls, model: Classifier, texts: Sequence[str]) -> Readings:
        """Read every sentence twice."""
        always = dataclasses.replace(model.calibration, close_events=np.inf, close_stance=np.inf)
        twice = CloseCalls(model.encoder, always, model.lexicon)
        bare = [Example(str(row), text, None, None) for row, text in enumerate(texts)]
        first, second = (
            predict_in_use(model.runtime, model.encoder, bare, close_calls=calls)
            for calls in (None, twice)
        )
        return cls(first, second)

    def settled(self, calibration: Calibration) -> tuple[Logits, Bools]:
        """What is answered, and which sentences are read twice for it."""
        one, two = self.first, self.second
        close = np.array(list(map(calibration.is_close, one.events, one.stance)))
        close &= (one.events != two.events).any(1)
        events, primary, stance = (
            np.where(close[:, None], getattr(two, name), getattr(one, name))
            for name in ("events", "primary", "stance")
        )
        return Logits(one.ids, events, primary, stance, one.rows), close


def tried(
    calibration: Calibration,
    dev: Sequence[Example],
    scheme: LabelScheme,
    plain: Readings,
    pairs: Sequence[Readings],
) -> dict[str, Any]:
    """Figures of one pair of distances."""
    logits, twice = plain.settled(calibration)
    sentences = [dataclasses.replace(example, targets=()) for example in dev]
    found = measures(decide(logits, calibration), sentences, scheme)
    rows = np.arange(len(dev))
    before, after = (decide(pair.settled(calibration)[0], calibration) for pair in pairs)
    reported = before.events.any(1)
    same = {
        "events_same": (before.events == after.events).all(1)[reported],
        "stance_same": (before.stance == after.stance)[reported],
    }
    return {
        "close_events": calibration.close_events,
        "close_stance": calibration.close_stance,
        "read_twice": float(twice.mean()),
        "swapped_sentences": int(reported.sum()),
        **{name: found[name](rows) for name in FIGURES},
        **{
            name: interval(lambda rows, kept=kept: float(kept[rows].mean()), len(kept), DRAWS)
            for name, kept in same.items()
        },
    }


def markdown(record: dict[str, Any]) -> str:
    """The table."""
    names = ["events within", "stances within", "read twice", *FIGURES.values()]
    names += ["events the same", "stance the same"]
    lines = [
        "# Second readings without actors' names, on dev",
        "",
        "Distances in log-odds within which a sentence is read once more; quality on dev (the "
        "calibration was fitted on it, so only differences count); share of the sentences with an "
        "event whose answers stay the same when one actor is exchanged, with a 95 % bootstrap "
        "interval over sentences. Written by `training/close_calls.py`.",
        "",
        "| " + " | ".join(names) + " |",
        "|" + "---:|" * len(names),
    ]
    for row in record["tried"]:
        cells = [f"{row['close_events']:.2f}", f"{row['close_stance']:.2f}"]
        cells += [f"{row['read_twice']:.1%}", *(f"{row[name]:.3f}" for name in FIGURES)]
        for name in ("events_same", "stance_same"):
            same = row[name]
            cells.append(f"{same['value']:.1%} [{same['low']:.1%}, {same['high']:.1%}]")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=pathlib.Path, default="models/default")
    parser.add_argument("--labels", type=pathlib.Path, default="../shared/data/labels")
    parser.add_argument("--output", type=pathlib.Path, default="training/results/close_calls.json")
    args = parser.parse_args(arguments)
    path = args.labels / "dev.jsonl"
    model, dev = Classifier.from_pretrained(args.model), read_labelled(path)
    swaps = swap_actors([example.text for example in dev], model.lexicon)
    plain, *pairs = (
        Readings.of(model, texts)
        for texts in (
            [example.text for example in dev],
            [swap.text for swap in swaps],
            [swap.swapped for swap in swaps],
        )
    )
    scheme = LabelScheme.of_model(model.settings)
    grid = [
        dataclasses.replace(model.calibration, close_events=events, close_stance=stance)
        for events, stance in itertools.product(EVENTS, STANCE)
    ]
    files = [path, args.model / ONNX_FILE, args.model / CALIBRATION_FILE]
    record = {
        "provenance": provenance(files, {"swaps": 0, "bootstrap": 0}),
        "tried": [tried(calibration, dev, scheme, plain, pairs) for calibration in grid],
    }
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    args.output.with_suffix(".md").write_text(markdown(record), "utf-8")
    print(f"written: {args.output} and {args.output.with_suffix('.md')}")


if __name__ == "__main__":
    main()
