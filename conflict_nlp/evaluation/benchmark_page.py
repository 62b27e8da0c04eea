"""A benchmark's results for people: one HTML page, or tables in Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from conflict_nlp.errors import MissingExtraError
from conflict_nlp.evaluation._benchmark_plots import task_plots
from conflict_nlp.evaluation._benchmark_tables import (
    Table,
    overview,
    provenance_table,
    task_tables,
)
from conflict_nlp.evaluation._benchmark_view import TaskView, measure_name

__all__ = ["benchmark_markdown", "benchmark_page"]

_TEMPLATE = Path(__file__).parent / "data" / "benchmark.html.j2"
_INTRODUCTION = (
    "In square brackets: 95 % intervals. An arrow ↓ marks measures of which less is better. "
    "Variants that share a letter are not told apart from the best of their group; a is the "
    "best group. Rows in italics are results that others published, which may come from other "
    "training data or another split."
)
# Parts of a task's section: heading, and how to read it.
_PARTS = {
    "ranking": (
        "Ranking",
        "The deviation is over the seeds of training, or over the parts where there is one seed.",
    ),
    "measures": ("All measures", ""),
    "speed": ("Speed against quality", ""),
    "classes": ("Classes", ""),
    "confusion": (
        "Confusion and labels that come together",
        "Of the best variant and of the shipped one. The numbers are sentences; empty cells have "
        "none. On the diagonal of the second kind are all sentences with the label.",
    ),
    "reliability": ("Reliability", ""),
    "coverage": ("Risk and coverage", ""),
    "robustness": (
        "Robustness",
        "What becomes of the answers when every second word of a sentence is changed as named, "
        "an actor is exchanged, or a sentence is turned into its minimal counterpart.",
    ),
    "slices": ("Slices", ""),
    "worst": ("Worst errors", "The errors that the variant was surest of."),
    "comparisons": (
        "Comparisons",
        "Differences between variants on the same sentences, with 95 % intervals.",
    ),
    "settings": ("Settings chosen on development data", ""),
}


def benchmark_page(summary: Mapping[str, Any], texts: Mapping[str, str] | None = None) -> str:
    """A benchmark's summary as one self-contained HTML page.

    The page needs neither network nor scripts. What the summary lacks is left out of it.

    Args:
        summary: tasks, variants, results, comparisons, groups, advice and provenance, as the
            benchmark writes them.
        texts: sentences by their id, to be shown beside the worst errors. The page holds no
            sentence otherwise, so that it can be passed on where the corpus cannot.

    Returns:
        The page.

    Raises:
        MissingExtraError: jinja2 or matplotlib is not installed.

    Example:
        >>> page = benchmark_page({"advice": ["Take the shipped model."]})  # doctest: +SKIP
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("jinja2", "report", "a report") from error
    views = _views(summary)
    sections = []
    for view in views:
        tables, plots = task_tables(view, texts or {}), task_plots(view)
        parts = [
            (heading, note, plots.get(part, []), tables.get(part, []))
            for part, (heading, note) in _PARTS.items()
            if plots.get(part) or tables.get(part)
        ]
        sections.append((view, _about(view), parts))
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(_TEMPLATE.read_text("utf-8")).render(
        introduction=_INTRODUCTION,
        advice=summary.get("advice", ()),
        overview=overview(views),
        sections=sections,
        provenance=provenance_table(summary),
    )


def benchmark_markdown(summary: Mapping[str, Any]) -> str:
    """A benchmark's summary as tables in Markdown, without plots and without any sentence.

    Args:
        summary: as for :func:`benchmark_page`.

    Returns:
        The tables.

    Example:
        >>> benchmark_markdown({"advice": ["Take the shipped model."]}).splitlines()[4]
        '- Take the shipped model.'
    """
    views = _views(summary)
    advice = [f"- {_escaped(sentence)}" for sentence in summary.get("advice", ())]
    lines = ["# Benchmark", "", *_headed("## What to choose", advice)]
    lines += [_INTRODUCTION, ""]
    if len(views) > 1:
        lines += ["## All tasks", "", *_markdown(overview(views))]
    for view in views:
        lines += [f"## {_escaped(view.title)} (`{view.name}`)", "", _escaped(_about(view)), ""]
        tables = task_tables(view, {})
        for part, (heading, note) in _PARTS.items():
            own = [line for table in tables.get(part, ()) for line in _markdown(table)]
            lines += _headed(f"### {heading}", [*[note, ""] * bool(note and own), *own])
    lines += _headed("## Provenance", [*_markdown(provenance_table(summary))])
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"


def _views(summary: Mapping[str, Any]) -> list[TaskView]:
    return [TaskView.of(summary, name) for name in summary.get("tasks", {})]


def _about(view: TaskView) -> str:
    """What a task's figures were measured on, in a sentence."""
    said = []
    if "sentences" in view.about:
        said.append(f"{view.about['sentences']:,} test sentences")
    parts = view.about.get("parts", ())
    if len(parts) > 1:
        said.append(f"{len(parts)} parts ({', '.join(map(str, parts))})")
    if view.main:
        said.append(f"ranked by {measure_name(view.main)}")
    return f"{'; '.join(said)}." if said else ""


def _headed(heading: str, lines: Sequence[str]) -> list[str]:
    return [heading, "", *lines, ""] if lines else []


def _markdown(table: Table) -> Iterator[str]:
    if not table.rows:
        return
    if table.title:
        yield from (f"**{_escaped(table.title)}**", "")
    yield _row(table.head)
    yield _row(["---" if i in table.left else "---:" for i in range(len(table.head))])
    for place, row in enumerate(table.rows):
        cells = [_escaped(cell) for cell in row]
        if place in table.italic:
            cells = [f"*{cell}*" if cell else "" for cell in cells]
        yield _row(cells)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    safe = re.sub(r"([\\|*<`])|(?<=\])(\()", r"\\\g<0>", text)
    return " ".join(safe.split())
