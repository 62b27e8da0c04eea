"""What a classification gives back: frozen types, and the JSON that mirrors them.

Offsets are in characters (Python code points) of the text as received, ``start`` inclusive and
``end`` exclusive. Probabilities are calibrated and lie in 0–1. Labels are those of
:mod:`conflict_nlp.codebook`, or the model's own where it was trained on others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from conflict_nlp import _html, codebook
from conflict_nlp.errors import DataError

__all__ = [
    "EXTRAS",
    "DocumentResult",
    "EventPrediction",
    "Result",
    "SentenceResult",
    "StancePrediction",
    "TargetStance",
]

EXTRAS: tuple[str, ...] = ("repaired", "probabilities", "quad", "acled", "plover", "cameo")
"""Fields of a result that are filled, and appear in its JSON, on request only."""

# Lone surrogates cannot be encoded, and these separators end a line for str.splitlines().
_UNSAFE_IN_A_LINE = re.compile("[\ud800-\udfff\u0085\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class EventPrediction:
    """An event type that the sentence reports.

    Args:
        type: name of the event type.
        probability: calibrated probability, 0–1.
    """

    type: str
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """Return the prediction as JSON-ready values."""
        return {"type": self.type, "probability": self.probability}


@dataclass(frozen=True, slots=True)
class StancePrediction:
    """A stance, of the sentence or toward one target.

    Args:
        label: ``favor``, ``against`` or ``none``.
        probability: calibrated probability of that label, 0–1.
    """

    label: str
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """Return the prediction as JSON-ready values."""
        return {"label": self.label, "probability": self.probability}


@dataclass(frozen=True, slots=True)
class TargetStance:
    """The stance toward one target.

    Args:
        text: the target as the sentence writes it, or as it was given.
        start: first character in the text received; None for a target it does not name.
        end: one past the last character; None like ``start``.
        actor: id in the actor lexicon, or None for a target that it does not know.
        stance: the stance; None where the model has no stance head, or where the target lies beyond
            what it saw of a truncated text.
    """

    text: str
    start: int | None
    end: int | None
    actor: str | None
    stance: StancePrediction | None

    def to_dict(self) -> dict[str, Any]:
        """Return the target as JSON-ready values."""
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "actor": self.actor,
            "stance": self.stance.to_dict() if self.stance else None,
        }

    @classmethod
    def _from_dict(cls, data: Mapping[str, Any]) -> TargetStance:
        return cls(**{**data, "stance": _stance(data["stance"])})


@dataclass(frozen=True, slots=True)
class Result:
    """What one sentence reports, and the stance toward everybody that it names.

    With ``error``, or with ``abstain`` set to ``empty`` or ``not_arabic``, the model's fields
    are None; with ``low_confidence`` they are filled. A head that the model lacks gives None.

    Args:
        text: the text as received; for a bad row whatever stood there, such as None.
        events: event types above threshold, the primary event first, then by probability.
        primary_event: the most salient of ``events``, or ``no_event``.
        stance: stance of the sentence as a whole.
        targets: the target given first, else every actor found, in the order of the text.
        abstain: None, ``low_confidence``, ``not_arabic`` or ``empty``.
        truncated: whether the model saw only the beginning of the text.
        error: what was wrong with this input, or None.
        model: name of the model.
        codebook: version of the codebook, or None for a model with labels of its own.
        repaired: the text that the model saw.
        probabilities: probability of every label, by head: ``events``, ``primary``, ``stance``.
        quad: quad classes of the events, or None where they have none.
        acled: ACLED "event: sub-event" names, likewise.
        plover: PLOVER event-modes, likewise.
        cameo: CAMEO codes, likewise.
        extras: which of ``EXTRAS`` were requested and so belong into the JSON.

    Example:
        >>> result = Result("نص", (), "no_event", None, (), None, False, None, "default", "1")
        >>> result.to_dict()["primary_event"]
        'no_event'
        >>> Result.from_dict(result.to_dict()) == result
        True
    """

    text: Any
    events: tuple[EventPrediction, ...] | None
    primary_event: str | None
    stance: StancePrediction | None
    targets: tuple[TargetStance, ...] | None
    abstain: str | None
    truncated: bool
    error: str | None
    model: str
    codebook: str | None
    repaired: str | None = None
    probabilities: Mapping[str, Mapping[str, float]] | None = field(default=None, hash=False)
    quad: tuple[str, ...] | None = None
    acled: tuple[str, ...] | None = None
    plover: tuple[str, ...] | None = None
    cameo: tuple[str, ...] | None = None
    extras: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def of(
        cls,
        text: Any,
        model: str,
        codebook: str | None,
        *,
        extras: tuple[str, ...] = (),
        **fields: Any,
    ) -> Result:
        """A result of which only some fields are known; the others are None.

        Args:
            text: the text as received.
            model: name of the model.
            codebook: version of the codebook, or None.
            extras: which of ``EXTRAS`` belong into the JSON.
            **fields: any other field.

        Example:
            >>> Result.of(None, "default", "1", abstain="empty").events is None
            True
        """
        model_fields = ("events", "primary_event", "stance", "targets", "abstain", "error")
        blank: dict[str, Any] = dict.fromkeys(model_fields) | {"truncated": False}
        return cls(text=text, model=model, codebook=codebook, extras=extras, **(blank | fields))

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values, the requested extras last.

        A ``text`` that JSON cannot hold is given as its ``repr``.
        """
        data: dict[str, Any] = {
            "text": self.text if _json_able(self.text) else repr(self.text),
            "events": _dicts(self.events),
            "primary_event": self.primary_event,
            "stance": self.stance.to_dict() if self.stance else None,
            "targets": _dicts(self.targets),
            "abstain": self.abstain,
            "truncated": self.truncated,
            "error": self.error,
            "model": self.model,
            "codebook": self.codebook,
        }
        for name in EXTRAS:
            if name in self.extras:
                value = getattr(self, name)
                data[name] = list(value) if isinstance(value, tuple) else value
        return data

    def to_json(self) -> str:
        """Return the result as one line of JSON that always encodes as UTF-8.

        Example:
            >>> Result(None, None, None, None, None, "empty", False, None, "m", "1").to_json()[:13]
            '{"text": null'
        """
        return one_line_json(self.to_dict())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Result:
        """Read back what :meth:`to_dict` wrote.

        Args:
            data: a result's dictionary. Keys that are not fields of a result are ignored, so
                that the rows of the command line, with the place they came from, read too.

        Returns:
            A result equal to the one written.

        Raises:
            DataError: if fields are missing or not of the shape that ``to_dict`` writes.
        """
        try:
            events, targets = data["events"], data["targets"]
            extras = tuple(name for name in EXTRAS if name in data)
            requested: dict[str, Any] = {
                name: tuple(data[name])
                if name in codebook.ONTOLOGIES and data[name]
                else data[name]
                for name in extras
            }
            return cls(
                text=data["text"],
                events=None if events is None else tuple(EventPrediction(**e) for e in events),
                primary_event=data["primary_event"],
                stance=_stance(data["stance"]),
                targets=None if targets is None else tuple(map(TargetStance._from_dict, targets)),
                abstain=data["abstain"],
                truncated=data["truncated"],
                error=data["error"],
                model=data["model"],
                codebook=data["codebook"],
                extras=extras,
                **requested,
            )
        except (KeyError, TypeError) as error:
            msg = f"Not the dictionary of a result: {error!r}."
            raise DataError(msg) from error

    def _repr_html_(self) -> str:
        return _html.card(self)


