"""Event types and stance in Arabic conflict reporting: one call, offline, calibrated.

Example:
    >>> from conflict_nlp import classify
    >>> classify("شن الطيران الحربي ثلاث غارات على ريف المدينة.").primary_event
    'air_strike'
"""

from __future__ import annotations

from importlib import metadata

from conflict_nlp.api import classify
from conflict_nlp.classifier import Classifier
from conflict_nlp.codebook import CODEBOOK_VERSION, EVENT_TYPES, STANCES, Event
from conflict_nlp.errors import ConflictNLPError
from conflict_nlp.results import (
    DocumentResult,
    EventPrediction,
    Result,
    SentenceResult,
    StancePrediction,
    TargetStance,
)

__all__ = [
    "CODEBOOK_VERSION",
    "EVENT_TYPES",
    "STANCES",
    "Classifier",
    "ConflictNLPError",
    "DocumentResult",
    "Event",
    "EventPrediction",
    "Result",
    "SentenceResult",
    "StancePrediction",
    "TargetStance",
    "__version__",
    "classify",
]

try:
    __version__ = metadata.version("conflict-nlp")
except metadata.PackageNotFoundError:  # a clone on the path, not installed
    __version__ = "0+unknown"
