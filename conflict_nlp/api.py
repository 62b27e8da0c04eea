"""The one call: ``classify`` with the shipped model, loaded once."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterable, Sequence
from typing import Any, overload

from conflict_nlp.classifier import Classifier
from conflict_nlp.results import Result

_LOADING = threading.Lock()


@functools.cache
def _default() -> Classifier:
    return Classifier.from_pretrained("default")


@overload
def classify(
    text: str,
    target: str | None = None,
    *,
    threshold: float | None = None,
    extras: Sequence[str] = (),
) -> Result: ...


@overload
def classify(
    text: Iterable[Any],
    target: str | Sequence[str | None] | None = None,
    *,
    threshold: float | None = None,
    extras: Sequence[str] = (),
) -> list[Result]: ...


def classify(
    text: Any,
    target: Any = None,
    *,
    threshold: float | None = None,
    extras: Sequence[str] = (),
) -> Result | list[Result]:
    """Classify a sentence, or each of a list, with the shipped model.

    The same as ``Classifier.from_pretrained().classify``; the model is loaded at the first call
    and kept.

    Args:
        text: an Arabic sentence, or a list of sentences.
        target: toward whom the stance is asked: one for all, or a list of the same length; every
            actor found by default.
        threshold: probability (0–1) from which an event is reported, in place of the fitted
            thresholds.
        extras: further fields to fill: ``repaired``, ``probabilities``, ``quad``, ``acled``,
            ``plover``, ``cameo``.

    Returns:
        A result for a string, a list of results in the same order for a list.

    Raises:
        DataError: options that fit no row, such as lists of different lengths.

    Example:
        >>> militias = "ميليشيات النظام"
        >>> result = classify(f"أدان المجلس جرائم {militias} بحق الأهالي.", target=militias)
        >>> result.targets[0].stance.label
        'against'
    """
    with _LOADING:
        classifier = _default()
    result: Result | list[Result] = classifier.classify(
        text, target, threshold=threshold, extras=extras
    )
    return result
