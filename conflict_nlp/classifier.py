"""Text in, results out: repair, actors, one pass of the model, calibration, decisions."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self, overload

from tokenizers import Tokenizer

from conflict_nlp import codebook
from conflict_nlp._answers import Answers
from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE, TOKENIZER_FILE, ModelSettings
from conflict_nlp._parallel import in_order
from conflict_nlp._resources import model_path
from conflict_nlp._targets import Request, find_target
from conflict_nlp.actors import Lexicon
from conflict_nlp.calibration import Calibration
from conflict_nlp.errors import DataError, ModelError
from conflict_nlp.results import (
    EXTRAS,
    DocumentResult,
    Result,
    SentenceResult,
    TargetStance,
)
from conflict_nlp.runtime import OnnxRuntime, Runtime
from conflict_nlp.text import MappedText, has_arabic, repair, split_sentences

__all__ = ["Classifier"]

_CROSSWALKS = ("quad", "acled", "plover", "cameo")


class Classifier:
    """Event types and stance of Arabic sentences.

    Make one with :meth:`from_pretrained` and keep it: loading takes longer than a thousand words.
    It may be used from several threads at once.

    Args:
        runtime: turns token ids and target masks into logits.
        encoder: tokenizer and normalisation of the model's backbone.
        settings: the model's labels and name.
        calibration: scales, biases and thresholds fitted for this model.
        lexicon: the actors to find.

    Example:
        >>> classifier = Classifier.from_pretrained()
        >>> classifier.classify("قصفت المدفعية أحياء المدينة القديمة فجر اليوم.").primary_event
        'shelling'
    """

    def __init__(
        self,
        runtime: Runtime,
        encoder: Encoder,
        settings: ModelSettings,
        calibration: Calibration,
        lexicon: Lexicon,
    ) -> None:
        self.settings = settings
        self.calibration = calibration
        self.lexicon = lexicon
        self._runtime = runtime
        self._encoder = encoder
        self._answers = Answers(settings, calibration)
        self._info: dict[str, Any] = {}

    @classmethod
    def from_pretrained(
        cls, name_or_path: str | os.PathLike[str] = "default", *, lexicon: Lexicon | None = None
    ) -> Self:
        """Load an exported model.

        Args:
            name_or_path: the name of a shipped model, or the directory of an exported one.
            lexicon: the actors to find; the library's own lexicon by default.

        Raises:
            ModelNotFoundError: there is no such model.
            ModelError: the directory is no exported model, or is damaged.

        Example:
            >>> Classifier.from_pretrained("default").settings.codebook
            '1'
        """
        folder = model_path(name_or_path)
        settings = ModelSettings.load(folder)
        weights = folder / ONNX_FILE
        if not weights.exists():
            raise ModelError(
                f"{folder} holds a training checkpoint but no {ONNX_FILE}. "
                f"Export it first: python training/export.py {folder} --output exported"
            )
        try:
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        except Exception as error:  # the tokenizers package raises bare Exception
            raise ModelError(
                f"{folder / TOKENIZER_FILE} cannot be read ({error}). Copy the model directory "
                "again, or export the checkpoint anew."
            ) from error
        classifier = cls(
            OnnxRuntime(weights),
            Encoder(tokenizer, settings.normalizer, settings.prefix, settings.max_length),
            settings,
            Calibration.load(folder / CALIBRATION_FILE),
            Lexicon.load() if lexicon is None else lexicon,
        )
        classifier._info = {"path": str(folder), "size_bytes": _size(folder)}
        return classifier

    @property
    def name(self) -> str:
        """Name of the model, as results report it."""
        return self.settings.name

    @property
    def info(self) -> dict[str, Any]:
        """What is in use: model, base encoder, codebook, runtime, and where the model lies."""
        return {
            "name": self.settings.name,
            "base": self.settings.base,
            "codebook": self.settings.codebook,
            "runtime": type(self._runtime).__name__,
            **self._info,
        }

    @overload
    def classify(
        self,
        text: str,
        target: str | None = None,
        *,
        threshold: float | None = None,
        extras: Sequence[str] = (),
    ) -> Result: ...

    @overload
    def classify(
        self,
        text: Iterable[Any],
        target: str | Sequence[str | None] | None = None,
        *,
        threshold: float | None = None,
        extras: Sequence[str] = (),
    ) -> list[Result]: ...

    def classify(
        self,
        text: Any,
        target: str | Sequence[str | None] | None = None,
        *,
        threshold: float | None = None,
        extras: Sequence[str] = (),
    ) -> Result | list[Result]:
        """Classify a sentence, or each of a list.

        Args:
            text: a sentence, or a list (tuple, series, iterator) of sentences. A row that cannot
                be classified gives a result that says why; it never breaks the others.
            target: toward whom the stance is asked: one for all, or a list of the same length
                with None where every actor found is wanted. A target that the sentence does not
                name is judged as a topic.
            threshold: probability (0–1) from which an event is reported, in place of the
                thresholds that were fitted for each event type.
            extras: further fields to fill: ``repaired``, ``probabilities`` (of all labels),
                ``quad``, ``acled``, ``plover``, ``cameo``.

        Returns:
            A result for a string (or None), a list of results in the same order for a list.

        Raises:
            DataError: options that fit no row: lists of different lengths, an unknown extra, a
                threshold outside 0–1.

        Example:
            >>> classifier = Classifier.from_pretrained()
            >>> results = classifier.classify(["انسحبت القوات من القرية.", None])
            >>> [result.abstain for result in results]
            [None, 'empty']
        """
        if text is None or isinstance(text, str | bytes) or not isinstance(text, Iterable):
            if target is not None and not isinstance(target, str):
                raise DataError(
                    "one text was given with several targets. Give one target, or a list of "
                    "texts of the same length."
                )
            self._check(threshold, extras)
            return self._one(Request(text, target), threshold, tuple(extras))
        texts = list(text)
        if target is not None and not isinstance(target, str) and len(target) != len(texts):
            raise DataError(
                f"{len(texts)} texts were given with {len(target)} targets. Give one target for "
                "all, or a list of the same length."
            )
        return list(self.stream(texts, target, threshold=threshold, extras=extras))

    def stream(
        self,
        texts: Iterable[Any],
        target: str | Iterable[str | None] | None = None,
        *,
        threshold: float | None = None,
        extras: Sequence[str] = (),
    ) -> Iterator[Result]:
        """Classify an endless supply of sentences, in order, in constant memory.

        As many sentences are in work at once as there are cores; each on one thread.

        Args:
            texts: sentences, read as results are taken.
            target: one target for all, or one a sentence.
            threshold: as in :meth:`classify`.
            extras: as in :meth:`classify`.

        Yields:
            A result for each sentence, in the order received.

        Raises:
            DataError: an unknown extra or a threshold outside 0–1.

        Example:
            >>> classifier = Classifier.from_pretrained()
            >>> next(classifier.stream(iter(["أفرجت السلطات عن عشرة معتقلين."]))).primary_event
            'release'
        """
        self._check(threshold, extras)
        wanted = tuple(extras)
        targets = itertools.repeat(target) if target is None or isinstance(target, str) else target
        requests = (Request(text, wish) for text, wish in zip(texts, targets, strict=False))
        return in_order(lambda request: self._one(request, threshold, wanted), requests)

    def classify_document(
        self,
        text: str,
        target: str | None = None,
        *,
        threshold: float | None = None,
        extras: Sequence[str] = (),
    ) -> DocumentResult:
        """Split an article into sentences and classify each.

        Args:
            text: the article.
            target: as in :meth:`classify`, the same for every sentence.
            threshold: as in :meth:`classify`.
            extras: as in :meth:`classify`.

        Returns:
            The sentences with their places in the article and their results.

        Raises:
            DataError: ``text`` is no string, or an option is wrong.

        Example:
            >>> document = Classifier.from_pretrained().classify_document("وصل الوفد. غادر الوفد.")
            >>> [(sentence.start, sentence.end) for sentence in document.sentences]
            [(0, 10), (11, 22)]
        """
        if not isinstance(text, str):
            raise DataError(f"a document is a string; received {type(text).__name__}.")
        sentences = split_sentences(text)
        results = self.stream(
            (sentence.text for sentence in sentences), target, threshold=threshold, extras=extras
        )
        return DocumentResult(
            tuple(
                SentenceResult(sentence.start, sentence.end, result)
                for sentence, result in zip(sentences, results, strict=True)
            )
        )

    @staticmethod
    def _check(threshold: float | None, extras: Sequence[str]) -> None:
        if threshold is not None and not 0 <= threshold <= 1:
            raise DataError(f"threshold is {threshold!r}; accepted is a probability from 0 to 1.")
        unknown = sorted({extras} if isinstance(extras, str) else set(extras) - set(EXTRAS))
        if unknown:
            raise DataError(f"unknown extras {unknown}; accepted is a list of {', '.join(EXTRAS)}.")

    def _one(self, request: Request, threshold: float | None, extras: tuple[str, ...]) -> Result:
        """The result of one row; whatever is wrong with it is said in the result."""
        problem = request.problem()
        if problem is not None:
            return self._empty(request.text, extras, error=problem)
        if request.missing:
            return self._empty(request.text, extras, abstain="empty")
        text: str = request.text
        try:
            repaired = repair(text)
            if not repaired.text.strip():
                return self._empty(text, extras, abstain="empty", repaired=repaired.text)
            if not has_arabic(repaired.text):
                return self._empty(text, extras, abstain="not_arabic", repaired=repaired.text)
            return self._judge(text, repaired, request.target, threshold, extras)
        except Exception as error:  # a row must never take the others down with it
            return self._empty(text, extras, error=f"classification failed: {error!r}")

    def _judge(
        self,
        text: str,
        repaired: MappedText,
        target: str | None,
        threshold: float | None,
        extras: tuple[str, ...],
    ) -> Result:
        asked = find_target(text, repaired, target, self.lexicon)
        spans = [span for found in asked if (span := found.span) is not None]
        encoded = self._encoder.encode(repaired)
        masks = encoded.target_masks(spans)
        output = self._runtime(encoded.ids, masks)
        stances = self._answers.stances(output.stance)
        # A target beyond the end of what the model saw has no token, and so no stance.
        toward = [
            stance if mask.any() else None
            for stance, mask in zip(stances[1:], masks[1:], strict=True)
        ]
        if target is not None and not spans:
            # A topic that the sentence does not name: one more pass, used for its stance alone.
            pair = self._encoder.encode(repaired, target)
            paired = self._runtime(pair.ids, pair.target_masks([]))
            toward = [*self._answers.stances(paired.stance[-1:])]
        targets = tuple(
            TargetStance(found.text, found.start, found.end, found.actor, stance)
            for found, stance in zip(asked, toward, strict=True)
        )
        events, primary, certainty = self._answers.events(output, threshold)
        unsure = certainty < self.calibration.abstain_below
        fields: dict[str, Any] = {}
        names = [event.type for event in events]
        if self.settings.codebook is not None and set(extras) & set(_CROSSWALKS):
            fields |= codebook.crosswalk(names, self._sides(repaired))
        if "probabilities" in extras:
            fields["probabilities"] = self._answers.probabilities(output)
        return self._result(
            text,
            extras,
            events=events,
            primary_event=primary,
            stance=stances[0],
            targets=targets,
            abstain="low_confidence" if unsure else None,
            truncated=encoded.truncated,
            repaired=repaired.text,
            **fields,
        )

    def _sides(self, repaired: MappedText) -> set[str]:
        """Sides of the actors that the sentence names, for ACLED's territory sub-events."""
        found = {mention.actor.side for mention in self.lexicon.find(repaired)}
        return {side or "unknown" for side in found}

    def _empty(
        self,
        text: Any,
        extras: tuple[str, ...],
        *,
        error: str | None = None,
        abstain: str | None = None,
        repaired: str | None = None,
    ) -> Result:
        return self._result(text, extras, error=error, abstain=abstain, repaired=repaired)

    def _result(self, text: Any, extras: tuple[str, ...], **fields: Any) -> Result:
        values: dict[str, Any] = {
            "events": None,
            "primary_event": None,
            "stance": None,
            "targets": None,
            "truncated": False,
            "error": None,
            "model": self.settings.name,
            "codebook": self.settings.codebook,
            **fields,
        }
        # What was not asked for stays out, so that equal answers compare equal.
        kept = {n: v for n, v in values.items() if n not in EXTRAS or n in extras}
        return Result(text=text, extras=extras, **kept)


def _size(folder: Any) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
