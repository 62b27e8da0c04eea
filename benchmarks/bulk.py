"""Bulk classification of a corpus, beside Hugging Face pipelines on the same cores.

    python benchmarks/bulk.py --output benchmarks/results/bulk.json

The whole corpus goes through ``conflict_nlp.bulk.classify_files`` into Parquet, end to end
(reading, repair, actors, tokens, model, calibration, writing), the cache for repeated sentences
off. Beside it, on a sample, in the same run and with the same number of threads:

- the runtime alone, on the tokens of the sample made beforehand, as many calls at once as cores, in
  turns with the library end to end;
- ``pipeline("text-classification")`` with the same encoder in torch, and with a model of
  CAMeLBERT's shape (BERT-base, 30,000 pieces, random weights), batches of 32 with dynamic padding,
  the sentences as they come and sorted by length. They find no actors and judge no stance.
"""

from __future__ import annotations

import os

os.environ["TOKENIZERS_PARALLELISM"] = "false"

import argparse
import json
import pathlib
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from speed import BATCH, PIECES, SEED, corpus, summary, wordpiece

from conflict_nlp import Classifier
from conflict_nlp._model_files import ONNX_FILE, TOKENIZER_FILE
from conflict_nlp._parallel import cores, in_order
from conflict_nlp._resources import model_path
from conflict_nlp.bulk import Options, classify_files
from conflict_nlp.evaluation.provenance import provenance
from conflict_nlp.text import repair

TURNS = 5
MEMORY_AT = 10_000  # rows after which memory is read for the first time


def memory_mib() -> float:
    """Memory of this process that is in use now."""
    status = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def measured(work: Callable[[], Any], rows: int) -> dict[str, float]:
    """Sentences a second and CPU-seconds of a piece of work."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {
        "sentences": rows,
        "seconds": wall,
        "cpu_seconds": cpu,
        "sentences_per_second": rows / wall,
        "sentences_per_cpu_second": rows / cpu,
    }


def whole(classifier: Classifier, path: pathlib.Path) -> dict[str, Any]:
    """The corpus end to end, and how much memory it takes on the way."""
    memory: list[float] = []
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        if done >= MEMORY_AT:
            memory.append(memory_mib())

    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "out.parquet"
        options = Options(cache=0)

        def work() -> None:
            classify_files(classifier, [str(path)], output, options, advance=advance)

        figures: dict[str, Any] = measured(work, 0)
        figures["output_bytes"] = output.stat().st_size
    figures["sentences"] = done
    for unit, spent in (("second", "seconds"), ("cpu_second", "cpu_seconds")):
        figures[f"sentences_per_{unit}"] = done / figures[spent]
    if memory:
        figures["memory_mib"] = {
            "after_10000_rows": memory[0],
            "largest_after_that": max(memory),
            "at_the_end": memory_mib(),
        }
    return figures


def beside_the_runtime(classifier: Classifier, texts: Sequence[str]) -> dict[str, Any]:
    """End to end, and the runtime alone on tokens made beforehand with the same targets.

    Both in turns, so that a disturbance meets both; of each the run of the median time is given.
    """
    inputs = []
    for text in texts:
        repaired = repair(text)
        encoded = classifier.encoder.encode(repaired)
        spans = [(m.start, m.end) for m in classifier.lexicon.find(repaired) if m.start is not None]
        inputs.append((encoded.ids, encoded.target_masks(spans)))
    turns: dict[str, list[dict[str, float]]] = {"end_to_end": [], "runtime_alone": []}
    for _ in range(TURNS):
        turns["end_to_end"].append(measured(lambda: classifier.classify(texts), len(texts)))
        turns["runtime_alone"].append(
            measured(
                lambda: list(in_order(lambda given: classifier.runtime(*given), inputs)), len(texts)
            )
        )
    shares = [
        ours["sentences_per_second"] / alone["sentences_per_second"]
        for ours, alone in zip(turns["end_to_end"], turns["runtime_alone"], strict=True)
    ]
    median = {
        f"sample_{name}": sorted(runs, key=lambda run: run["seconds"])[TURNS // 2]
        for name, runs in turns.items()
    }
    return {**median, "share_of_the_runtime_alone": summary(shares)}


def pipelines(folder: pathlib.Path, args: argparse.Namespace) -> dict[str, Any]:
    """The two pipelines, ready to run."""
    import torch
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    from conflict_nlp.learning.exported import load_exported

    torch.set_num_threads(cores())
    torch.manual_seed(SEED)
    model, _ = load_exported(folder)
    same = BertForSequenceClassification(model.encoder.config)
    same.bert.load_state_dict(model.encoder.state_dict(), strict=False)
    special = {"pad_token": "<pad>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>"}
    own = PreTrainedTokenizerFast(tokenizer_file=str(folder / TOKENIZER_FILE), **special)
    pieces = args.cache / "wordpiece30k.json"
    wordpiece(corpus(args.corpus), pieces)
    camel = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    other = PreTrainedTokenizerFast(tokenizer_file=str(pieces), **camel)
    shaped = BertForSequenceClassification(BertConfig(vocab_size=PIECES, num_labels=24))
    return {
        name: pipeline("text-classification", model=made.eval(), tokenizer=tokenizer, device="cpu")
        for name, made, tokenizer in (("same_model", same, own), ("camelbert", shaped, other))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--corpus", type=pathlib.Path, default="../shared/data/sentences.jsonl.gz")
    parser.add_argument("--sample", type=int, default=2000)
    parser.add_argument("--cache", type=pathlib.Path, default="artifacts/benchmarks")
    parser.add_argument("--output", type=pathlib.Path, default="benchmarks/results/bulk.json")
    args = parser.parse_args()
    folder = model_path(args.model)
    classifier = Classifier.from_pretrained(args.model)
    texts = random.Random(SEED).sample(list(corpus(args.corpus)), args.sample)

    classifier.classify(texts[:50])  # warms up
    figures: dict[str, Any] = {"threads": cores(), "whole_corpus": whole(classifier, args.corpus)}
    figures |= beside_the_runtime(classifier, texts)
    settings = {"batch_size": BATCH, "truncation": True, "max_length": 512}
    for name, made in pipelines(folder, args).items():
        made(texts[:BATCH], **settings)
        for order, given in (("unsorted", texts), ("sorted", sorted(texts, key=len))):
            figures[f"pipeline_{name}_{order}"] = measured(
                lambda made=made, given=given: made(given, **settings),  # type: ignore[misc]
                len(texts),
            )
            print(name, order, figures[f"pipeline_{name}_{order}"], flush=True)
    ours = figures["sample_end_to_end"]["sentences_per_second"]
    figures["times_camelbert_pipeline_unsorted"] = (
        ours / figures["pipeline_camelbert_unsorted"]["sentences_per_second"]
    )
    figures["load_average"] = os.getloadavg()
    files = [args.corpus, folder / ONNX_FILE]
    figures["provenance"] = provenance(files, {"sample": SEED, "weights": SEED}, threads=cores())
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps({k: v for k, v in figures.items() if k != "provenance"}, indent=1))


if __name__ == "__main__":
    main()
