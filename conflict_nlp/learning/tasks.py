"""Sentences for people to label, with labels filled in, for Label Studio and Argilla.

People correct what stands there instead of starting from nothing.
"""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import quoteattr

from conflict_nlp.codebook import NO_EVENT
from conflict_nlp.learning.examples import LabelScheme, Target
from conflict_nlp.results import Result

# What the questions are called in both tools, and where answers are read back from.
EVENTS, STANCE, TARGETS = "events", "stance", "targets"


@dataclass(frozen=True, slots=True)
class Task:
    """A sentence with labels to be checked.

    Attributes:
        id: identifier of the sentence.
        text: the sentence as received.
        events: event types filled in, most salient first; None where they are not asked about.
        stance: stance of the sentence filled in; None without one.
        targets: named targets filled in, with their stances.
        score: why it is asked about: from 0 to 1, higher is more urgent.
        agent: what filled the labels in, such as a model's name.
        note: a word to the person who labels, such as what was labelled before.
    """

    id: str
    text: str
    events: tuple[str, ...] | None
    stance: str | None
    targets: tuple[Target, ...] = ()
    score: float = 0.0
    agent: str = ""
    note: str = ""


def task_of(id_: str, result: Result, score: float) -> Task:
    """A sentence with a classifier's answer filled in."""
    targets = [
        Target(target.text, (target.start, target.end), target.stance.label)
        for target in result.targets or ()
        if target.stance is not None and target.start is not None and target.end is not None
    ]
    return Task(
        id=id_,
        text=result.text,
        events=None if result.events is None else tuple(e.type for e in result.events),
        stance=None if result.stance is None else result.stance.label,
        targets=tuple(targets),
        score=score,
        agent=result.model,
    )


def to_row(task: Task) -> dict[str, Any]:
    """A task as a labelled row, of the form that training reads."""
    return {
        "id": task.id,
        "text": task.text,
        "events": None if task.events is None else list(task.events),
        "stance": task.stance,
        "targets": [
            {"text": t.text, "stance": t.stance}
            | ({} if t.span is None else {"start": t.span[0], "end": t.span[1]})
            for t in task.targets
        ],
        "score": round(task.score, 4),
    } | ({"note": task.note} if task.note else {})


def to_label_studio(task: Task) -> dict[str, Any]:
    """A task as Label Studio imports it, with a prediction (its JSON format of tasks)."""
    results: list[dict[str, Any]] = []
    if task.events is not None:
        results.append(_choices(EVENTS, list(task.events)))
    if task.stance is not None:
        results.append(_choices(STANCE, [task.stance]))
    for number, target in enumerate(task.targets):
        if target.span is None:
            continue
        start, end = target.span
        value = {"start": start, "end": end, "text": target.text, "labels": [target.stance]}
        results.append(
            {
                "id": f"target-{number}",
                "from_name": TARGETS,
                "to_name": "text",
                "type": "labels",
                "value": value,
            }
        )
    return {
        "data": {"id": task.id, "text": task.text, "note": task.note},
        "predictions": [{"model_version": task.agent, "score": task.score, "result": results}],
    }


def _choices(name: str, chosen: list[str]) -> dict[str, Any]:
    return {
        "from_name": name,
        "to_name": "text",
        "type": "choices",
        "value": {"choices": chosen},
    }


def label_studio_config(scheme: LabelScheme) -> str:
    """The labelling interface to paste into Label Studio (Settings, Labeling Interface, Code)."""
    events = "\n".join(f"    <Choice value={quoteattr(name)}/>" for name in scheme.events)
    stances = "\n".join(f"    <Choice value={quoteattr(name)}/>" for name in scheme.stances)
    labels = "\n".join(f"    <Label value={quoteattr(name)}/>" for name in scheme.stances)
    choice = "single" if scheme.single_label else "multiple"
    lines = ['<View dir="rtl" style="direction: rtl; text-align: right">']
    if scheme.stances:
        lines.append(f'  <Labels name="{TARGETS}" toName="text">\n{labels}\n  </Labels>')
    lines.append('  <Text name="text" value="$text"/>\n  <Text name="note" value="$note"/>')
    if scheme.events:
        lines.append(
            f'  <Choices name="{EVENTS}" toName="text" choice="{choice}" showInline="true">\n'
            f"{events}\n  </Choices>"
        )
    if scheme.stances:
        lines.append(
            f'  <Choices name="{STANCE}" toName="text" choice="single" showInline="true">\n'
            f"{stances}\n  </Choices>"
        )
    return "\n".join([*lines, "</View>\n"])


