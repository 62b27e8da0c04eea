"""Plots of a report as SVG, to stand in the page itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from conflict_nlp._svg import new_figure, svg_of

LINES = 6  # event types drawn apart; the rest together


def time_plot(by_month: Mapping[str, Counter[str]], events: Sequence[str]) -> str:
    """Sentences a month with each of the commonest event types, stacked; empty without months."""
    months = sorted(by_month)
    if not months:
        return ""
    figure = new_figure(9, 3.5)
    axes = figure.subplots()
    named, others = events[:LINES], events[LINES:]
    series = {name: [by_month[month][name] for month in months] for name in named}
    if others:
        series["others"] = [sum(by_month[month][name] for name in others) for month in months]
    bottom = [0] * len(months)
    for name, values in series.items():
        axes.bar(range(len(months)), values, bottom=bottom, label=name)
        bottom = [low + value for low, value in zip(bottom, values, strict=True)]
    step = max(1, len(months) // 12)
    axes.set_xticks(range(0, len(months), step), months[::step], rotation=45, ha="right")
    axes.set_ylabel("sentences")
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return svg_of(figure)


def balance_plot(quads: Counter[str]) -> str:
    """Events of each quad class; empty without any."""
    if not quads:
        return ""
    figure = new_figure(6, 1.8)
    axes = figure.subplots()
    classes = sorted(quads, key=lambda quad: quads[quad])
    axes.barh(classes, [quads[quad] for quad in classes])
    axes.set_xlabel("events")
    return svg_of(figure)
