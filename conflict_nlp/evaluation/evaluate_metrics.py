"""The library's measures as ``evaluate.Metric`` classes, which need no network.

``evaluate.load("f1")`` fetches code from a hub; these come with the library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import datasets
import evaluate
import numpy as np

from conflict_nlp import metrics

_SOURCE = "conflict_nlp.metrics"
_LABELS = datasets.Sequence(datasets.Value("int32"))
_SCORES = datasets.Sequence(datasets.Value("float64"))


class _Metric(evaluate.Metric):  # type: ignore[misc]
    """A measure of 0/1 labels (or probabilities) ``[n, classes]`` against 0/1 labels."""

    measure: Callable[..., float]
    key = ""
    of_scores = False

    def _info(self) -> evaluate.MetricInfo:
        features = {"predictions": _SCORES if self.of_scores else _LABELS, "references": _LABELS}
        doc = type(self).measure.__doc__ or ""
        return evaluate.MetricInfo(
            description=doc,
            citation=_SOURCE,
            inputs_description="predictions and references: a row of classes for each sentence",
            features=datasets.Features(features),
        )

    def _compute(self, predictions: Any, references: Any, **options: Any) -> dict[str, float]:
        given, true = np.asarray(predictions), np.asarray(references, bool)
        pair = (given.astype(float), true) if self.of_scores else (true, given.astype(bool))
        return {self.key: type(self).measure(*pair, **options)}


class MacroF1(_Metric):
    """Macro-F1.

    Example:
        >>> MacroF1().compute(predictions=[[1, 0], [0, 1]], references=[[1, 0], [0, 1]])
        {'macro_f1': 1.0}
    """

    measure, key = staticmethod(metrics.macro_f1), "macro_f1"


class MicroF1(_Metric):
    """Micro-F1.

    Example:
        >>> MicroF1().compute(predictions=[[1, 0], [1, 0]], references=[[1, 0], [0, 1]])
        {'micro_f1': 0.5}
    """

    measure, key = staticmethod(metrics.micro_f1), "micro_f1"


class SubsetAccuracy(_Metric):
    """Share of the rows with all labels right.

    Example:
        >>> SubsetAccuracy().compute(predictions=[[1, 0], [1, 0]], references=[[1, 0], [0, 1]])
        {'subset_accuracy': 0.5}
    """

    measure, key = staticmethod(metrics.subset_accuracy), "subset_accuracy"


class FavorAgainstF1(_Metric):
    """Mean F1 of favor and against, in the order of this library's stances.

    Example:
        >>> rows = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
        >>> FavorAgainstF1().compute(predictions=rows, references=rows)
        {'f_avg': 1.0}
    """

    measure, key = staticmethod(metrics.f_avg), "f_avg"


class MeanAveragePrecision(_Metric):
    """Mean average precision over the classes; predictions are scores.

    Example:
        >>> MeanAveragePrecision().compute(
        ...     predictions=[[0.9, 0.1], [0.2, 0.8]], references=[[1, 0], [0, 1]]
        ... )
        {'mean_average_precision': 1.0}
    """

    key, of_scores = "mean_average_precision", True

    @staticmethod
    def measure(scores: Any, true: Any) -> float:
        """Mean over the classes of the average precision."""
        return metrics.mean_average_precision(true, scores)


class Brier(_Metric):
    """Brier score; predictions are probabilities.

    Example:
        >>> Brier().compute(predictions=[[0.5, 0.5]], references=[[1, 0]])
        {'brier': 0.25}
    """

    measure, key, of_scores = staticmethod(metrics.brier), "brier", True


class ClasswiseECE(_Metric):
    """Class-wise expected calibration error; predictions are probabilities.

    Example:
        >>> ClasswiseECE().compute(predictions=[[1.0, 0.0]], references=[[1, 0]])
        {'classwise_ece': 0.0}
    """

    measure, key, of_scores = staticmethod(metrics.classwise_ece), "classwise_ece", True
