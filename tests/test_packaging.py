"""Where models are found: in an installed package, in a clone, by path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conflict_nlp import _resources
from conflict_nlp.errors import ModelNotFoundError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def places(monkeypatch, tmp_path):
    """An installed package and a clone, each with models of its own."""
    installed, clone = tmp_path / "package" / "_models", tmp_path / "clone" / "models"
    for folder in (installed / "default", clone / "default", clone / "large"):
        folder.mkdir(parents=True)
    (clone / "README.md").touch()
    (clone.parent / "pyproject.toml").touch()
    monkeypatch.setattr(_resources, "_INSTALLED", installed)
    monkeypatch.setattr(_resources, "_CLONE", clone)
    return installed, clone


def test_the_installed_model_comes_before_the_clones(places):
    installed, clone = places
    assert _resources.model_path("default") == installed / "default"
    assert _resources.model_path() == installed / "default"
    assert _resources.model_path("large") == clone / "large"


def test_a_path_is_taken_as_it_is(places, tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    assert _resources.model_path(own) == own
    assert _resources.model_path(str(own)) == own


def test_a_shipped_name_beats_a_folder_of_that_name_here(places, tmp_path, monkeypatch):
    (tmp_path / "default").mkdir()
    monkeypatch.chdir(tmp_path)
    assert _resources.model_path("default") == places[0] / "default"
    assert _resources.model_path(Path("default")) == Path("default")


@pytest.mark.parametrize("name", ["absent", "", "README.md", "default/../absent"])
def test_a_missing_model_lists_those_there_are_and_what_to_do(places, name):
    with pytest.raises(ModelNotFoundError, match=r"default, large.*path.*conflict-nlp\[train\]"):
        _resources.model_path(name)


def test_a_neighbours_models_folder_is_not_ours(places):
    _, clone = places
    (clone.parent / "pyproject.toml").unlink()
    assert _resources.model_names() == ["default"]
    with pytest.raises(ModelNotFoundError):
        _resources.model_path("large")


def test_no_models_at_all_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(_resources, "_INSTALLED", tmp_path / "a")
    monkeypatch.setattr(_resources, "_CLONE", tmp_path / "b")
    with pytest.raises(ModelNotFoundError, match="Shipped models: none"):
        _resources.model_path("default")


def test_the_build_copies_the_models_into_the_package_afresh(tmp_path):
    """Runs setup.py on a miniature of the project."""
    pytest.importorskip("setuptools")
    project = tmp_path / "project"
    package, model = project / "conflict_nlp", project / "models" / "default"
    package.mkdir(parents=True)
    model.mkdir(parents=True)
    (package / "__init__.py").touch()
    (model / "model.onnx").write_bytes(b"weights")
    (project / "setup.py").write_text((ROOT / "setup.py").read_text(encoding="utf-8"))
    (project / "pyproject.toml").write_text(
        '[project]\nname = "conflict-nlp"\nversion = "0"\n'
        '[tool.setuptools]\npackages = ["conflict_nlp"]\n'
    )
    stale = project / "build" / "lib" / "conflict_nlp" / "_models" / "dropped"
    stale.mkdir(parents=True)
    (stale / "model.onnx").touch()
    build = [sys.executable, "setup.py", "-q", "build", "--build-lib", "build/lib"]
    subprocess.run(build, cwd=project, check=True, capture_output=True)
    copied = {path.name: path for path in (project / "build" / "lib").rglob("*.onnx")}
    assert copied.keys() == {"model.onnx"}
    assert copied["model.onnx"].relative_to(stale.parent) == Path("default/model.onnx")
    assert copied["model.onnx"].read_bytes() == b"weights"
    assert not stale.exists()
