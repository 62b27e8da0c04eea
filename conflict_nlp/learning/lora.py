"""Low-rank adaptation for encoders that are too big to fine-tune whole (Hu et al. 2021)."""

from __future__ import annotations

from typing import Any

from conflict_nlp.errors import MissingExtraError
from conflict_nlp.learning.model import ConflictModel


def add_lora(model: ConflictModel, rank: int) -> None:
    """Freeze the encoder and give each of its linear layers a trainable update of low rank.

    Args:
        model: changed in place; its heads stay trainable.
        rank: of the updates, which are scaled by 2.

    Raises:
        MissingExtraError: peft is not installed.
    """
    try:
        from peft import LoraConfig, get_peft_model
    except ImportError as error:
        raise MissingExtraError("peft", "tune", "training with lora_rank") from error
    settings = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear")
    encoder: Any = get_peft_model(model.encoder, settings)
    model.encoder = encoder


def merge_lora(model: ConflictModel) -> None:
    """Add the updates to the weights, so that a plain encoder is left."""
    encoder: Any = model.encoder
    model.encoder = encoder.merge_and_unload()
