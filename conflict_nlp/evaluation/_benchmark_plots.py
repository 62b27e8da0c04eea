"""Plots of a benchmark's page: speed, classes, confusion, calibration, coverage, robustness."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from conflict_nlp._svg import new_figure, plain, svg_of
from conflict_nlp.evaluation._benchmark_view import (
    KINDS,
    TaskView,
    is_number,
    keys_of,
    lower_is_better,
    measure_name,
)
from conflict_nlp.evaluation._heat_map import heat_map, matrix

# Okabe and Ito's colours, which the colour-blind tell apart, less the yellow that white drowns.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
_LINES = ("-", "--", ":", "-.")
_MARKERS = ("o", "s", "^", "D")
_TEXT, _SMALL = 8, 7  # points

Plots = list[tuple[str, str]]  # caption and SVG


def task_plots(view: TaskView) -> dict[str, Plots]:
    """Plots of a task by the part of the page that they belong to."""
    return {
        "speed": [*_speed(view)],
        "classes": [*_classes(view)],
        "confusion": [
            *_confusion(view, "confusion", "Confusion"),
            *_confusion(view, "stance_confusion", "Confusion of the sentences' stances"),
            *_cooccurrence(view),
        ],
        "reliability": [*_reliability(view)],
        "coverage": [*_coverage(view)],
        "robustness": [*_robustness(view)],
    }


def _style(view: TaskView, variant: str) -> dict[str, Any]:
    place = view.order[variant]
    again = place // len(_COLOURS) % len(_LINES)
    return {
        "color": _COLOURS[place % len(_COLOURS)],
        "linestyle": _LINES[again],
        "marker": _MARKERS[again],
    }


def _speed(view: TaskView) -> Iterator[tuple[str, str]]:
    figures = {}
    for result in view.having("costs"):
        speed = result["costs"].get("sentences_per_cpu_second")
        quality = result.get("figures", {}).get(view.main, {})
        if is_number(speed) and speed > 0 and is_number(quality.get("value")):
            figures[result["variant"]] = (speed, quality)
    if not figures:
        return
    figure = new_figure(9, 4.8)
    axes = figure.subplots()
    places = {name: (speed, quality["value"]) for name, (speed, quality) in figures.items()}
    front = _front(list(places.values()), lower_is_better(view.main))
    axes.plot(*zip(*front, strict=True), color="#999999", linewidth=1, linestyle="--", zorder=1)
    for name, (speed, quality) in figures.items():
        value, style = quality["value"], _style(view, name) | {"linestyle": "none"}
        ends = [quality.get("low"), quality.get("high")]
        # A mean over parts may lie outside the interval of the pooled sentences.
        bars = (
            [[max(0, value - ends[0])], [max(0, ends[1] - value)]]
            if all(map(is_number, ends))
            else None
        )
        axes.errorbar([speed], [value], yerr=bars, capsize=2, elinewidth=1, markersize=5, **style)
    axes.set_xscale("log")
    axes.margins(x=0.12, y=0.08)
    speeds = [speed for speed, _ in places.values()]
    labelled = "125" if max(speeds) < 100 * min(speeds) else "1"  # first digits; more would overlap
    for set_formatter in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
        set_formatter(lambda speed, _: f"{speed:,g}" if f"{speed:e}"[0] in labelled else "")
    axes.tick_params(which="both", labelsize=_TEXT)
    axes.set_xlabel("speed (sentences per CPU-second, log scale)")
    axes.set_ylabel(f"{measure_name(view.main)} (share)")
    axes.grid(alpha=0.25)
    _name_points(figure, axes, places)
    yield "Bars: 95 % intervals; dashed: what nothing else beats in both.", svg_of(figure)


def _front(places: Sequence[tuple[float, float]], lower: bool) -> list[tuple[float, float]]:
    """The points that no other one beats in both, fastest first."""
    sign = -1 if lower else 1
    front: list[tuple[float, float]] = []
    for place in sorted(places, key=lambda place: (-place[0], -sign * place[1])):
        if not front or sign * place[1] > sign * front[-1][1]:
            front.append(place)
    return front


def _name_points(figure: Any, axes: Any, places: Mapping[str, tuple[float, float]]) -> None:
    """Write names beside points, each where it covers neither a point nor another name."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()  # settles where the points lie
    scale = 72 / figure.dpi
    left, bottom, right, top = (edge * scale for edge in axes.bbox.extents)
    spots = {n: axes.transData.transform(p) * scale for n, p in places.items()}
    taken = [Bbox.from_bounds(x - 4, y - 4, 8, 8) for x, y in spots.values()]
    ways = [(dx, dy) for dy in (0, 9, -9, 18, -18, 27, -27, 36, -36) for dx in (6, -6)]
    for name, (x, y) in spots.items():
        width = 0.58 * _TEXT * len(name)
        for dx, dy in ways:
            start = x + dx if dx > 0 else x + dx - width
            box = Bbox.from_bounds(start, y + dy - 4, width, 9)
            fits = left < box.x0 and box.x1 < right and bottom < box.y0 and box.y1 < top
            if fits and not any(box.overlaps(other) for other in taken):
                break
        taken.append(box)
        axes.annotate(
            plain(name),
            places[name],
            xytext=(dx, dy),
            textcoords="offset points",
            ha="left" if dx > 0 else "right",
            va="center",
            fontsize=_TEXT,
            arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": "#777777"} if dy else None,
        ).set_in_layout(False)


