"""A task's labelled data, parted into what is learnt from, chosen on, and scored on."""

from __future__ import annotations

import json
import pathlib
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from conflict_nlp.codebook import CODEBOOK_VERSION, EVENTS, STANCES
from conflict_nlp.errors import DataError
from conflict_nlp.evaluation.provenance import file_hash
from conflict_nlp.evaluation.registry import LEAVE_ONE_OUT, RANDOM, Task
from conflict_nlp.learning.examples import Example, LabelScheme, Target
from conflict_nlp.learning.read import labelled_rows, read_labelled
from conflict_nlp.learning.text_features import normal

SEED = 0  # of every division of the data: a seed of training never changes what is tested


@dataclass(frozen=True)
class Sentences:
    """Labelled sentences, and the topic of each where stance toward a topic is asked.

    With topics ``stance`` of an example is the stance toward its topic.
    """

    examples: tuple[Example, ...]
    topics: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.examples)

    def take(self, rows: Iterable[int]) -> Sentences:
        """Some of the sentences."""
        rows = list(rows)
        topics = None if self.topics is None else tuple(self.topics[row] for row in rows)
        return Sentences(tuple(self.examples[row] for row in rows), topics)

    def trained_on(self) -> list[Example]:
        """The sentences as training takes them: a topic is a target without a place."""
        if self.topics is None:
            return list(self.examples)
        return [
            replace(e, stance=None, targets=(Target(topic, None, e.stance or ""),))
            for e, topic in zip(self.examples, self.topics, strict=True)
        ]


@dataclass(frozen=True)
class Part:
    """One division of a task's data.

    Attributes:
        name: ``test``, the number of a random division, or the outlet that is left out.
        train: what is learnt from.
        dev: what calibration and settings are chosen on.
        test: what is scored; nothing is chosen on it.
        scheme: the labels.
    """

    name: str
    train: Sentences
    dev: Sentences
    test: Sentences
    scheme: LabelScheme


def check_files(task: Task) -> dict[str, str]:
    """The hash of each of a task's files, by the path that the task declares.

    Raises:
        DataError: a file is missing, or is another than the task was declared on.
    """
    found = {}
    for name in dict.fromkeys([*task.files.values(), *([task.groups] if task.groups else [])]):
        path = task.folder / name
        if not path.is_file():
            raise DataError(f"there is no file {name}; say with --data where the data folder is")
        found[name] = file_hash(path)
        wanted = task.sha256.get(name, found[name])
        if found[name] != wanted:
            raise DataError(
                f"{name} has the SHA-256 {found[name][:12]}…, the task is declared on "
                f"{wanted[:12]}…. Get the file anew, or declare a task of your own on it."
            )
    for path in sorted(_extra(task)):
        found[str(path)] = file_hash(path)
    return found


def parts_of(task: Task) -> list[Part]:
    """Divide a task's data.

    Args:
        task: what is declared of it.

    Returns:
        The divisions, in order.

    Raises:
        DataError: the files cannot be read, or hold other labels than the task's.

    Example:
        >>> [part.name for part in parts_of(registry.tasks["un_quad"])]  # doctest: +SKIP
        ['1', '2', '3', '4', '5']
    """
    if task.split == RANDOM:
        return _random_parts(task)
    train, dev, test = (_read(task, split) for split in ("train", "dev", "test"))
    assert train is not None
    assert test is not None
    if task.split == LEAVE_ONE_OUT:
        return [_without(task, outlet, train, dev, test) for outlet in task.outlets]
    if dev is None:
        groups = _groups(task, train)
        dev_rows, rest = _drawn(groups, task.dev_share, random.Random(SEED))
        train, dev = train.take(rest), train.take(dev_rows)
    return [_part(task, "test", train, dev, test)]


def _part(task: Task, name: str, train: Sentences, dev: Sentences, test: Sentences) -> Part:
    extra = [example for path in _extra(task) for example in read_labelled(path)]
    train = replace(train, examples=(*train.examples, *extra)) if extra else train
    train = _beside(_beside(train, test), dev)
    if task.codebook:
        scheme = LabelScheme(EVENTS, STANCES, CODEBOOK_VERSION)
    else:
        # Of all sentences, so that the random parts of a task have the same labels.
        scheme = LabelScheme.of([*train.examples, *dev.examples, *test.examples])
    for what, sentences in (("learn from", train), ("choose on", dev), ("score", test)):
        if not len(sentences):
            raise DataError(
                f"{task.name}, part {name}: no sentence is left to {what}. Texts of the test split "
                "are taken out of the training rows; look at files, split and shares of the task."
            )
    for example in (*train.examples, *dev.examples, *test.examples):
        scheme.check(example)
    return Part(name, train, dev, test, scheme)


