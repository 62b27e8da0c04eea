"""One row as received to its result: repair, actors, one pass of the model or two, decisions."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from conflict_nlp import codebook
from conflict_nlp._answers import Answers
from conflict_nlp._close_calls import CloseCalls
from conflict_nlp._encoding import Encoder
from conflict_nlp._model_files import ModelSettings
from conflict_nlp._targets import Request, find_targets, is_missing
from conflict_nlp.actors import Lexicon
from conflict_nlp.calibration import Calibration
from conflict_nlp.results import EXTRAS, Result, StancePrediction, TargetStance
from conflict_nlp.runtime import Input, Output, Runtime
from conflict_nlp.text import MappedText, has_arabic, repair

Steps = Generator[Input, Output, Result]
"""A row under way: yields what the model is to read, is sent its output, returns the result."""


@dataclass(frozen=True, slots=True)
class Judge:
    """All that a sentence's result depends on besides the sentence."""

    runtime: Runtime
    encoder: Encoder
    settings: ModelSettings
    calibration: Calibration
    lexicon: Lexicon
    close_calls: CloseCalls = field(init=False)

    def __post_init__(self) -> None:
        close_calls = CloseCalls(self.encoder, self.calibration, self.lexicon)
        object.__setattr__(self, "close_calls", close_calls)

    def __call__(
        self, request: Request, threshold: float | None, extras: tuple[str, ...]
    ) -> Result:
        """The result of one row; whatever is wrong with it is said in the result."""
        steps = self.steps(request, threshold, extras)
        try:
            asked = next(steps)
            while True:
                try:
                    output = self.runtime(*asked)
                except Exception as error:
                    asked = steps.throw(error)
                else:
                    asked = steps.send(output)
        except StopIteration as end:
            result: Result = end.value
            return result

    def steps(self, request: Request, threshold: float | None, extras: tuple[str, ...]) -> Steps:
        """The same, with the model left to the caller, who may read many rows at once."""
        try:
            return (yield from self._row(request, threshold, extras))
        except Exception as error:  # a row must never take the others down with it
            message = (
                f"classification failed: {error!r}. Look at what `conflict-nlp doctor` says of the "
                "model; if it is well, report this text."
            )
            return self._result(request.text, extras, error=message)

    def _row(self, request: Request, threshold: float | None, extras: tuple[str, ...]) -> Steps:
        problem = request.problem()
        if problem is not None:
            return self._result(request.text, extras, error=problem)
        if is_missing(request.text):
            return self._result(request.text, extras, abstain="empty")
        repaired = repair(request.text)
        if not repaired.text.strip():
            return self._result(request.text, extras, abstain="empty", repaired=repaired.text)
        if not has_arabic(repaired.text):
            return self._result(request.text, extras, abstain="not_arabic", repaired=repaired.text)
        return (yield from self._judged(request, repaired, threshold, extras))

    def _judged(
        self,
        request: Request,
        repaired: MappedText,
        threshold: float | None,
        extras: tuple[str, ...],
    ) -> Steps:
        mentions = self.lexicon.find(repaired)
        asked = find_targets(request, repaired, mentions, self.lexicon)
        encoded = self.encoder.encode(repaired, mentions=mentions)
        # A target of which the model saw no token gets no stance; one beyond the end has none.
        reach = encoded.reach
        seen = [t.span for t in asked if t.span is not None and t.span[0] < reach]
        masks = encoded.target_masks(seen)
        output = yield encoded.ids, masks
        again = self.close_calls.again(repaired, (encoded, output), mentions)
        if again is not None:
            second = yield again.ids, again.target_masks([])
            output = self.close_calls.settled(output, second)
        answers = Answers(self.settings, self.calibration)
        sentence, *stances = answers.stances(output.stance)
        toward: dict[tuple[int, int] | None, StancePrediction | None] = {}
        for span, stance, mask in zip(seen, stances, masks[1:], strict=True):
            if mask.any():
                toward[span] = stance
        truncated = encoded.truncated or (again is not None and again.truncated)
        if request.topic and asked[0].span is None and self.settings.stances:
            # The sentence does not name it: one more pass, used for its stance alone.
            pair = self.encoder.encode(repaired, request.topic)
            paired = yield pair.ids, pair.target_masks([])
            toward[None] = answers.stances(paired.stance[-1:])[0]
            truncated |= pair.truncated
        events, primary, certainty = answers.events(output, threshold)
        unsure = certainty < self.calibration.abstain_below
        fields: dict[str, Any] = {}
        if self.settings.codebook is not None and set(extras) & set(codebook.ONTOLOGIES):
            # ACLED's territory sub-events depend on the sides.
            sides = {mention.actor.side or "unknown" for mention in mentions}
            fields |= codebook.crosswalk([event.type for event in events], sides)
        if "probabilities" in extras:
            fields["probabilities"] = answers.probabilities(output)
        return self._result(
            request.text,
            extras,
            events=events if self.settings.events else None,
            primary_event=primary if self.settings.events else None,
            stance=sentence,
            targets=tuple(
                TargetStance(t.text, t.start, t.end, t.actor, toward.get(t.span)) for t in asked
            ),
            abstain="low_confidence" if unsure else None,
            truncated=truncated,
            repaired=repaired.text,
            **fields,
        )

    def _result(self, text: Any, extras: tuple[str, ...], **fields: Any) -> Result:
        # What was not asked for stays out, so that equal answers compare equal.
        kept = {n: v for n, v in fields.items() if n not in EXTRAS or n in extras}
        return Result.of(text, self.settings.name, self.settings.codebook, extras=extras, **kept)
