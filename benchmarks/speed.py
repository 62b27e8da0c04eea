"""Speed, cold start, memory and size of the shipped model, beside a CAMeLBERT-shaped one.

    python benchmarks/speed.py --output benchmarks/results/speed.json

Both read the same sentences in one process on one thread, in turns. The library classifies them one
by one, end to end (repair, actors, tokens, model, calibration, result). The other model has the
shape of CAMeLBERT (BERT-base, 30,000 pieces, random weights; a WordPiece trained on the same corpus
gives it a realistic number of tokens), reads batches of 32 in order of length, in torch fp32 under
``inference_mode``, and does nothing but tokenise and encode: the comparison favours it.

Speed is in sentences per CPU-second, which other processes disturb less than wall time. The corpus
is read where it lies; no sentence is written anywhere.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", TOKENIZERS_PARALLELISM="false")

import argparse
import gzip
import json
import pathlib
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from conflict_nlp import Classifier
from conflict_nlp._model_files import ONNX_FILE, TOKENIZER_FILE
from conflict_nlp._resources import model_path
from conflict_nlp.evaluation.provenance import provenance

SEED = 0
BATCH = 32
PIECES = 30_000
EXAMPLE = "قصفت المدفعية أحياء المدينة القديمة فجر اليوم وسقط ثلاثة جرحى."

COLD_START = """
import time
start = time.perf_counter()
from conflict_nlp import Classifier
Classifier.from_pretrained({model!r}).classify({example!r})
print(time.perf_counter() - start, time.process_time())
"""
# VmHWM and not getrusage: a child inherits the latter's peak from the process that started it.
MEMORY = """
import json, pathlib, sys
from conflict_nlp import Classifier
texts = json.load(sys.stdin)
classifier = Classifier.from_pretrained({model!r})
for text in texts:
    classifier.classify(text)
status = pathlib.Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM")))
"""


def corpus(path: pathlib.Path) -> Iterator[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def summary(values: list[float]) -> dict[str, Any]:
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "repeats": len(values),
    }


def rate(work: Callable[[], None], sentences: int) -> float:
    """Sentences per CPU-second, over all threads of this process."""
    start = time.process_time()
    work()
    return sentences / (time.process_time() - start)


def wordpiece(texts: Iterator[str], cache: pathlib.Path) -> Any:
    """A WordPiece tokenizer of 30,000 pieces trained on the corpus, kept for the next run."""
    from tokenizers import BertWordPieceTokenizer, Tokenizer

    if not cache.exists():
        maker = BertWordPieceTokenizer(strip_accents=True, lowercase=False)
        maker.train_from_iterator(texts, vocab_size=PIECES, min_frequency=2, show_progress=False)
        cache.parent.mkdir(parents=True, exist_ok=True)
        maker.save(str(cache))
    tokenizer = Tokenizer.from_file(str(cache))
    tokenizer.enable_truncation(512)
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id("[PAD]"))
    return tokenizer


def bert_base(tokenizer: Any) -> Callable[[list[str]], None]:
    """A pass over sentences with a random model of CAMeLBERT's shape and 24 outputs."""
    import torch
    from transformers import BertConfig, BertModel

    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    encoder = BertModel(BertConfig(vocab_size=PIECES), add_pooling_layer=False).eval()
    head = torch.nn.Linear(encoder.config.hidden_size, 24)

    def run(texts: list[str]) -> None:
        ordered = sorted(texts, key=len)
        with torch.inference_mode():
            for start in range(0, len(ordered), BATCH):
                batch = tokenizer.encode_batch(ordered[start : start + BATCH])
                ids = torch.tensor([e.ids for e in batch])
                mask = torch.tensor([e.attention_mask for e in batch])
                states = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
                head((states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)).sigmoid()

    return run


def child(code: str, model: str, texts: list[str] | None = None) -> list[float]:
    """The numbers that a new Python process prints, and the seconds from its start to its end."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code.format(model=model, example=EXAMPLE)],
        input=None if texts is None else json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return [*map(float, done.stdout.split()), time.perf_counter() - start]


def measure(args: argparse.Namespace) -> dict[str, Any]:
    texts = random.Random(SEED).sample(list(corpus(args.corpus)), args.sentences)
    folder = model_path(args.model)
    classifier = Classifier.from_pretrained(args.model)
    tokenizer = wordpiece(corpus(args.corpus), args.cache / "wordpiece30k.json")
    other = bert_base(tokenizer)

    def ours() -> None:
        for text in texts:
            classifier.classify(text)

    results = [classifier.classify(text) for text in texts]  # also warms up
    other(texts[:BATCH])
    speeds: dict[str, list[float]] = {"library": [], "bert_base": []}
    for _ in range(args.repeats):  # in turns, so that a disturbance meets both
        speeds["library"].append(rate(ours, len(texts)))
        speeds["bert_base"].append(rate(lambda: other(texts), len(texts)))
    ratios = [a / b for a, b in zip(speeds["library"], speeds["bert_base"], strict=True)]

    cold = [child(COLD_START, str(folder)) for _ in range(args.repeats)]
    long = " ".join(texts * 99)[:8000]
    normal = [child(MEMORY, str(folder), texts)[0] for _ in range(2)]
    longest = [child(MEMORY, str(folder), [*texts[:5], long])[0] for _ in range(2)]
    lengths = [len(e.ids) for e in map(tokenizer.encode, texts)]
    return {
        "sentences": len(texts),
        "sentences_per_cpu_second": {
            "library_end_to_end_int8_one_by_one": summary(speeds["library"]),
            "camelbert_shaped_torch_fp32_batch_32": summary(speeds["bert_base"]),
            "ratio": summary(ratios),
        },
        "targets_per_sentence": statistics.mean(len(r.targets or ()) for r in results),
        "tokens_per_sentence": {"camelbert_shaped": statistics.mean(lengths)},
        "cold_start_seconds": {
            "import_to_first_result": summary([inside for inside, _, _ in cold]),
            "process_start_to_end": summary([whole for _, _, whole in cold]),
            "cpu": summary([cpu for _, cpu, _ in cold]),
        },
        "peak_memory_mib": {
            "after_the_sentences": summary(normal),
            "after_an_input_cut_at_the_limit": summary(longest),
            "long_input_truncated": classifier.classify(long).truncated,
        },
        "model_bytes": {
            name: (folder / name).stat().st_size
            for name in sorted(p.name for p in folder.iterdir() if p.is_file())
        },
        "load_average": os.getloadavg(),
    } | _about(folder, args)


def _about(folder: pathlib.Path, args: argparse.Namespace) -> dict[str, Any]:
    files = [args.corpus, folder / ONNX_FILE, folder / TOKENIZER_FILE]
    return {"provenance": provenance(files, {"sample": SEED, "weights": SEED}, threads=1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--corpus", type=pathlib.Path, default="../shared/data/sentences.jsonl.gz")
    parser.add_argument("--sentences", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--cache", type=pathlib.Path, default="artifacts/benchmarks")
    parser.add_argument("--output", type=pathlib.Path, default="benchmarks/results/speed.json")
    args = parser.parse_args()
    record = measure(args)
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    for name in ("sentences_per_cpu_second", "cold_start_seconds", "peak_memory_mib"):
        print(name, json.dumps(record[name], indent=1))
    print(f"written: {args.output}")


if __name__ == "__main__":
    main()
