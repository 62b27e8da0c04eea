"""What is benchmarked: tasks and variants, declared in TOML and checked before anything runs."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conflict_nlp.errors import DataError
from conflict_nlp.evaluation._declared import declared, read_toml
from conflict_nlp.evaluation.benchmark_measures import MEASURES, is_measure
from conflict_nlp.learning.backbones import backbones
from conflict_nlp.learning.config import TrainConfig

__all__ = ["MODEL", "RECIPE", "TRAIN", "Published", "Registry", "Task", "Variant"]

_BUILT_IN = pathlib.Path(__file__).parent / "data"
MODEL, TRAIN, RECIPE = KINDS = ("model", "train", "recipe")
GIVEN, RANDOM, LEAVE_ONE_OUT = SPLITS = ("given", "random", "leave-one-out")
GIVEN_BY_TASK = frozenset({"train", "dev", "output", "name", "seed", "labels"})
# Options of each recipe: those it needs, those it knows besides.
_OPTIONS: dict[str, tuple[set[str], set[str]]] = {
    "majority": (set(), set()),
    "keywords": (set(), set()),
    "tfidf_svm": ({"c"}, set()),
    "tfidf_logistic": ({"c"}, set()),
    "frozen_logistic": ({"base", "c"}, {"prefix"}),
    "ngec": ({"base", "c"}, {"prefix"}),
    "zero_shot": ({"base", "sentences"}, {"prefix"}),
}


@dataclass(frozen=True, slots=True)
class Published:
    """A result that others report on the same data.

    Attributes:
        value: the figure, between 0 and 1.
        measure: which of the task's measures it is.
        who: the model.
        source: the paper.
        note: what makes it comparable, or not quite.
    """

    value: float
    measure: str
    who: str
    source: str
    note: str = ""


@dataclass(frozen=True)
class Task:
    """Labelled data, how they are parted, and what is measured on them.

    Attributes:
        name: key in tables and on the command line.
        title: one line for people.
        files: for ``given`` and ``leave-one-out`` splits ``train``, ``dev`` and ``test``, else
            ``all``; a file may stand for several of them if its rows have a column ``split``.
            Relative to the data folder, or to the TOML file for tasks of one's own.
        sha256: hash of each file by its path, so that results of other data are never mixed in.
        main: the measure that variants are ranked and compared by.
        measures: further measures to show, of those in
            :func:`~conflict_nlp.evaluation.benchmark_measures.benchmark_measures`.
        columns: what the files call a column, as for
            :func:`~conflict_nlp.learning.read.read_labelled`.
        rename: what a label is called here, by what it is called in the files.
        topics: whether each row asks for the stance toward its ``target`` as a topic, named in the
            text or not, and for nothing else.
        topic_names: what variants are told of a topic, by what it is called in the files, where
            that is a code or in another language.
        codebook: whether the labels are this library's; else the data's own are used.
        split: ``given``, ``random`` (seeded parts) or ``leave-one-out`` (each of ``outlets``).
        parts: number of random parts.
        test_share: of a random split.
        dev_share: of a random split, and of the training rows where no ``dev`` is given.
        groups: for random splits a file whose rows have ``text`` and ``source_id``; texts whose
            id is the same up to its last ``/`` stay on one side.
        outlets: values of ``source`` that are left out in turn.
        extra_train: files of further training rows, from the working folder, as a pattern.
        robustness: whether variants run through the suites of perturbations, too.
        slices: columns of the test file to show the main measure by.
        descriptions: what each label means, for zero-shot variants; its name where missing.
        published: results that others report.
    """

    name: str
    title: str
    files: Mapping[str, str]
    main: str
    measures: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    rename: Mapping[str, str] = field(default_factory=dict)
    topics: bool = False
    topic_names: Mapping[str, str] = field(default_factory=dict)
    codebook: bool = False
    split: str = GIVEN
    parts: int = 1
    test_share: float = 0.15
    dev_share: float = 0.1
    groups: str = ""
    outlets: tuple[str, ...] = ()
    extra_train: str = ""
    robustness: bool = False
    slices: tuple[str, ...] = ()
    descriptions: Mapping[str, str] = field(default_factory=dict)
    published: tuple[Published, ...] = ()
    folder: pathlib.Path = pathlib.Path()

    def problems(self) -> list[str]:
        """What is wrong with the declaration."""
        found = []
        if self.split not in SPLITS:
            found.append(f"split {self.split!r} is none of {', '.join(SPLITS)}")
        needs = {RANDOM: {"all"}, LEAVE_ONE_OUT: {"train", "dev", "test"}}
        wanted = needs.get(self.split, {"train", "test"})
        if not wanted <= set(self.files):
            found.append(f"files lacks {', '.join(sorted(wanted - set(self.files)))}")
        if self.split == LEAVE_ONE_OUT and not self.outlets:
            found.append("outlets names none to leave out")
        unknown = [name for name in (self.main, *self.measures) if not is_measure(name)]
        if unknown:
            found.append(f"no measure {', '.join(unknown)}; known are {', '.join(MEASURES)}")
        if self.robustness and not self.codebook:
            found.append("robustness needs codebook = true: its pairs are of the codebook's events")
        if not (0 < self.test_share < 1 and 0 < self.dev_share < 1):
            found.append("test_share and dev_share are shares between 0 and 1")
        return found


@dataclass(frozen=True)
class Variant:
    """Something that learns a task, or has learnt it already.

    Attributes:
        name: key in tables and on the command line.
        title: one line for people.
        kind: ``model`` (a ready exported model), ``train`` (an encoder to fine-tune) or ``recipe``
            (a classical one).
        path: of a model: its directory or name.
        recipe: of a recipe: its name in
            :data:`~conflict_nlp.evaluation.recipes.RECIPES`.
        settings: of ``train``, those of
            :class:`~conflict_nlp.learning.config.TrainConfig` but data, output and seed; of a
            recipe its options.
        tasks: further settings on single tasks, by the task's name.
    """

    name: str
    title: str
    kind: str
    path: str = ""
    recipe: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    tasks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def settings_for(self, task: str) -> dict[str, Any]:
        """The settings on a task."""
        return {**self.settings, **self.tasks.get(task, {})}

    def problems(self) -> list[str]:
        """What is wrong with the declaration."""
        if self.kind not in KINDS:
            return [f"kind {self.kind!r} is none of {', '.join(KINDS)}"]
        needs = {MODEL: "path", RECIPE: "recipe"}.get(self.kind)
        if needs and not getattr(self, needs):
            return [f"{needs} is missing, which kind {self.kind!r} needs"]
        if self.kind == MODEL:
            return ["a ready model has no settings"] if self.settings or self.tasks else []
        if self.kind == RECIPE and self.recipe not in _OPTIONS:
            return [f"no recipe {self.recipe!r}; there are {', '.join(_OPTIONS)}"]
        trained = {"base"}, {e.name for e in dataclasses.fields(TrainConfig)} - GIVEN_BY_TASK
        needed, known = trained if self.kind == TRAIN else _OPTIONS[self.recipe]
        given = set(self.settings).union(*self.tasks.values())
        found = []
        if needed - given:
            found.append(f"settings lacks {', '.join(sorted(needed - given))}")
        if given - needed - known:
            found.append(
                f"unknown settings {', '.join(sorted(given - needed - known))}; known are "
                + (", ".join(sorted(needed | known)) or "none")
            )
        return found


@dataclass(frozen=True)
class Registry:
    """All tasks and variants that there are, by name."""

    tasks: Mapping[str, Task]
    variants: Mapping[str, Variant]

    @classmethod
    def load(
        cls, own: Iterable[str | pathlib.Path] = (), data: str | pathlib.Path = "../shared/data"
    ) -> Registry:
        """The library's tasks and variants, and those of files of one's own.

        Every encoder of ``models/backbones.toml`` is a variant besides, fine-tuned with the
        settings under ``[fine_tuning]``.

        Args:
            own: TOML files with tables ``[tasks.NAME]`` and ``[variants.NAME]``; what they
                declare replaces what has the same name.
            data: folder of the built-in tasks' data.

        Raises:
            DataError: a file cannot be read, or declares something that cannot be; all problems
                are listed.

        Example:
            >>> "shipped" in Registry.load().variants
            True
        """
        places = [(_BUILT_IN / "tasks.toml", pathlib.Path(data))]
        places += [(_BUILT_IN / "variants.toml", pathlib.Path())]
        places += [(path, path.parent) for path in map(pathlib.Path, own)]
        tasks: dict[str, Task] = {}
        variants: dict[str, Variant] = {}
        problems: list[str] = []
        for path, folder in places:
            tables = read_toml(path)
            for name, values in tables.pop("tasks", {}).items():
                _add(tasks, Task, name, values, path, problems, folder=folder)
            for name, values in tables.pop("variants", {}).items():
                _add(variants, Variant, name, values, path, problems)
            tuned = tables.pop("fine_tuning", None)
            for name in backbones() if tuned is not None else ():
                values = {"kind": TRAIN, "title": f"{name}, fine-tuned"}
                values["settings"] = {"base": name, **(tuned or {})}
                _add(variants, Variant, name, values, path, problems)
            problems += [f"{path}: unknown table [{name}]" for name in tables]
        if problems:
            raise DataError("the benchmark cannot be read:\n  " + "\n  ".join(problems))
        return cls(tasks, variants)

    def with_training(self, settings: Mapping[str, Any]) -> Registry:
        """The same, with settings that every variant that is trained gets over its own.

        Args:
            settings: of :class:`~conflict_nlp.learning.config.TrainConfig`, but data, output and
                seed.

        Raises:
            DataError: there is no such setting.

        Example:
            >>> quick = Registry.load().with_training({"epochs": 1})
            >>> quick.variants["base_12"].settings_for("mawqif")["epochs"]
            1
        """
        variants, problems = {}, set()
        for name, variant in self.variants.items():
            if variant.kind == TRAIN:
                tasks = {task: {**given, **settings} for task, given in variant.tasks.items()}
                variant = dataclasses.replace(
                    variant, settings={**variant.settings, **settings}, tasks=tasks
                )
                problems |= set(variant.problems())
            variants[name] = variant
        if problems:
            raise DataError("; ".join(sorted(problems)))
        return Registry(self.tasks, variants)

    def chosen(
        self, tasks: Iterable[str], variants: Iterable[str]
    ) -> tuple[list[Task], list[Variant]]:
        """Tasks and variants by name, all where none is named.

        Raises:
            DataError: there is none of such a name.
        """
        return _named(self.tasks, tasks, "task"), _named(self.variants, variants, "variant")


def _named(known: Mapping[str, Any], names: Iterable[str], what: str) -> list[Any]:
    wanted = list(names) or list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise DataError(f"no {what} {', '.join(unknown)}; there are: {', '.join(known)}")
    return [known[name] for name in wanted]


def _add(
    known: dict[str, Any],
    kind: type[Task] | type[Variant],
    name: str,
    values: Any,
    path: pathlib.Path,
    problems: list[str],
    **given: Any,
) -> None:
    """Declare one more, or say what is wrong with it."""
    try:
        if isinstance(values, Mapping) and "published" in values:
            values = {**values, "published": [Published(**one) for one in values["published"]]}
        made = declared(kind, {"name": name}, values, **given)
        found = made.problems()
    except (DataError, TypeError) as error:
        found = str(error).split("\n")
    if found:
        problems += [f"{path}: {kind.__name__.lower()} {name!r}: {one}" for one in found]
    else:
        known[name] = made
