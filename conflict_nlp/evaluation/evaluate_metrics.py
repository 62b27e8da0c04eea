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

    measure: Callable[..., Any]
    key = ""
    of_scores = False
    inputs = "predictions and references: a row of classes for each sentence"
    labels, scores = _LABELS, _SCORES

    def _info(self) -> evaluate.MetricInfo:
        predictions = self.scores if self.of_scores else self.labels
        features = {"predictions": predictions, "references": self.labels}
        doc = type(self).measure.__doc__ or ""
        return evaluate.MetricInfo(
            description=doc,
            citation=_SOURCE,
            inputs_description=self.inputs,
            features=datasets.Features(features),
        )

    def _compute(self, predictions: Any, references: Any, **options: Any) -> dict[str, Any]:
        given, true = np.asarray(predictions), np.asarray(references, bool)
        pair = (given.astype(float), true) if self.of_scores else (true, given.astype(bool))
        return {self.key: type(self).measure(*pair, **options)}


class _OfAnswers(_Metric):
    """A measure of the confidence ``[n]`` in answers and of whether each is right (0 or 1)."""

    inputs = "predictions: confidence in each answer; references: 1 where it is right, else 0"
    labels, scores = datasets.Value("int32"), datasets.Value("float64")
    of_scores = True


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


class ClassF1(_Metric):
    """F1 of each class, in the order of the columns.

    Example:
        >>> ClassF1().compute(predictions=[[1, 0], [1, 0]], references=[[1, 0], [0, 1]])
        {'f1': [0.6666666666666666, 0.0]}
    """

    key = "f1"

    @staticmethod
    def measure(true: Any, predicted: Any) -> list[float]:
        """F1 of each class."""
        return [float(value) for value in metrics.f1_by_class(true, predicted)]


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


class ECE(_OfAnswers):
    """Expected calibration error of answers; predictions are confidences, references right or not.

    Example:
        >>> ECE().compute(predictions=[0.5, 0.5], references=[1, 0], bins=1)
        {'ece': 0.0}
    """

    measure, key = staticmethod(metrics.ece), "ece"


class RiskCoverageArea(_OfAnswers):
    """Area under the risk-coverage curve; predictions are confidences, references right or not.

    Example:
        >>> RiskCoverageArea().compute(predictions=[0.9, 0.1], references=[1, 0])
        {'risk_coverage_area': 0.25}
    """

    measure, key = staticmethod(metrics.risk_coverage_area), "risk_coverage_area"


class SelectiveAccuracy(_OfAnswers):
    """Accuracy of the surest answers; predictions are confidences, references right or not.

    Example:
        >>> SelectiveAccuracy().compute(predictions=[0.9, 0.1], references=[1, 0], coverage=0.5)
        {'selective_accuracy': 1.0}
    """

    measure, key = staticmethod(metrics.selective_accuracy), "selective_accuracy"
