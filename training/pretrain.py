"""Continue pretraining the base encoder on unlabelled news by masked-language modelling.

    python training/pretrain.py --sentences ../shared/data/sentences.jsonl.gz \\
        --output artifacts/pretrained --rows 30000

The head is the transposed word embedding, so that no large random matrix has to be learned.
"""

from __future__ import annotations

import argparse
import gzip
import json
import pathlib
import random
import shutil

import torch
from transformers import (
    AutoConfig,
    BertForMaskedLM,
    DataCollatorForLanguageModeling,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    set_seed,
)

from conflict_nlp._model_files import TOKENIZER_FILE
from conflict_nlp.text import Normalizer, repair


def read_texts(path: pathlib.Path, rows: int | None, seed: int) -> list[str]:
    """A seeded sample of the sentences, repaired and normalised as in use."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    if rows is not None:
        texts = random.Random(seed).sample(texts, min(rows, len(texts)))
    normalizer = Normalizer()
    return [normalizer(repair(text)).text for text in texts]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=pathlib.Path, default=pathlib.Path("artifacts/base"))
    parser.add_argument("--sentences", type=pathlib.Path, required=True)
    parser.add_argument("--output", type=pathlib.Path, required=True)
    parser.add_argument("--rows", type=int, help="sentences to use; all by default")
    parser.add_argument("--layers", type=int, help="keep the first so many layers")
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=96)
    parser.add_argument("--seed", type=int, default=13)
    args = parser.parse_args()
    set_seed(args.seed)
    config = AutoConfig.from_pretrained(args.base)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    config.tie_word_embeddings = True
    if args.layers:
        config.num_hidden_layers = args.layers
    model = BertForMaskedLM(config)
    pretrained = BertForMaskedLM.base_model_prefix
    encoder = type(model.bert).from_pretrained(args.base, config=config, add_pooling_layer=False)
    getattr(model, pretrained).load_state_dict(encoder.state_dict())
    model.tie_weights()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(args.base)
    ids = tokenizer(
        read_texts(args.sentences, args.rows, args.seed),
        truncation=True,
        max_length=args.max_length,
    )["input_ids"]
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(args.output / "trainer"),
            num_train_epochs=1,
            per_device_train_batch_size=args.batch_size,
            learning_rate=args.learning_rate,
            warmup_steps=0.06,
            train_sampling_strategy="group_by_length",
            save_strategy="no",
            report_to=[],
            dataloader_pin_memory=False,
            seed=args.seed,
        ),
        train_dataset=[{"input_ids": torch.tensor(row)} for row in ids],
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.2),
    )
    trainer.train()
    model.bert.save_pretrained(args.output)
    shutil.copy(args.base / TOKENIZER_FILE, args.output / TOKENIZER_FILE)


if __name__ == "__main__":
    main()
