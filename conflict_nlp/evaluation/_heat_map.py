"""Tables of numbers as shaded cells, for a benchmark's page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from conflict_nlp._svg import new_figure, plain, svg_of
from conflict_nlp.evaluation._benchmark_view import amount, number

_LABEL, _CELL = 8, 7  # points

Matrix = npt.NDArray[np.float64]


def matrix(rows: Sequence[Sequence[float | None]]) -> Matrix:
    """Rows of numbers as an array, NaN where there is none."""
    return np.array([[np.nan if v is None else v for v in row] for row in rows], dtype=np.float64)


def heat_map(
    shades: Matrix,
    rows: Sequence[str],
    columns: Sequence[str],
    unit: str,
    down: str = "",
    across: str = "",
    counts: Matrix | None = None,
    top: float | None = None,
) -> str:
    """Cells shaded from 0 to a top, or about 0 without one; numbers in them, or their counts."""
    end = float(top or np.nanmax(np.abs(shades), initial=0) or 1)
    width, height = 0.4 * len(columns), 0.25 * len(rows)
    names, feet = (max(map(len, labels)) for labels in (rows, columns))
    figure = new_figure(width + 0.075 * names + 1.3, height + 0.06 * feet + 0.5)
    axes = figure.subplots()
    cells = np.ma.masked_invalid(shades)
    # The colour-blind can read all three; where most cells hold nothing, nothing is white.
    colours = "PuOr" if not top else "cividis" if counts is None else "Blues"
    mesh = axes.pcolormesh(
        cells, cmap=colours, vmin=0 if top else -end, vmax=end, edgecolors="#dddddd", linewidth=0.5
    )
    for row, column in product(range(len(rows)), range(len(columns))):
        shade = shades[row, column]
        if not np.isfinite(shade) or (counts is not None and counts[row, column] == 0):
            continue
        red, green, blue, _ = mesh.to_rgba(shade)
        ink = "black" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.5 else "white"
        if counts is not None:
            text = amount(float(counts[row, column]))
        else:
            text = number(float(shade), digits=3 if top else 1, signed=not top)
        axes.text(
            column + 0.5, row + 0.5, text, ha="center", va="center", color=ink, fontsize=_CELL
        ).set_in_layout(False)  # measuring each number would take most of the time
    axes.set_xticks(
        np.arange(len(columns)) + 0.5,
        [*map(plain, columns)],
        rotation=45,
        ha="right",
        rotation_mode="anchor",
    )
    axes.set_yticks(np.arange(len(rows)) + 0.5, [*map(plain, rows)])
    axes.tick_params(length=0, labelsize=_LABEL)
    axes.invert_yaxis()
    axes.spines[:].set_visible(False)
    axes.set_ylabel(down)
    axes.set_xlabel(across)
    bar = figure.colorbar(mesh, ax=axes, aspect=12, shrink=min(1.0, 2.5 / height), pad=0.01)
    bar.set_label(unit, fontsize=_LABEL)
    bar.ax.tick_params(labelsize=_CELL)
    return svg_of(figure)
