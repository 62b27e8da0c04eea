"""The torch model: one encoder, three heads, one pass for a sentence and all of its targets."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import MODEL_MAPPING, PretrainedConfig, PreTrainedModel

# The modules that belong to each set of labels.
HEADS = {
    "events": ("event_head", "primary_head", "label_attention"),
    "stances": ("stance_hidden", "stance_head"),
}


@dataclass(frozen=True)
class LossWeights:
    """What each head contributes to the loss, and the weights of its classes.

    Attributes:
        primary: weight of the primary head's cross-entropy against the event head's loss.
        stance: weight of the stance head's cross-entropy.
        positive: per event type, the factor on its positive examples; None for all ones.
        stance_classes: per stance, the factor on its examples; None for all ones.
        focus: exponent that plays down easy negatives of the event head (asymmetric loss,
            Ridnik et al. 2021); 0 is plain binary cross-entropy.
    """

    primary: float = 1.0
    stance: float = 1.0
    positive: tuple[float, ...] | None = None
    stance_classes: tuple[float, ...] | None = None
    focus: float = 0.0


class LabelAttention(nn.Module):
    """One attention-weighted mean of the tokens for each label (Mullenbach et al. 2018)."""

    def __init__(self, hidden: int, labels: int) -> None:
        super().__init__()
        self.project = nn.Linear(hidden, hidden)
        self.queries = nn.Parameter(torch.randn(labels, hidden) * hidden**-0.5)
        self.weight = nn.Parameter(torch.zeros(labels, hidden))
        self.bias = nn.Parameter(torch.zeros(labels))

    def forward(self, tokens: Tensor, mask: Tensor | None) -> Tensor:
        """Logits ``[batch, labels]`` from tokens ``[batch, length, hidden]``."""
        keys = torch.tanh(self.project(tokens))
        scores = keys @ self.queries.T  # [batch, length, labels]
        if mask is not None:
            scores = scores.masked_fill(mask[..., None] == 0, torch.finfo(scores.dtype).min)
        pooled = torch.softmax(scores, dim=1).transpose(1, 2) @ tokens  # [batch, labels, hidden]
        return (pooled * self.weight).sum(-1) + self.bias


class ConflictModel(nn.Module):
    """Event, primary-event and stance heads over one encoder.

    Args:
        encoder: any Hugging Face encoder; its pooler, where it has one, is not used.
        events: number of event types; 0 for a model that judges stance alone.
        stances: number of stances; 0 for a model that finds events alone.
        pooling: ``mean`` (over the sentence's tokens) or ``label`` (attention for each label,
            added to the mean's logits).
        dropout: probability with which a pooled feature is dropped in training.
    """

    pooled_mean: Tensor
    pooled_scale: Tensor
    token_mean: Tensor
    token_scale: Tensor

    def __init__(
        self,
        encoder: PreTrainedModel,
        events: int,
        stances: int,
        pooling: str = "mean",
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        hidden = encoder.config.hidden_size
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.event_head = nn.Linear(hidden, events) if events else None
        self.primary_head = nn.Linear(hidden, events + 1) if events else None
        self.stance_hidden = nn.Linear(2 * hidden, hidden) if stances else None
        self.stance_head = nn.Linear(hidden, stances) if stances else None
        by_label = pooling == "label" and events > 0
        self.label_attention = LabelAttention(hidden, events) if by_label else None
        self.loss_weights = LossWeights()
        # What the heads see is standardised with these; see standardise().
        for name in ("pooled", "token"):
            self.register_buffer(f"{name}_mean", torch.zeros(hidden))
            self.register_buffer(f"{name}_scale", torch.ones(hidden))

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None,
        target_masks: Tensor,
        events: Tensor | None = None,
        primary: Tensor | None = None,
        stance: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Logits of the three heads and, with labels, the loss.

        Args:
            input_ids: token ids ``[batch, length]``.
            attention_mask: 1 for a token, 0 for padding, ``[batch, length]``; None where nothing
                is padded, which spares the graph its masking.
            target_masks: tokens of each target ``[batch, rows, length]``; an empty row asks for
                the stance of the sentence as a whole.
            events: labels or a teacher's probabilities ``[batch, events]``, NaN in rows without.
            primary: probabilities ``[batch, events + 1]``; a row of zeros is left out.
            stance: probabilities ``[batch, rows, stances]``; a row of zeros is left out.

        Returns:
            ``events`` ``[batch, events]``, ``primary`` ``[batch, events + 1]``, ``stance``
            ``[batch, rows, stances]`` and, with labels, ``loss``. A head that the model lacks
            gives logits of no class (``primary``: of no event alone).
        """
        tokens, pooled, mask = self._features(input_ids, attention_mask)
        tokens = (tokens - self.token_mean) * self.token_scale
        pooled = self.dropout((pooled - self.pooled_mean) * self.pooled_scale)
        event_logits, primary_logits = self._event_logits(tokens, pooled, mask)
        stance_logits = self._stance_logits(tokens, pooled, target_masks)
        output = {"events": event_logits, "primary": primary_logits, "stance": stance_logits}
        if events is not None and primary is not None and stance is not None:
            output = {"loss": self._loss(output, events, primary, stance), **output}
        return output

    def _event_logits(
        self, tokens: Tensor, pooled: Tensor, mask: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        if self.event_head is None or self.primary_head is None:
            return pooled.new_zeros(len(pooled), 0), pooled.new_zeros(len(pooled), 1)
        logits = self.event_head(pooled)
        if self.label_attention is not None:
            logits = logits + self.label_attention(self.dropout(tokens), mask)
        return logits, self.primary_head(pooled)

    def _stance_logits(self, tokens: Tensor, pooled: Tensor, target_masks: Tensor) -> Tensor:
        if self.stance_hidden is None or self.stance_head is None:
            return pooled.new_zeros(*target_masks.shape[:2], 0)
        counts = target_masks.sum(-1, keepdim=True).clamp(min=1.0)
        spans = self.dropout(target_masks @ tokens / counts)  # [batch, rows, hidden]
        both = torch.cat([pooled[:, None, :].expand_as(spans), spans], dim=-1)
        found: Tensor = self.stance_head(functional.gelu(self.stance_hidden(both)))
        return found

    def standardise(self, batches: Iterable[dict[str, Tensor]]) -> None:
        """Fix mean and deviation of the features, from the encoder as it is before training.

        The vectors of an encoder like e5 share one large component (cosines of 0.8 to 1.0): what
        tells sentences apart has a deviation of 0.09 in vectors of length 4.5. Heads on the raw
        features hardly learn, and so pass hardly any gradient down.

        Args:
            batches: some hundred sentences of the training data, as the collator gives them.
        """
        pooled_rows, token_rows = [], []
        with torch.no_grad():
            for batch in batches:
                tokens, pooled, mask = self._features(batch["input_ids"], batch["attention_mask"])
                pooled_rows.append(pooled)
                token_rows.append(tokens if mask is None else tokens[mask > 0])
        for name, rows in (("pooled", pooled_rows), ("token", token_rows)):
            values = torch.cat(rows)
            getattr(self, f"{name}_mean").copy_(values.mean(0))
            getattr(self, f"{name}_scale").copy_(1 / values.std(0).clamp(min=1e-6))

    def _features(
        self, input_ids: Tensor, attention_mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """The tokens' states, their mean over each sentence, and the mask as numbers."""
        tokens = self.encoder(input_ids=input_ids, attention_mask=attention_mask)[0]
        if attention_mask is None:
            return tokens, tokens.mean(1), None
        mask = attention_mask.to(tokens.dtype)
        return tokens, (tokens * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), mask

    def _loss(
        self, logits: dict[str, Tensor], events: Tensor, primary: Tensor, stance: Tensor
    ) -> Tensor:
        weights = self.loss_weights
        known = ~torch.isnan(events)
        labels = torch.nan_to_num(events)
        positive = None if weights.positive is None else labels.new_tensor(weights.positive)
        loss = functional.binary_cross_entropy_with_logits(
            logits["events"], labels, pos_weight=positive, reduction="none"
        )
        if weights.focus:
            easy = torch.sigmoid(logits["events"]).detach() ** weights.focus
            loss = torch.where(labels > 0.5, loss, loss * easy)
        total = (loss * known).sum() / known.any(-1).sum().clamp(min=1)
        total = total + weights.primary * _cross_entropy(logits["primary"], primary)
        return total + weights.stance * _cross_entropy(
            logits["stance"], stance, weights.stance_classes
        )


def no_pooler(config: PretrainedConfig) -> dict[str, bool]:
    """The option that leaves out the pooler, for encoders that could have one."""
    architecture: Any = MODEL_MAPPING[type(config)]
    accepted = inspect.signature(architecture).parameters
    return {"add_pooling_layer": False} if "add_pooling_layer" in accepted else {}


def _cross_entropy(
    logits: Tensor, aims: Tensor, classes: tuple[float, ...] | None = None
) -> Tensor:
    """Mean cross-entropy over the labelled rows, classes weighted; zero where there are none."""
    weighted = aims if classes is None else aims * logits.new_tensor(classes)
    loss = -(weighted * torch.log_softmax(logits, dim=-1)).sum()
    return loss / weighted.sum().clamp(min=1e-6)
