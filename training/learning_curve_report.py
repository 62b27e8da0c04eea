"""The learning curve as a table and a figure, from the rows that the runs left."""

from __future__ import annotations

import json
import pathlib
import statistics
from collections.abc import Sequence
from typing import Any

from conflict_nlp._svg import new_figure, svg_of
from conflict_nlp.errors import DataError

FIGURE = "event_macro_f1"
STARTS = {
    "shipped": "onward from a model of this library",
    "base": "from the bare encoder",
    "tfidf": "TF-IDF + linear SVM",
}
TITLES = {
    "outlet": "An outlet that the start never saw, 24 event types",
    "un_quad": "UN quad classes: 5 classes, new heads",
}
HOW = """# Learning curve: how many labelled rows, from which start

Macro-F1 on a fixed test part that nothing was chosen on; mean and sample deviation over seeds,
each of which draws other rows and starts heads and order anew. (At the largest size the draws of
the seeds overlap, so their deviation says less of the rows than of the training.)

*Labelled rows* counts all of them: four fifths are trained on, the rest serves for calibration and
thresholds alone. Epochs were fixed beforehand: those of `onward.toml` where the start knows the
labels, else more passes over fewer rows (`EPOCHS` in `training/learning_curve_models.py`). So was
the SVM's regularisation. Documents and nearly equal texts stay on one side of every split. Scored
are the torch weights, before any int8.
"""
NOTES = {
    "outlet": (
        "The outlet has the most labelled rows, and is the only one of its corpus; its text has "
        "lost punctuation and digits upstream, which is part of what is new about it. The start "
        "was trained from the bare encoder on the labels without this outlet, and without text of "
        "others that is nearly the same as its own. It knows all labels, and the row of 0 "
        "sentences is what it does as it is. A first run with 30, 15 and 6 epochs (50, 200 and "
        "1,000 rows), calibrated by the rows alone and keeping nothing of the start's weights, "
        "made it worse where rows are few: 0.640, 0.711, 0.728 "
        "(`learning_curve_many_epochs.jsonl`). What replaced that was chosen on 400 rows of the "
        "outlet that are in no draw of 50 or 200 and not in the test part."
    ),
    "un_quad": (
        "`fllm24_quad` of Osorio et al. (2024); the start is the shipped model. The file does not "
        "tell which UN document a row is from, so rows of one document may stand on both sides. "
        "Published for about 5,000 training rows, on another, unpublished split: ConfliBERT-Arabic "
        "0.629."
    ),
}


def recorded(path: pathlib.Path) -> list[dict[str, Any]]:
    """All runs so far; another process may have added to them."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def curves(records: Sequence[dict[str, Any]], name: str) -> dict[str, dict[int, list[float]]]:
    """For each start of a data set the scores at each size."""
    found: dict[str, dict[int, list[float]]] = {}
    for start in STARTS:
        for record in records:
            if record["data"] == name and record["start"] == start:
                sizes = found.setdefault(start, {})
                sizes.setdefault(record["size"], []).append(record["figures"][FIGURE])
    return found


def _shown(values: Sequence[float]) -> str:
    if not values:
        return "–"
    spread = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{spread} ({len(values)})"


def table(records: Sequence[dict[str, Any]]) -> str:
    """The results as Markdown: mean, deviation and number of seeds."""
    lines = [HOW]
    for name, title in TITLES.items():
        found = curves(records, name)
        if not found:
            continue
        rows = [record for record in records if record["data"] == name]
        outlet = f" Outlet: {rows[0]['outlet']}." if "outlet" in rows[0] else ""
        lines += [
            f"## {title}",
            "",
            f"{NOTES[name]}{outlet} Test part: {rows[0]['test_rows']:,} sentences.",
            "",
            "| labelled rows | " + " | ".join(STARTS[start] for start in found) + " |",
            "|---:|" + "---|" * len(found),
        ]
        for size in sorted({record["size"] for record in rows}):
            cells = [_shown(sizes.get(size, [])) for sizes in found.values()]
            lines.append(f"| {size:,} | " + " | ".join(cells) + " |")
        lines += ["", "Mean ± deviation (seeds).", ""]
    lines += ["![Learning curve](learning_curve.svg)", ""]
    return "\n".join(lines)


def draw(records: Sequence[dict[str, Any]], path: pathlib.Path) -> None:
    """The results as a figure, a panel a data set."""
    names = [name for name in TITLES if curves(records, name)]
    figure = new_figure(5.5 * len(names), 3.8)
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for start, sizes in curves(records, name).items():
            if 0 in sizes:
                axes.axhline(statistics.mean(sizes[0]), linestyle=":", label="that model as it is")
            places = sorted(size for size in sizes if size)
            means = [statistics.mean(sizes[size]) for size in places]
            spread = [statistics.stdev(sizes[s]) if len(sizes[s]) > 1 else 0.0 for s in places]
            axes.errorbar(places, means, yerr=spread, marker="o", capsize=3, label=STARTS[start])
        axes.set_xscale("log")
        ticks = sorted({r["size"] for r in records if r["data"] == name and r["size"]})
        axes.set_xticks(ticks, [f"{size:,}" for size in ticks])
        axes.minorticks_off()
        axes.set_ylim(bottom=0)
        axes.set_xlabel("labelled rows")
        axes.set_ylabel("macro-F1 on the test part")
        axes.set_title(TITLES[name], fontsize=10)
        axes.legend(frameon=False, fontsize=8)
    path.write_text(svg_of(figure), "utf-8")


def write(results: pathlib.Path) -> None:
    """Write table and figure beside the results.

    Raises:
        DataError: there are no results.
    """
    records = recorded(results)
    if not records:
        raise DataError(f"{results} holds no results yet.")
    results.with_suffix(".md").write_text(table(records), "utf-8")
    draw(records, results.with_suffix(".svg"))
