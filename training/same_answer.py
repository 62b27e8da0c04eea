"""Unlabelled sentences about several actors in turn, all with one answer: the mean of teachers.

    python training/same_answer.py --teacher models/default --sentences 4000 \\
        --written 2 1 --output artifacts/same_answer.jsonl artifacts/same_answer_once.jsonl

What happened does not depend on who did it, and yet a classifier's answer does, a little, on every
name that it has read. Here each sentence is read with several actors of the kind that it names, in
turn; the mean of what the teacher says of all of them is what a student is to say of each. Several
teachers (``--teacher`` may be repeated) err apart, so that their mean errs less. Labelled sentences
with another actor (``augment.py``) teach the same by their labels, which leave open how sure to be.
The output holds the sentences' text and must not be published.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from augment import moved_by_swap
from found_targets import with_found_targets
from pseudo_label import Probabilities, pool, soft_row
from rich.progress import track

from conflict_nlp import Classifier
from conflict_nlp.actors import Lexicon
from conflict_nlp.evaluation.actor_swaps import Swap, swap_actors
from conflict_nlp.learning.examples import Example
from conflict_nlp.learning.predict import predict_in_use
from conflict_nlp.learning.read import read_labelled


def versions(
    examples: Sequence[Example], lexicon: Lexicon, actors: int, seed: int
) -> list[list[Example]]:
    """Each sentence in which an actor can be exchanged, followed by itself with other actors."""
    texts = [example.text for example in examples]
    swaps: dict[str, list[Swap]] = {}
    for turn in range(actors):
        for swap in swap_actors(texts, lexicon, seed + turn):
            swaps.setdefault(swap.text, []).append(swap)
    found = []
    for example in examples:
        others = {swap.swapped: swap for swap in swaps.get(example.text, ())}
        if others:
            swapped = [_swapped(example, *numbered) for numbered in enumerate(others.values(), 1)]
            found.append([example, *swapped])
    return found


def _swapped(example: Example, turn: int, swap: Swap) -> Example:
    targets = []
    for target in example.targets:
        assert target.span is not None  # found in the text
        start, end = moved_by_swap(target.span, swap)
        targets.append(replace(target, text=swap.swapped[start:end], span=(start, end)))
    return replace(example, id=f"{turn}:{example.id}", text=swap.swapped, targets=tuple(targets))


def taught(
    teachers: Sequence[str], examples: Sequence[Example]
) -> tuple[Probabilities, Probabilities, Probabilities, npt.NDArray[np.int64]]:
    """The mean of the teachers' probabilities.

    Returns:
        Events, ``[examples, events]``; primary events, ``[examples, events + 1]``; stances,
        ``[rows, stances]``; and of each of these rows the place of its example.
    """
    answers = []
    for name in track(teachers, "labelling"):
        teacher = Classifier.from_pretrained(name)
        logits = predict_in_use(teacher.runtime, teacher.encoder, examples)
        known = teacher.calibration
        answers.append(
            (
                known.events(logits.events),
                known.primary(logits.primary),
                known.stance(logits.stance),
            )
        )
    events, primary, stances = (np.mean(each, 0) for each in zip(*answers, strict=True))
    return events, primary, stances, logits.rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--teacher", action="append", required=True)
    parser.add_argument("--labels", type=pathlib.Path, default="../shared/data/labels/train.jsonl")
    parser.add_argument("--corpus", type=pathlib.Path, default="../shared/data/sentences.jsonl.gz")
    parser.add_argument("--output", type=pathlib.Path, nargs="+", required=True)
    parser.add_argument("--sentences", type=int, default=4000)
    parser.add_argument("--actors", type=int, default=4, help="others to read each sentence with")
    parser.add_argument(
        "--written", type=int, nargs="+", default=[2], help="of which so many go into each output"
    )
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    if len(args.written) != len(args.output):
        parser.error(f"{len(args.output)} outputs, but {len(args.written)} numbers for --written")
    chance = random.Random(args.seed)
    unlabelled = pool(args.corpus, {example.id for example in read_labelled(args.labels)})
    drawn = with_found_targets(chance.sample(unlabelled, min(2 * args.sentences, len(unlabelled))))
    groups = versions(drawn, Lexicon.load(), args.actors, args.seed)[: args.sentences]
    if not groups:
        parser.error(f"no sentence of {args.corpus} names an actor that can be exchanged")
    events, primary, stances, rows_of = taught(args.teacher, [e for group in groups for e in group])
    # Which stance a target gets, of the mean: by the first teacher's weights of the stances.
    calibration = Classifier.from_pretrained(args.teacher[0]).calibration

    first = 0
    written: list[list[str]] = [[] for _ in args.output]
    for group in groups:
        places = range(first, first + len(group))
        first += len(group)
        stance = np.mean([stances[rows_of == i] for i in places], 0)
        decided = calibration.decided_stance(stance[1:])
        for lines, count in zip(written, args.written, strict=True):
            for example in chance.sample(group, min(count, len(group))):
                row = soft_row(
                    example, events[places].mean(0), primary[places].mean(0), stance, decided
                )
                lines.append(json.dumps(row, ensure_ascii=False) + "\n")
    for path, lines in zip(args.output, written, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(lines), "utf-8")
    print(f"{len(groups)} sentences, read with {first / len(groups):.1f} actors each")


if __name__ == "__main__":
    main()