@dataclass(frozen=True, slots=True)
class SentenceResult:
    """One sentence of a document.

    Args:
        start: first character of the sentence in the document.
        end: one past its last character.
        result: its result, whose own offsets point into the sentence.
    """

    start: int
    end: int
    result: Result

    def to_dict(self) -> dict[str, Any]:
        """Return the sentence as JSON-ready values."""
        return {"start": self.start, "end": self.end, "result": self.result.to_dict()}


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """The sentences of a document, in its order.

    Args:
        sentences: one result a sentence, with its place in the document.

    Example:
        >>> DocumentResult(sentences=()).to_dict()
        {'sentences': []}
    """

    sentences: tuple[SentenceResult, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the document as JSON-ready values."""
        return {"sentences": [sentence.to_dict() for sentence in self.sentences]}

    def to_json(self) -> str:
        """Return the document as one line of JSON that always encodes as UTF-8."""
        return one_line_json(self.to_dict())

    def _repr_html_(self) -> str:
        return "".join(_html.card(sentence.result) for sentence in self.sentences)


def one_line_json(data: Mapping[str, Any]) -> str:
    """Write JSON that stays readable in Arabic, fits on one line and encodes as UTF-8."""
    line = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return _UNSAFE_IN_A_LINE.sub(lambda found: f"\\u{ord(found[0]):04x}", line)


def _json_able(value: Any) -> bool:
    if isinstance(value, str):
        return True
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _dicts(items: tuple[Any, ...] | None) -> list[dict[str, Any]] | None:
    return None if items is None else [item.to_dict() for item in items]


def _stance(data: Mapping[str, Any] | None) -> StancePrediction | None:
    return None if data is None else StancePrediction(**data)
