"""From a model's logits to labels with probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from conflict_nlp import codebook
from conflict_nlp._model_files import ModelSettings
from conflict_nlp.calibration import Array, Calibration
from conflict_nlp.results import EventPrediction, StancePrediction
from conflict_nlp.runtime import Output

# Results are given to four decimals: the fifth of a calibrated probability means nothing, and what
# is the same answer prints the same.
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Answers:
    """The labels and the calibration of one model."""

    settings: ModelSettings
    calibration: Calibration

    def events(
        self, output: Output, threshold: float | None
    ) -> tuple[tuple[EventPrediction, ...], str, float]:
        """Events above threshold, the primary one first, and how sure it is that it is reported.

        Probabilities of types with different thresholds cannot be compared, so the primary event
        is the primary head's best among those above threshold. Where a sentence has one label at
        most, it is the primary head's best of all.
        """
        if self.settings.single_label:
            return self._single(self.calibration.primary(output.primary), threshold)
        probabilities = self.calibration.events(output.events)
        primary = self.calibration.primary(output.primary)
        cuts = self.calibration.thresholds if threshold is None else threshold
        above = np.flatnonzero(probabilities >= cuts)
        if len(above) == 0:
            return (), codebook.NO_EVENT, float(primary[-1])
        best = int(above[primary[above].argmax()])
        order = sorted(above, key=lambda i: (i != best, -probabilities[i], i))
        events = tuple(
            EventPrediction(self.settings.events[i], _rounded(probabilities[i])) for i in order
        )
        return events, self.settings.events[best], float(probabilities[best])

    def _single(
        self, primary: Array, threshold: float | None
    ) -> tuple[tuple[EventPrediction, ...], str, float]:
        best = int(primary.argmax())
        certainty = float(primary[best])
        if best == len(self.settings.events) or (threshold is not None and certainty < threshold):
            return (), codebook.NO_EVENT, float(primary[-1])
        name = self.settings.events[best]
        return (EventPrediction(name, _rounded(certainty)),), name, certainty

    def stances(self, logits: npt.NDArray[np.float32]) -> list[StancePrediction | None]:
        """The stance of each row of stance logits ``[rows, stances]``; None without that head."""
        if not self.settings.stances:
            return [None] * len(logits)
        rows = self.calibration.stance(logits)
        return [
            StancePrediction(self.settings.stances[int(best)], _rounded(row[best]))
            for row, best in zip(rows, self.calibration.decided_stance(rows), strict=True)
        ]

    def probabilities(self, output: Output) -> dict[str, dict[str, float]]:
        """Calibrated probabilities of all labels, by head; stance is the sentence's."""
        events = self.settings.events
        heads: dict[str, tuple[tuple[str, ...], Array]] = {}
        if events:
            primary = self.calibration.primary(output.primary)
            if not self.settings.single_label:
                heads["events"] = (events, self.calibration.events(output.events))
            heads["primary"] = ((*events, codebook.NO_EVENT), primary)
        if self.settings.stances:
            heads["stance"] = (self.settings.stances, self.calibration.stance(output.stance[0]))
        return {
            head: {name: _rounded(p) for name, p in zip(names, values, strict=True)}
            for head, (names, values) in heads.items()
        }


def _rounded(probability: float) -> float:
    return round(float(probability), _DECIMALS)
