"""The notebooks run from the first cell to the last."""

from __future__ import annotations

import pathlib

import pytest
from conftest import ROOT, SHIPPED

nbformat = pytest.importorskip("nbformat", reason="notebooks need the dev extra")
nbclient = pytest.importorskip("nbclient", reason="notebooks need the dev extra")
for package in ("torch", "cleanlab", "skactiveml", "pandas"):
    pytest.importorskip(package, reason="the notebooks need the extras train and label")

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path: pathlib.Path) -> None:
    if not (SHIPPED / "model.onnx").exists():
        pytest.skip("this checkout holds no shipped model in models/default")
    notebook = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    said = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ())
    )
    assert "60 sentences, 0 errors" in said and "micro-F1" in said
