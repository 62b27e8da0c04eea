"""What people answered in Label Studio or Argilla: labelled data, and how well they agree."""

from __future__ import annotations

import json
import pathlib
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from sklearn.metrics import cohen_kappa_score

from conflict_nlp.codebook import NO_EVENT
from conflict_nlp.errors import DataError
from conflict_nlp.learning.tasks import EVENTS, STANCE, TARGETS

_FORMS = (
    'Accepted are a JSON export of Label Studio (Export, "JSON") and what '
    "dataset.records.to_json of Argilla 2 writes."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One person's labels for one sentence.

    Attributes:
        id: identifier of the sentence.
        text: the sentence.
        person: who answered.
        events: event types.
        stance: stance of the sentence; None where none was chosen.
        targets: named targets: start, end and stance.
    """

    id: str
    text: str
    person: str
    events: frozenset[str]
    stance: str | None
    targets: frozenset[tuple[int, int, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well people agree who labelled the same sentences.

    Attributes:
        sentences: number of sentences with more than one answer.
        kappa: Cohen's kappa, the mean over pairs of people weighted by their sentences, for each
            event type that either used and for ``stance``; 1 is full agreement, 0 chance.
        whole: share of pairs of answers that agree on all event types and the stance.
    """

    sentences: int
    kappa: dict[str, float] = field(default_factory=dict)
    whole: float | None = None


@dataclass(frozen=True, slots=True)
class Collected:
    """What came back from labelling.

    Attributes:
        rows: labelled rows, of the form that training reads: what most people answered.
        disputed: sentences without a majority, with everybody's answer.
        unanswered: number of sentences that nobody labelled.
        agreement: figures of agreement.
    """

    rows: list[dict[str, Any]]
    disputed: list[dict[str, Any]]
    unanswered: int
    agreement: Agreement


def collect(path: pathlib.Path) -> Collected:
    """Read back an export of Label Studio or Argilla.

    A label is taken when more than half of the people chose it; a sentence where that leaves a
    question undecided is not guessed at but listed as disputed. Targets are those of more than
    half, by place and stance.

    Args:
        path: the export.

    Raises:
        DataError: the file is no such export.

    Example:
        >>> collect(pathlib.Path("export.json")).agreement.kappa  # doctest: +SKIP
        {'air_strike': 0.88, 'stance': 0.71}
    """
    try:
        tasks = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON ({error}). {_FORMS}") from error
    if not isinstance(tasks, list) or not all(isinstance(task, Mapping) for task in tasks):
        raise DataError(f"{path} holds no list of tasks. {_FORMS}")
    by_sentence: dict[tuple[str, str], list[Answer]] = {}
    for number, task in enumerate(tasks, 1):
        try:
            answers = list(_label_studio(task) if "data" in task else _argilla(task))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"{path}: task {number} is damaged ({error!r}). {_FORMS}") from error
        by_sentence.setdefault(_key_of(task), []).extend(answers)
    rows, disputed = [], []
    for given in by_sentence.values():
        answers = list(_latest(given).values())
        if not answers:
            continue
        row = _majority(answers)
        if row is None:
            disputed.append(
                {
                    "id": answers[0].id,
                    "text": answers[0].text,
                    "answers": list(map(_shown, answers)),
                }
            )
        else:
            rows.append(row)
    unanswered = sum(not answers for answers in by_sentence.values())
    return Collected(rows, disputed, unanswered, agreement(list(by_sentence.values())))


def agreement(answers: Iterable[Sequence[Answer]]) -> Agreement:
    """Agreement of people over the sentences that more than one of them answered.

    Args:
        answers: all answers to each sentence.
    """
    pairs: dict[tuple[str, str], list[tuple[Answer, Answer]]] = defaultdict(list)
    shared = 0
    for given in answers:
        latest = _latest(given)
        shared += len(latest) > 1
        for one, other in combinations(sorted(latest), 2):
            pairs[one, other].append((latest[one], latest[other]))
    if not pairs:
        return Agreement(0)
    both = [pair for found in pairs.values() for pair in found]
    events = sorted({event for pair in both for answer in pair for event in answer.events})
    kappa = {
        event: _mean_kappa(
            [[(event in a.events, event in b.events) for a, b in found] for found in pairs.values()]
        )
        for event in events
    }
    stances = [
        [(a.stance, b.stance) for a, b in found if a.stance and b.stance]
        for found in pairs.values()
    ]
    if any(stances):
        kappa["stance"] = _mean_kappa(stances)
    same = sum((a.events, a.stance) == (b.events, b.stance) for a, b in both)
    return Agreement(shared, kappa, same / len(both))


