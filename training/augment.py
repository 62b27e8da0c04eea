"""Labelled sentences once more, with another actor or with the dirt and slips of real texts.

    python training/augment.py --output artifacts/augmented.jsonl

What happened does not depend on who did it, nor on typing errors: each sentence with a fitting
actor gets, by chance, another one of its kind in its place, every other sentence one of the
perturbations of ``conflict_nlp.evaluation.perturb``. Labels stay; the spans of targets move along.
Only training sentences are changed. The output holds their text and must not be published.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
from collections.abc import Sequence

from conflict_nlp.actors import Lexicon
from conflict_nlp.evaluation.actor_swaps import Swap, swap_actors
from conflict_nlp.evaluation.perturb import perturbed_words
from conflict_nlp.learning.examples import Example
from conflict_nlp.learning.read import read_labelled

# What a text suffers, by how often. Diacritics, kashida, mojibake and digits are mended before the
# model reads a sentence, so there is nothing to learn from them.
NOISE = {
    "entities": 3,
    "typing_errors": 3,
    "social_media_noise": 2,
    "spelling": 2,
    "no_punctuation": 1,
    "split_clitics": 1,
}
Span = tuple[int, int]
Row = dict[str, object]


def moved_by_swap(span: Span, swap: Swap) -> Span:
    """A target's span in the sentence with the other actor."""
    (start, end), (first, last) = span, swap.span
    more = len(swap.swapped) - len(swap.text)
    if end <= first:
        return span
    if start >= last:
        return start + more, end + more
    return min(start, first), max(end, last) + more


def moved_by_words(span: Span, text: str, words: Sequence[str]) -> Span:
    """A target's span once each word has become another; it then covers whole words."""
    before = after = 0
    start, end = None, 0
    for old, new in zip(text.split(" "), words, strict=True):
        if before < span[1] and span[0] < before + len(old):
            start = after if start is None else start
            end = after + len(new)
        before += len(old) + 1
        after += len(new) + 1
    return (start or 0), end


def changed(example: Example, swap: Swap | None, chance: random.Random, seed: int) -> Row:
    """A row of labelled data with the changed sentence."""
    named = [(t.span, t.stance) for t in example.targets if t.span is not None]
    if swap is not None:
        text, how = swap.swapped, "swap"
        spans = [moved_by_swap(span, swap) for span, _ in named]
    else:
        how = chance.choices(list(NOISE), list(NOISE.values()))[0]
        words = perturbed_words(example.text, how, seed)
        text = " ".join(words)
        spans = [moved_by_words(span, example.text, words) for span, _ in named]
    return {
        "id": f"{how}:{example.id}",
        "text": text,
        "events": example.events,
        "stance": example.stance,
        "targets": [
            {"text": text[start:end], "start": start, "end": end, "stance": stance}
            for (start, end), (_, stance) in zip(spans, named, strict=True)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=pathlib.Path, default="../shared/data/labels/train.jsonl")
    parser.add_argument("--output", type=pathlib.Path, default="artifacts/augmented.jsonl")
    parser.add_argument(
        "--swapped", type=float, default=0.6, help="share of the sentences to exchange an actor in"
    )
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    chance = random.Random(args.seed)
    examples = read_labelled(args.labels)
    asked = [example.text for example in examples if chance.random() < args.swapped]
    swaps = {swap.text: swap for swap in swap_actors(asked, Lexicon.load(), args.seed)}
    args.output.parent.mkdir(parents=True, exist_ok=True)
    with args.output.open("w", encoding="utf-8") as file:
        for example in examples:
            row = changed(example, swaps.get(example.text), chance, args.seed)
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{len(examples)} sentences in {args.output}, {len(swaps)} with another actor")


if __name__ == "__main__":
    main()
