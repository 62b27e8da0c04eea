"""Results as rows of a table on a terminal."""

from __future__ import annotations

import re
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conflict_nlp.results import Result, StancePrediction

_TINTS = {"favor": "green", "against": "red"}
# Escape sequences in a file must not reach the terminal.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Left to itself a terminal takes a line's direction from its first letter, a Latin one included,
# and moves the cells beside it. An isolate keeps each line right to left and to itself.
_RIGHT_TO_LEFT, _END = "\u2067", "\u2069"


class _Console(Console):
    """Leaves a closed pipe to the command, which ends well there; rich would exit with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class ResultTable:
    """A table that prints each result as soon as it is there.

    Args:
        places: whether the results come from files, whose names want a column.
    """

    def __init__(self, places: bool) -> None:
        self._console = _Console()
        self._places = places
        self._started = False

    def add(self, result: Result, place: str = "") -> None:
        """Print one result.

        Args:
            result: the result.
            place: where its text stands, such as ``article.txt 0-48``.
        """
        width = self._console.width
        # The same fixed widths for every row, since each is a table of its own.
        columns = {"from": width // 6 if self._places else 0, "text": width * 2 // 5}
        table = Table(box=box.SIMPLE_HEAD, show_header=not self._started, show_edge=False)
        if self._places:
            table.add_column("from", width=columns["from"], overflow="fold", style="dim")
        table.add_column("text", width=columns["text"], justify="right")
        table.add_column("events, stance, targets", width=width - sum(columns.values()) - 8)
        place_cell = [Text(_clean(place))] if self._places else []
        table.add_row(*place_cell, self._text(result.text, columns["text"]), _findings(result))
        table.add_row()
        self._console.print(table)
        self._started = True

    def _text(self, text: Any, width: int) -> Text:
        content = text if isinstance(text, str) else f"not a text: {text!r}"
        lines = Text(_clean(content)).wrap(self._console, width)
        isolated = [f"{_RIGHT_TO_LEFT}{line.plain.rstrip()}{_END}" for line in lines]
        return Text("\n".join(isolated), justify="right")


def _findings(result: Result) -> Text:
    lines: list[Text] = []
    if result.error is not None:
        lines.append(Text(f"error: {_clean(result.error)}", style="bold red"))
    if result.abstain is not None:
        lines.append(Text(f"abstains: {result.abstain}", style="yellow"))
    if result.truncated:
        lines.append(Text("truncated: the model saw only the beginning", style="yellow"))
    for event in result.events or ():
        lines.append(Text(f"{event.type} {event.probability:.0%}", style="bold"))
    if result.events == ():
        lines.append(Text(str(result.primary_event or "no_event"), style="dim"))
    if result.stance is not None:
        lines.append(Text("stance: ").append_text(_stance(result.stance)))
    for target in result.targets or ():
        name = Text(f"{_RIGHT_TO_LEFT}{_clean(target.text)}{_END}: ")
        lines.append(name.append_text(_stance(target.stance)) if target.stance else name)
    for extra in result.extras:
        lines.append(Text(f"{extra}: {_clean(_words(getattr(result, extra)))}", style="dim"))
    return Text("\n").join(lines)


def _stance(stance: StancePrediction) -> Text:
    return Text(f"{stance.label} {stance.probability:.0%}", style=_TINTS.get(stance.label, "dim"))


def _words(value: Any) -> str:
    if isinstance(value, tuple):
        return "; ".join(value)
    if isinstance(value, dict):
        return "; ".join(f"{head} {_best(labels)}" for head, labels in value.items())
    return "–" if value is None else str(value)


def _best(labels: dict[str, float]) -> str:
    # All 24 would fill the screen; the JSON has them.
    best = sorted(labels.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{label} {probability:.0%}" for label, probability in best)


def _clean(text: str) -> str:
    return _CONTROLS.sub(" ", text).encode("utf-8", "replace").decode("utf-8")
