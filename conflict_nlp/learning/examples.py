"""A labelled sentence, and the label set that its labels come from."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from conflict_nlp._model_files import ModelSettings
from conflict_nlp.codebook import EVENTS, STANCES
from conflict_nlp.errors import DataError

IGNORED = -100  # what torch's cross-entropy leaves out


@dataclass(frozen=True, slots=True)
class Target:
    """A labelled target: its span in the sentence, or None for a topic it does not name."""

    text: str
    span: tuple[int, int] | None
    stance: str


@dataclass(frozen=True, slots=True)
class SoftLabels:
    """A teacher's probabilities, learnt in place of 0/1 labels (Hinton et al. 2015).

    Attributes:
        events: of each event type.
        primary: of each event type and of no event.
        stances: of each stance, for the sentence and then for each target that it names.
    """

    events: tuple[float, ...]
    primary: tuple[float, ...]
    stances: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled sentence.

    Attributes:
        id: identifier of the sentence, used to report on it without showing its text.
        text: the sentence as received.
        events: event types, most salient first; None where they were not labelled.
        stance: stance of the sentence; None where it was not labelled.
        targets: targets with their stances.
        source: outlet or file, for leave-one-outlet-out evaluation.
        draw: ``random`` where the sentence was drawn evenly from the news.
        soft: a teacher's probabilities, which training prefers to the labels.
    """

    id: str
    text: str
    events: tuple[str, ...] | None
    stance: str | None
    targets: tuple[Target, ...] = ()
    source: str = ""
    draw: str = ""
    soft: SoftLabels | None = None

    @property
    def stances(self) -> tuple[str, ...]:
        """The stances it was labelled with: the sentence's, then those toward its targets."""
        given = (self.stance, *(target.stance for target in self.targets))
        return tuple(stance for stance in given if stance is not None)


@dataclass(frozen=True, slots=True)
class LabelScheme:
    """The label set of a model, in the order of its outputs.

    Attributes:
        events: event types; none for a model that judges stance alone.
        stances: stances; none for a model that finds events alone.
        codebook: version of this library's codebook; None for other label sets.
        single_label: whether a sentence has one event type at most.
    """

    events: tuple[str, ...]
    stances: tuple[str, ...]
    codebook: str | None = None
    single_label: bool = False
    _event_index: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        index = {name: place for place, name in enumerate(self.events)}
        object.__setattr__(self, "_event_index", index)

    @classmethod
    def of(cls, examples: Sequence[Example]) -> LabelScheme:
        """The label set that labelled sentences use: the codebook's in its order, then others.

        Where none has more than one event type, the task is taken to have one label a sentence.
        """
        events = {name for example in examples for name in example.events or ()}
        stances = {stance for example in examples for stance in example.stances}
        single = all(len(example.events or ()) <= 1 for example in examples)
        return cls(
            _ordered(events, EVENTS),
            _ordered(stances, STANCES),
            None,
            bool(events) and single,
        )

    @classmethod
    def of_model(cls, settings: ModelSettings) -> LabelScheme:
        """The label set of a model."""
        return cls(settings.events, settings.stances, settings.codebook, settings.single_label)

    def check(self, example: Example) -> None:
        """Make sure that all labels of a sentence are the model's.

        Raises:
            DataError: one is not; the message names the sentence and the nearest label.
        """
        for kind, given, known in (
            ("event type", example.events or (), self.events),
            ("stance", example.stances, self.stances),
        ):
            for name in given:
                if name not in known:
                    near = difflib.get_close_matches(str(name), known, n=1)
                    hint = f"; perhaps {near[0]!r} is meant" if near else ""
                    raise DataError(
                        f"sentence {example.id}: {name!r} is no {kind}{hint}. "
                        f"Accepted are: {', '.join(known)}."
                    )
        if example.soft is not None:
            self._check_soft(example.id, example.soft, example.targets)

    def _check_soft(self, name: str, soft: SoftLabels, targets: Sequence[Target]) -> None:
        named = sum(target.span is not None for target in targets)
        events, stances = len(self.events), len(self.stances)
        wanted = (events, events + 1, [stances] * (1 + named))
        found = (len(soft.events), len(soft.primary), [len(row) for row in soft.stances])
        if found != wanted:
            raise DataError(
                f"sentence {name}: soft labels of the sizes {found} (events, primary, stances) for "
                f"a model that needs {wanted}. Make them again with a teacher of the same labels."
            )

    def event_vector(self, events: Sequence[str] | None) -> list[float]:
        """0/1 for each event type; NaN throughout where events were not labelled."""
        if events is None:
            return [math.nan] * len(self.events)
        vector = [0.0] * len(self.events)
        for name in events:
            vector[self._event_index[name]] = 1.0
        return vector

    def primary_index(self, events: Sequence[str] | None) -> int:
        """Class of the primary head: the first event, or the last class for no event."""
        if events is None:
            return IGNORED
        return self._event_index[events[0]] if events else len(self.events)

    def stance_index(self, stance: str | None) -> int:
        """Class of the stance head."""
        return IGNORED if stance is None else self.stances.index(stance)

    def targets_of(self, example: Example) -> SoftLabels:
        """What training aims at: the teacher's probabilities, else all of it on the labels.

        NaN stands for events that were not labelled, a row of zeros for a primary event or a
        stance that was not.
        """
        if example.soft is not None:
            return example.soft
        named = [target.stance for target in example.targets if target.span is not None]
        stances = [self.stance_index(stance) for stance in (example.stance, *named)]
        return SoftLabels(
            tuple(self.event_vector(example.events)),
            one_hot(self.primary_index(example.events), len(self.events) + 1),
            tuple(one_hot(index, len(self.stances)) for index in stances),
        )


def _ordered(used: set[str], known: Sequence[str]) -> tuple[str, ...]:
    return (*(name for name in known if name in used), *sorted(used.difference(known)))


def one_hot(index: int, size: int) -> tuple[float, ...]:
    """All of the probability on one class; zeros throughout for an index out of range."""
    return tuple(float(place == index) for place in range(size))
