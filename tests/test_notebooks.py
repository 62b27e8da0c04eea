"""The notebooks run from the first cell to the last."""

from __future__ import annotations

import pathlib
import re

import pytest
from conftest import ROOT, SHIPPED

nbformat = pytest.importorskip("nbformat", reason="notebooks need the dev extra")
nbclient = pytest.importorskip("nbclient", reason="notebooks need the dev extra")
for package in ("torch", "cleanlab", "skactiveml", "pandas"):
    pytest.importorskip(package, reason="the notebooks need the extras train and label")

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# What each says at least, where it came to its end.
SAID = {
    "benchmark": ("mine test shipped done", "groups, best first", "results/benchmark.html written"),
    "retrain": ("60 sentences, 0 errors", "micro-F1"),
}


def outputs(notebook: nbformat.NotebookNode) -> str:
    return "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: pathlib.Path) -> None:
    if not (SHIPPED / "model.onnx").exists():
        pytest.skip("this checkout holds no shipped model in models/default")
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    said = outputs(notebook)
    assert all(part in said for part in SAID[path.stem])


def test_the_benchmark_shows_neither_sentences_nor_places() -> None:
    """A benchmark's outputs can be passed on where the corpus cannot."""
    saved = outputs(nbformat.read(ROOT / "notebooks/benchmark.ipynb", as_version=4))
    assert all(part in saved for part in SAID["benchmark"])
    assert not re.search(r"[\u0600-\u06ff]|(?<!\w)/\w+/", saved)