def _classes(view: TaskView) -> Iterator[tuple[str, str]]:
    for kind, name in KINDS.items():
        own = {
            r["variant"]: r["classes"][kind]
            for r in view.having("classes")
            if r["classes"].get(kind)
        }
        labels = keys_of(own.values())
        if labels:
            f1 = [[row.get(label, {}).get("f1") for label in labels] for row in own.values()]
            yield (
                f"F1 of each class, {name}",
                heat_map(matrix(f1), list(own), labels, "F1", top=1),
            )


def _confusion(view: TaskView, key: str, title: str) -> Iterator[tuple[str, str]]:
    for result in view.best_and_shipped(key):
        labels = result[key]["labels"]
        counts = matrix(result[key]["matrix"])
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        yield (
            f"{title}, {result['variant']}",
            heat_map(
                shares,
                labels,
                labels,
                "share of the true label",
                "true label",
                "predicted label",
                counts,
                top=1,
            ),
        )


def _cooccurrence(view: TaskView) -> Iterator[tuple[str, str]]:
    having = view.best_and_shipped("cooccurrence")
    # What is true is so whichever variant is asked.
    shown = [(r["cooccurrence"], "true", "as labelled") for r in having[:1]]
    shown += [(r["cooccurrence"], "predicted", f"by {r['variant']}") for r in having]
    for table, which, name in shown:
        labels, counts = table["labels"], matrix(table[which])
        # Most pairs are rare beside single labels, which are on the diagonal.
        shares = counts / np.maximum(np.diag(counts)[:, None], 1)
        unit = "share of the row's label"
        drawn = heat_map(shares, labels, labels, unit, counts=counts, top=1)
        yield f"Labels that come together, {name}", drawn


def _robustness(view: TaskView) -> Iterator[tuple[str, str]]:
    changes = {
        r["variant"]: r["robustness"]["change"]
        for r in view.having("robustness")
        if r["robustness"].get("change")
    }
    suites = keys_of(changes.values())
    for measure in keys_of(suite for change in changes.values() for suite in change.values()):
        values = 100 * matrix(
            [
                [change.get(s, {}).get(measure, {}).get("value") for s in suites]
                for change in changes.values()
            ]
        )
        name = measure_name(measure)
        names = [suite.replace("_", " ") for suite in suites]
        yield f"Change of {name}", heat_map(values, list(changes), names, "points")


def _reliability(view: TaskView) -> Iterator[tuple[str, str]]:
    having = view.having("reliability")
    if not having:
        return
    columns = min(4, len(having))
    lines = -(-len(having) // columns)
    figure = new_figure(2.3 * columns + 0.6, 2.3 * lines + 0.5)
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False).ravel()
    kinds = keys_of(result["reliability"] for result in having)
    for axes, result in zip(grid, having, strict=False):
        axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
        for colour, marker, kind in zip(_COLOURS, _MARKERS, kinds, strict=False):
            bins = result["reliability"].get(kind, {})
            filled = [
                bin_
                for bin_ in zip(
                    *(bins.get(k, ()) for k in ("confidence", "accuracy", "count")), strict=True
                )
                if bin_[2] and all(map(is_number, bin_))
            ]
            xs, ys = [b[0] for b in filled], [b[1] for b in filled]
            axes.plot(
                xs, ys, color=colour, marker=marker, markersize=3.5, linewidth=1.2, label=kind
            )
        axes.set_title(plain(result["variant"]), fontsize=_TEXT)
        axes.tick_params(labelsize=_SMALL)
        axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    for axes in grid[len(having) :]:
        axes.set_axis_off()
    figure.legend(
        *grid[0].get_legend_handles_labels(),
        loc="outside upper left",
        ncols=len(kinds),
        frameon=False,
        fontsize=_TEXT,
    )
    figure.supxlabel("confidence (mean probability of a bin)", fontsize=_TEXT)
    figure.supylabel("accuracy (share that is right)", fontsize=_TEXT)
    yield "On the diagonal a probability is what it says.", svg_of(figure)


def _coverage(view: TaskView) -> Iterator[tuple[str, str]]:
    having = view.having("risk_coverage")
    if not having:
        return
    figure = new_figure(9, max(4.0, 0.2 * len(having) + 0.6))
    axes = figure.subplots()
    for result in having:
        curve, style = result["risk_coverage"], _style(view, result["variant"]) | {"marker": None}
        label = plain(result["variant"])
        axes.plot(curve["coverage"], curve["risk"], linewidth=1.4, label=label, **style)
    axes.set_xlabel("coverage (share of the sentences answered, surest first)")
    axes.set_ylabel("risk (share of the answers that is wrong)")
    axes.set_xlim(0, 1)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.tick_params(labelsize=_TEXT)
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=_TEXT)
    yield "The lower, the better the surest answers are.", svg_of(figure)