def _latest(answers: Sequence[Answer]) -> dict[str, Answer]:
    """Each person's latest answer."""
    return {answer.person: answer for answer in answers}


def _mean_kappa(pairs: Sequence[Sequence[tuple[Any, Any]]]) -> float:
    total = weight = 0.0
    for found in pairs:
        if not found:
            continue
        one, other = ([str(pair[i]) for pair in found] for i in (0, 1))
        if one == other:  # of one label alone kappa is undefined, and they do agree
            value = 1.0
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = float(cohen_kappa_score(one, other))
        total += value * len(found)
        weight += len(found)
    return total / weight


def _majority(answers: Sequence[Answer]) -> dict[str, Any] | None:
    """The labels that more than half chose; None where a question is undecided."""
    half = len(answers) / 2
    events = Counter(event for answer in answers for event in answer.events)
    stances = Counter(answer.stance for answer in answers)
    targets = Counter(target for answer in answers for target in answer.targets)
    stance, votes = stances.most_common(1)[0]
    if votes <= half or any(count == half for count in events.values()):
        return None
    first = answers[0]
    chosen = [event for event, count in events.most_common() if count > half]
    return {
        "id": first.id,
        "text": first.text,
        "events": chosen,
        "stance": stance,
        "targets": [
            {"text": first.text[start:end], "start": start, "end": end, "stance": toward}
            for (start, end, toward), count in sorted(targets.items())
            if count > half
        ],
    }


def _shown(answer: Answer) -> dict[str, Any]:
    targets = [
        {"start": start, "end": end, "stance": stance}
        for start, end, stance in sorted(answer.targets)
    ]
    return {
        "person": answer.person,
        "events": sorted(answer.events),
        "stance": answer.stance,
        "targets": targets,
    }


def _key_of(task: Mapping[str, Any]) -> tuple[str, str]:
    # Identifiers of two pools may be the same.
    return _id_of(task), str((task["data"] if "data" in task else task["fields"])["text"])


def _id_of(task: Mapping[str, Any]) -> str:
    return str(task["data"].get("id", task.get("id"))) if "data" in task else str(task["id"])


def _label_studio(task: Mapping[str, Any]) -> Iterator[Answer]:
    text = task["data"]["text"]
    for annotation in task.get("annotations", ()):
        if annotation.get("was_cancelled"):
            continue
        chosen: dict[str, list[str]] = defaultdict(list)
        targets = set()
        for result in annotation["result"]:
            if result["from_name"] == TARGETS:
                value = result["value"]
                span = _span(text, value["start"], value["end"], value.get("text"))
                targets.add((*span, value["labels"][0]))
            else:
                chosen[result["from_name"]] += result.get("value", {}).get("choices", [])
        person = annotation.get("completed_by")
        if isinstance(person, Mapping):
            person = person.get("email") or person.get("id")
        yield _answer(task, text, person, chosen, targets)


def _argilla(task: Mapping[str, Any]) -> Iterator[Answer]:
    text = task["fields"]["text"]
    by_person: dict[str, dict[str, Any]] = defaultdict(dict)
    for question, responses in task.get("responses", {}).items():
        for response in responses:
            by_person[str(response["user_id"])][question] = response["value"]
    for person, values in by_person.items():
        events, stance = values.get(EVENTS) or [], values.get(STANCE)
        chosen = {
            EVENTS: [events] if isinstance(events, str) else events,
            STANCE: [] if stance is None else [stance],
        }
        targets = {
            (*_span(text, span["start"], span["end"], None), span["label"])
            for span in values.get(TARGETS) or []
        }
        yield _answer(task, text, person, chosen, targets)


def _span(text: str, start: int, end: int, named: str | None) -> tuple[int, int]:
    """A span in characters; a browser counts emoji and the like as two."""
    if named is None or text[start:end] == named:
        return start, end
    units = text.encode("utf-16-le")
    first = len(units[: 2 * start].decode("utf-16-le", "ignore"))
    return first, first + len(named)


def _answer(
    task: Mapping[str, Any],
    text: str,
    person: Any,
    chosen: Mapping[str, Sequence[str]],
    targets: Iterable[tuple[int, int, str]],
) -> Answer:
    return Answer(
        id=_id_of(task),
        text=text,
        person=str(person),
        events=frozenset(chosen.get(EVENTS, ())) - {NO_EVENT},
        stance=next(iter(chosen.get(STANCE, ())), None),
        targets=frozenset(targets),
    )