def to_argilla(task: Task, single_label: bool = False) -> dict[str, Any]:
    """A task as a record that ``dataset.records.from_json`` of Argilla 2 reads."""
    spans = [
        {"start": t.span[0], "end": t.span[1], "label": t.stance}
        for t in task.targets
        if t.span is not None
    ]
    answers: dict[str, Any] = {}
    if task.events is not None:
        events = list(task.events) or [NO_EVENT]
        answers[EVENTS] = events[0] if single_label else events
    if task.stance is not None:
        answers |= {STANCE: task.stance, TARGETS: spans}
    return {
        "id": task.id,
        "fields": {"text": task.text},
        "metadata": {"score": round(task.score, 4), "note": task.note},
        "suggestions": {
            name: {"value": value, "score": None, "agent": task.agent}
            for name, value in answers.items()
        },
        "responses": {},
        "vectors": {},
    }


def argilla_settings(scheme: LabelScheme) -> str:
    """A Python script that makes the Argilla data set which the records belong into."""
    events = "LabelQuestion" if scheme.single_label else "MultiLabelQuestion"
    questions = []
    if scheme.events:
        # Argilla takes no empty answer, and no data set in which nothing must be answered.
        labels = [*scheme.events, NO_EVENT]
        questions.append(f"rg.{events}(name={EVENTS!r}, labels={labels!r}, required=True)")
    if scheme.stances:
        stances = list(scheme.stances)
        questions.append(f"rg.LabelQuestion(name={STANCE!r}, labels={stances!r}, required=True)")
        questions.append(
            f"rg.SpanQuestion(name={TARGETS!r}, field='text', labels={stances!r}, required=False)"
        )
    listed = "".join(f"        {question},\n" for question in questions)
    return (
        "import sys\n\nimport argilla as rg\n\n"
        "# python THIS_FILE API_URL API_KEY RECORDS.json NAME\n"
        "url, key, records, name = sys.argv[1:]\n"
        "settings = rg.Settings(\n"
        "    fields=[rg.TextField(name='text')],\n"
        f"    questions=[\n{listed}    ],\n"
        "    metadata=[\n"
        "        rg.FloatMetadataProperty(name='score'),\n"
        "        rg.TermsMetadataProperty(name='note'),\n"
        "    ],\n)\n"
        "client = rg.Argilla(api_url=url, api_key=key)\n"
        "dataset = rg.Dataset(name=name, settings=settings, client=client)\n"
        "dataset.create()\n"
        "dataset.records.from_json(records)\n"
    )


def write_tasks(
    tasks: Sequence[Task], path: pathlib.Path, form: str, scheme: LabelScheme
) -> list[pathlib.Path]:
    """Write tasks to a file, and beside it what the tool must be told of the labels.

    Args:
        tasks: the sentences.
        path: file to write.
        form: ``jsonl`` (labelled rows), ``label-studio`` or ``argilla``.
        scheme: the labels to choose from.

    Returns:
        The files written.
    """
    if form == "jsonl":
        path.write_text("".join(_lines(map(to_row, tasks))), "utf-8")
        return [path]
    convert: Callable[[Task], dict[str, Any]] = functools.partial(
        to_argilla, single_label=scheme.single_label
    )
    beside, content = path.with_suffix(".settings.py"), argilla_settings(scheme)
    if form == "label-studio":
        convert = to_label_studio
        beside, content = path.with_suffix(".config.xml"), label_studio_config(scheme)
    text = json.dumps([convert(task) for task in tasks], ensure_ascii=False, indent=1)
    path.write_text(text + "\n", "utf-8")
    beside.write_text(content, "utf-8")
    return [path, beside]


def _lines(rows: Iterable[dict[str, Any]]) -> Iterable[str]:
    return (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
