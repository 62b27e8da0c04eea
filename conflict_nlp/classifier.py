"""Texts in, results out: load a model, classify a sentence, a list, a stream or an article."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, overload

from tokenizers import Tokenizer

from conflict_nlp._batches import in_batches
from conflict_nlp._close_calls import CloseCalls
from conflict_nlp._encoding import Encoder
from conflict_nlp._judge import Judge
from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE, TOKENIZER_FILE, ModelSettings
from conflict_nlp._parallel import in_order
from conflict_nlp._resources import model_path
from conflict_nlp._targets import Request, is_missing, requests_of
from conflict_nlp.actors import Lexicon
from conflict_nlp.calibration import Calibration
from conflict_nlp.errors import DataError, ModelError
from conflict_nlp.results import EXTRAS, DocumentResult, Result, SentenceResult
from conflict_nlp.runtime import BatchRuntime, OnnxRuntime, Runtime
from conflict_nlp.text import split_sentences

__all__ = ["Classifier"]


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
        self._judge = Judge(runtime, encoder, settings, calibration, lexicon)
        self._info: dict[str, Any] = {}

    @classmethod
    def from_pretrained(
        cls,
        name_or_path: str | os.PathLike[str] = "default",
        *,
        lexicon: Lexicon | None = None,
        runtime: Runtime | None = None,
    ) -> Self:
        """Load an exported model.

        Args:
            name_or_path: the name of a shipped model, or the directory of an exported one.
            lexicon: the actors to find; the library's own lexicon by default.
            runtime: what computes the logits of this very model; ONNX Runtime by default. On a
                GPU: ``conflict_nlp.learning.torch_runtime.TorchRuntime``.

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
        if runtime is None and not weights.exists():
            raise ModelError(
                f"{folder} holds a training checkpoint but no {ONNX_FILE}. "
                f"Export it first: conflict-nlp export {folder} -o exported"
            )
        try:
            tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        except Exception as error:  # the tokenizers package raises bare Exception
            raise ModelError(
                f"{folder / TOKENIZER_FILE} cannot be read ({error}). Copy the model directory "
                "again, or export the checkpoint anew."
            ) from error
        calibration = Calibration.load(folder / CALIBRATION_FILE)
        calibration.check(len(settings.events), len(settings.stances))
        known = Lexicon.load() if lexicon is None else lexicon
        classifier = cls(
            OnnxRuntime(weights) if runtime is None else runtime,
            Encoder(
                tokenizer,
                settings.normalizer,
                settings.prefix,
                settings.max_length,
                None if settings.actor_names else known,
            ),
            settings,
            calibration,
            known,
        )
        classifier._info = {"path": str(folder), "size_bytes": _size(folder)}
        return classifier

    @property
    def runtime(self) -> Runtime:
        """What turns token ids and target masks into logits."""
        return self._judge.runtime

    @property
    def encoder(self) -> Encoder:
        """Tokenizer and normalisation of the model's backbone."""
        return self._judge.encoder

    @property
    def settings(self) -> ModelSettings:
        """The model's labels and name."""
        return self._judge.settings

    @property
    def calibration(self) -> Calibration:
        """Scales, biases and thresholds fitted for this model."""
        return self._judge.calibration

    @property
    def lexicon(self) -> Lexicon:
        """The actors that are found."""
        return self._judge.lexicon

    @property
    def close_calls(self) -> CloseCalls:
        """Which sentences are read a second time, without their actors' names."""
        return self._judge.close_calls

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
            "runtime": type(self.runtime).__name__,
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
            if not is_missing(target) and not isinstance(target, str):
                raise DataError(
                    "one text was given with several targets. Give one target, or a list of "
                    "texts of the same length."
                )
            self._check(threshold, extras)
            return self._judge(Request(text, target), threshold, _ordered(extras))
        if isinstance(text, Mapping) or hasattr(text, "columns"):
            raise DataError(
                f"a {type(text).__name__} was given; accepted is a string or a list of strings. "
                "Give its column or values, such as table['text']."
            )
        texts = list(text)
        wanted: str | list[str | None] | None = None
        if isinstance(target, str):
            wanted = target
        elif target is not None and not is_missing(target):
            wanted = list(target)
            if len(wanted) != len(texts):
                raise DataError(
                    f"{len(texts)} texts were given with {len(wanted)} targets. Give one target "
                    "for all, or a list of the same length."
                )
        return list(self.stream(texts, wanted, threshold=threshold, extras=extras))

    def stream(
        self,
        texts: Iterable[Any],
        target: str | Iterable[str | None] | None = None,
        *,
        threshold: float | None = None,
        extras: Sequence[str] = (),
        cache: int = 0,
    ) -> Iterator[Result]:
        """Classify an endless supply of sentences, in order, in constant memory.

        As many sentences are in work at once as there are cores; each on one thread. A runtime that
        reads batches gets a window of sentences at a time.

        Args:
            texts: sentences, read as results are taken.
            target: one target for all, or one a sentence.
            threshold: as in :meth:`classify`.
            extras: as in :meth:`classify`.
            cache: number of latest sentences whose results are kept, for sentences that come again:
                papers print the same agency copy. Where batches are read, it is not used.

        Yields:
            A result for each sentence, in the order received.

        Raises:
            DataError: an unknown extra, a threshold outside 0–1, or, once one of the two is
                exhausted, more texts than targets or the other way round.

        Example:
            >>> classifier = Classifier.from_pretrained()
            >>> next(classifier.stream(iter(["أفرجت السلطات عن عشرة معتقلين."]))).primary_event
            'release'
        """
        self._check(threshold, extras)
        wanted = _ordered(extras)
        requests = requests_of(texts, target)
        if isinstance(self.runtime, BatchRuntime):
            return in_batches(
                lambda request: self._judge.steps(request, threshold, wanted),
                self.runtime,
                requests,
            )

        def judge(request: Request) -> Result:
            return self._judge(request, threshold, wanted)

        kept = functools.lru_cache(cache)(lambda text, topic: judge(Request(text, topic)))

        def judge_once(request: Request) -> Result:
            both = (request.text, request.target)
            # Anything may stand there, lists too, which are no keys.
            known = all(part is None or isinstance(part, str) for part in both)
            return kept(*both) if known else judge(request)

        return in_order(judge_once if cache else judge, requests)

    async def aclassify(
        self,
        text: Any,
        target: Any = None,
        *,
        threshold: float | None = None,
        extras: Sequence[str] = (),
    ) -> Any:
        """:meth:`classify` for asyncio: the event loop goes on while the sentences are read.

        Example:
            >>> import asyncio
            >>> classifier = Classifier.from_pretrained()
            >>> asyncio.run(classifier.aclassify("أفرجت السلطات عن عشرة معتقلين.")).primary_event
            'release'
        """
        import asyncio  # which the first result of everybody else need not wait for

        return await asyncio.to_thread(
            self.classify, text, target, threshold=threshold, extras=extras
        )

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


def _size(folder: Any) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _ordered(extras: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in EXTRAS if name in extras)
