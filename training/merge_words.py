"""Give frequent words that the tokenizer splits a piece of their own: sentences get shorter.

    python training/merge_words.py --base artifacts/base --output artifacts/base_words \\
        --sentences ../shared/data/sentences.jsonl.gz --words 5000

A multilingual vocabulary needs almost half as many tokens again for Arabic news as an Arabic one,
and the encoder's time goes with their number. A new piece starts from the mean of the embeddings of
the pieces it replaces (Gee et al. 2022, "Fast Vocabulary Transfer for Language Model Compression")
and is trained with everything else. The words are chosen by the number of tokens they save.
"""

from __future__ import annotations

import argparse
import collections
import gzip
import json
import math
import pathlib
import random
import re
import shutil

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from conflict_nlp._model_files import TOKENIZER_FILE
from conflict_nlp.text import Normalizer, repair

WEIGHTS = "model.safetensors"
EMBEDDINGS = "embeddings.word_embeddings.weight"
MASK = "<mask>"  # stands last, as in the base
RAREST = 8  # a word seen less often is not worth a row of the embeddings
WORD = re.compile(r"[\u0621-\u064a]{2,}")
UNKNOWN = -20.0  # score of a piece that the vocabulary lacks


def read_texts(path: pathlib.Path, rows: int, seed: int) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    chosen = random.Random(seed).sample(texts, min(rows, len(texts)))
    normalizer = Normalizer()
    return [normalizer(repair(text)).text for text in chosen]


def choose(texts: list[str], tokenizer: Tokenizer, words: int) -> list[tuple[str, float]]:
    """The words that save most tokens, each with the logarithm of its frequency."""
    counts = collections.Counter(word for text in texts for word in WORD.findall(text))
    total = sum(counts.values())
    saved = []
    for word, count in counts.items():
        if count < RAREST:
            continue
        spare = len(tokenizer.encode(word, add_special_tokens=False).ids) - 1
        if spare > 0:
            saved.append((-spare * count, word))
    return [(word, math.log(counts[word] / total)) for _, word in sorted(saved)[:words]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=pathlib.Path, default=pathlib.Path("artifacts/base"))
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--sentences", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, default=40_000, help="sentences to count words in")
    parser.add_argument("--words", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    before = Tokenizer.from_file(str(args.base / TOKENIZER_FILE))
    chosen = choose(read_texts(args.sentences, args.rows, args.seed), before, args.words)

    description = json.loads((args.base / TOKENIZER_FILE).read_text("utf-8"))
    pieces = description["model"]["vocab"]
    scores = dict(map(tuple, pieces))
    mask = pieces.pop()
    if mask[0] != MASK:
        raise SystemExit(f"the last piece of {args.base} is {mask[0]!r}, not {MASK}; build it anew")
    state = load_file(args.base / WEIGHTS)
    table = state[EMBEDDINGS]
    rows = [table[:-1]]
    for word, frequency in chosen:
        parts = before.encode(word, add_special_tokens=False)
        # The segmentation of the highest score is taken, so a word must beat its own parts.
        whole = sum(scores.get(part, UNKNOWN) for part in parts.tokens)
        pieces.append([f"▁{word}", max(frequency, whole + 0.5)])
        rows.append(table[parts.ids].mean(0, keepdim=True))
    pieces.append(mask)
    for token in description["added_tokens"]:
        if token["content"] == MASK:
            token["id"] = len(pieces) - 1
    state[EMBEDDINGS] = torch.cat([*rows, table[-1:]]).contiguous()

    shutil.copytree(args.base, args.output, dirs_exist_ok=True)
    save_file(state, args.output / WEIGHTS, metadata={"format": "pt"})
    text = json.dumps(description, ensure_ascii=False)
    (args.output / TOKENIZER_FILE).write_text(text, "utf-8")
    config = json.loads((args.base / "config.json").read_text("utf-8"))
    config["vocab_size"] = len(pieces)
    (args.output / "config.json").write_text(json.dumps(config, indent=1) + "\n", "utf-8")
    # Counted on sentences that the words were not chosen from, for the most part.
    after, held = Tokenizer.from_str(text), read_texts(args.sentences, 1000, args.seed + 1)
    lengths = [sum(len(t.encode(s).ids) for s in held) / len(held) for t in (before, after)]
    print(f"{len(pieces)} pieces; tokens a sentence {lengths[0]:.1f} → {lengths[1]:.1f}")


if __name__ == "__main__":
    main()