def _extra(task: Task) -> list[pathlib.Path]:
    if not task.extra_train:
        return []
    place = pathlib.Path(task.extra_train)
    found = sorted(place.parent.glob(place.name))
    if not found:
        raise DataError(
            f"{task.name}: no file matches {task.extra_train!r}, from where further training rows "
            "are read. Run the benchmark in a clone of the repository, or mend extra_train."
        )
    return found


def _random_parts(task: Task) -> list[Part]:
    everything = _read(task, "all")
    assert everything is not None
    first: dict[tuple[str, str], int] = {}
    for row, example in enumerate(everything.examples):
        first.setdefault((normal(example.text), _topic(everything, row)), row)
    everything = everything.take(sorted(first.values()))
    groups = _groups(task, everything)
    parts = []
    for number in range(task.parts):
        chance = random.Random(f"{SEED}:{number}")
        test, rest = _drawn(groups, task.test_share, chance)
        share = task.dev_share / (1 - task.test_share)
        places, train = _drawn([groups[row] for row in rest], share, chance)
        named = [
            everything.take(rows)
            for rows in ([rest[p] for p in train], [rest[p] for p in places], test)
        ]
        parts.append(_part(task, str(number + 1), *named))
    return parts


def _drawn(
    groups: Sequence[str], share: float, chance: random.Random
) -> tuple[list[int], list[int]]:
    """Rows of whole groups that make up about a share of all, and the other rows."""
    names = sorted(set(groups))
    chance.shuffle(names)
    sizes = dict.fromkeys(names, 0)
    for name in groups:
        sizes[name] += 1
    taken, count = set(), 0
    for name in names:
        if count + sizes[name] / 2 <= share * len(groups):
            taken.add(name)
            count += sizes[name]
    chosen = [row for row, name in enumerate(groups) if name in taken]
    return chosen, [row for row, name in enumerate(groups) if name not in taken]


def _groups(task: Task, sentences: Sentences) -> list[str]:
    """What must stay on one side together with each sentence: a document, or nothing but itself."""
    texts = [normal(example.text) for example in sentences.examples]
    if not task.groups:
        return texts
    known = {}
    for line in (task.folder / task.groups).read_text("utf-8").splitlines():
        row = json.loads(line)
        known[normal(row["text"])] = row["source_id"].rpartition("/")[0]
    return [known.get(text, text) for text in texts]


def _without(
    task: Task, outlet: str, train: Sentences, dev: Sentences | None, test: Sentences
) -> Part:
    """What is learnt and chosen on other outlets, scored on all sentences of this one."""
    assert dev is not None
    own: list[Example] = []
    others = []
    for sentences in (train, dev, test):
        own += [e for e in sentences.examples if e.source == outlet]
        others.append(Sentences(tuple(e for e in sentences.examples if e.source != outlet)))
    return _part(task, outlet, others[0], others[1], Sentences(tuple(own)))


def _beside(train: Sentences, test: Sentences) -> Sentences:
    """The training rows whose text is not in another split as well."""
    known = {(normal(e.text), _topic(test, row)) for row, e in enumerate(test.examples)}
    return train.take(
        row
        for row, e in enumerate(train.examples)
        if (normal(e.text), _topic(train, row)) not in known
    )


def _topic(sentences: Sentences, row: int) -> str:
    return "" if sentences.topics is None else sentences.topics[row]


def _read(task: Task, split: str) -> Sentences | None:
    name = task.files.get(split)
    if name is None:
        return None
    of_split = _in_split(split, list(task.files.values()).count(name) > 1)
    examples, topics = [], []
    for record, example in labelled_rows(task.folder / name, task.columns):
        if record.values is None or isinstance(example, str):
            raise DataError(f"{name}, row {record.line}: {example}")
        if not of_split(record.values.get("split")):
            continue
        if task.topics:
            if len(example.targets) != 1:
                raise DataError(
                    f"{name}, row {record.line}: a topic task needs a target and stance"
                )
            topic = example.targets[0].text
            topics.append(task.topic_names.get(topic, topic))
            example = replace(example, stance=example.targets[0].stance, targets=(), events=None)
        examples.append(_renamed(example, task))
    if not examples:
        raise DataError(f"{name} holds no sentence of the split {split!r}")
    return Sentences(tuple(examples), tuple(topics) if task.topics else None)


def _in_split(split: str, shared: bool) -> Callable[[object], bool]:
    return (lambda value: value == split) if shared else (lambda value: True)


def _renamed(example: Example, task: Task) -> Example:
    if not task.rename:
        return example

    def name(label: str) -> str:
        return task.rename.get(label, label)

    events = None if example.events is None else tuple(map(name, example.events))
    targets = tuple(replace(t, stance=name(t.stance)) for t in example.targets)
    stance = None if example.stance is None else name(example.stance)
    return replace(example, events=events, stance=stance, targets=targets)
