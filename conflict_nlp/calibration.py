"""From logits to probabilities that can be trusted, and from these to decisions.

A model's logits are rescaled a class at a time (Platt 1999; vector scaling, Guo et al. 2017) and
cut at a threshold for each event type. The values are fitted in training, stored with the model and
applied here.
"""

from __future__ import annotations

import json
import pathlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp.errors import ModelError

__all__ = ["Calibration"]

# The values that belong to each set of labels.
EVENT_VALUES = (
    "event_scale",
    "event_bias",
    "thresholds",
    "primary_scale",
    "primary_bias",
    "abstain_below",
)
STANCE_VALUES = ("stance_scale", "stance_bias", "stance_weights")

Array = npt.NDArray[np.float64]
Logits = npt.NDArray[np.float32] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scale and bias a class, thresholds, and where to abstain.

    Attributes:
        event_scale: factor on each event logit, ``[events]``.
        event_bias: added to each scaled event logit, ``[events]``.
        thresholds: probability from which an event is reported, ``[events]``.
        primary_scale: factor on the primary head's logits, ``[events + 1]``.
        primary_bias: added to them, ``[events + 1]``.
        stance_scale: factor on the stance logits, ``[stances]``.
        stance_bias: added to them, ``[stances]``.
        stance_weights: factor on each stance's probability when one is chosen, ``[stances]``: the
            rarer stances would otherwise hardly ever win. Reported probabilities leave it out.
        abstain_below: probability of the event given as primary (or of no event) under which it
            is more often wrong than right, so that the result abstains with ``low_confidence``.
        close_events: distance in log-odds between an event's probability and its threshold under
            which the answer is close; a close one is settled by a second reading of the sentence,
            without its actors' names. 0: never.
        close_stance: the same for the two likeliest stances, each by its weight.
    """

    event_scale: Array
    event_bias: Array
    thresholds: Array
    primary_scale: Array
    primary_bias: Array
    stance_scale: Array
    stance_bias: Array
    stance_weights: Array
    abstain_below: float
    close_events: float = 0.0
    close_stance: float = 0.0

    def events(self, logits: Logits) -> Array:
        """Calibrated probabilities of the event types, ``[..., events]``.

        Example:
            >>> Calibration.identity(2, 3).events(np.zeros(2, np.float32)).tolist()
            [0.5, 0.5]
        """
        scaled = np.asarray(logits, np.float64) * self.event_scale + self.event_bias
        return _sigmoid(scaled)

    def primary(self, logits: Logits) -> Array:
        """Calibrated probabilities of the primary event, ``[..., events + 1]``; last: no event.

        Example:
            >>> Calibration.identity(1, 3).primary(np.zeros(2, np.float32)).tolist()
            [0.5, 0.5]
        """
        return _softmax(np.asarray(logits, np.float64) * self.primary_scale + self.primary_bias)

    def stance(self, logits: Logits) -> Array:
        """Calibrated probabilities of the stances, ``[..., stances]``.

        Example:
            >>> Calibration.identity(1, 2).stance(np.zeros(2, np.float32)).tolist()
            [0.5, 0.5]
        """
        return _softmax(np.asarray(logits, np.float64) * self.stance_scale + self.stance_bias)

    def decided_stance(self, probabilities: Array) -> npt.NDArray[np.intp]:
        """Stance decided on, as class indices ``[...]``, from probabilities ``[..., stances]``.

        Example:
            >>> int(Calibration.identity(1, 2).decided_stance(np.array([0.3, 0.7])))
            1
        """
        if len(self.stance_weights) == 0:
            return np.zeros(probabilities.shape[:-1], np.intp)
        return np.asarray((probabilities * self.stance_weights).argmax(-1))

    def is_close(self, events: Logits, stance: Logits) -> bool:
        """Whether little decides what is answered, with the thresholds fitted for the model.

        Args:
            events: event logits ``[events]`` of a sentence.
            stance: its stance logits ``[stances]``.

        Example:
            >>> from dataclasses import replace
            >>> calibration = replace(Calibration.identity(1, 0), close_events=0.4)
            >>> none = np.zeros(0, np.float32)
            >>> [calibration.is_close(np.array([logit]), none) for logit in (0.3, 0.5)]
            [True, False]
        """
        scaled = np.asarray(events, np.float64) * self.event_scale + self.event_bias
        with np.errstate(divide="ignore"):  # thresholds of 0 and 1 are far from everything
            cuts = np.log(self.thresholds) - np.log1p(-self.thresholds)
            distance = np.abs(scaled - cuts)
            likely = np.sort(np.log(self.stance(stance) * self.stance_weights))[-2:]
        if (distance < self.close_events).any():
            return True
        return len(likely) == 2 and bool(likely[1] - likely[0] < self.close_stance)

    @classmethod
    def identity(cls, events: int, stances: int) -> Calibration:
        """No rescaling and thresholds of 0.5: what a model has before it is calibrated.

        Example:
            >>> Calibration.identity(24, 3).thresholds.shape
            (24,)
        """
        return cls(
            np.ones(events),
            np.zeros(events),
            np.full(events, 0.5),
            np.ones(events + 1),
            np.zeros(events + 1),
            np.ones(stances),
            np.zeros(stances),
            np.ones(stances),
            0.0,
        )

    def check(self, events: int, stances: int) -> None:
        """Make sure that the values are those of a model with so many labels.

        Raises:
            ModelError: they are another model's, or not numbers.
        """
        sizes = {"primary": events + 1, "stance": stances}
        for name in self.__slots__:
            value = np.asarray(getattr(self, name))
            single = name in ("abstain_below", "close_events", "close_stance")
            expected = () if single else (sizes.get(name.split("_")[0], events),)
            if value.shape != expected or not np.isfinite(value).all():
                raise ModelError(
                    f"the calibration's {name} has shape {value.shape}, or is not finite; the "
                    f"model's labels need {expected}. It belongs to another model: copy the model "
                    "directory again, or export the checkpoint anew."
                )

    def save(self, path: str | pathlib.Path) -> None:
        """Write the values as JSON; :meth:`load` gives back exactly these."""
        values = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name in self.__slots__
            for value in [getattr(self, name)]
        }
        pathlib.Path(path).write_text(json.dumps(values, indent=1) + "\n", "utf-8")

    @classmethod
    def load(cls, path: str | pathlib.Path) -> Calibration:
        """Read values that :meth:`save` wrote.

        Raises:
            ModelError: the file is missing or damaged.
        """
        try:
            values = json.loads(pathlib.Path(path).read_text("utf-8"))
            arrays: dict[str, Any] = {
                name: np.array(value, np.float64) if isinstance(value, list) else float(value)
                for name, value in values.items()
            }
            return cls(**arrays)
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ModelError(
                f"no calibration can be read from {path} ({error}). Copy the model directory "
                "again, or export the checkpoint anew."
            ) from error


def _sigmoid(x: Array) -> Array:
    positive: Array = np.exp(-np.logaddexp(0.0, -x))
    return positive


def _softmax(x: Array) -> Array:
    # A head that the model lacks has no class, of which there is no maximum.
    shifted = np.exp(x - x.max(-1, keepdims=True, initial=-np.inf))
    total: Array = shifted / shifted.sum(-1, keepdims=True)
    return total
