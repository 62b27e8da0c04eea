"""Figures of matplotlib as SVG, to stand in a page itself."""

from __future__ import annotations

import io
from typing import Any

from conflict_nlp.errors import MissingExtraError


def new_figure(width: float, height: float) -> Any:
    """An empty figure of a size in inches."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError("matplotlib", "report", "a report") from error
    # The same page from the same data, and text that can be searched and copied.
    mpl.rcParams.update({"svg.hashsalt": "conflict_nlp", "svg.fonttype": "none"})
    return Figure(figsize=(width, height), layout="constrained")


def svg_of(figure: Any) -> str:
    """A figure as an ``<svg>`` element."""
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


def plain(text: str) -> str:
    """Text that matplotlib shows as it is."""
    return text.replace("$", r"\$")  # which would begin a formula
