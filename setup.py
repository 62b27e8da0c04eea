"""Carry the repository's ``models/`` into the package as ``conflict_nlp/_models/``.

Everything else is in pyproject.toml. An editable install needs no copy: it runs from the clone.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithModels(build_py):
    """``build_py`` that adds the shipped models."""

    def run(self) -> None:
        """Build the package, then put a fresh copy of the models in it."""
        super().run()
        models = Path(__file__).parent / "models"
        if self.editable_mode or not models.is_dir():
            return
        # A variant deleted since the last build must not live on in build/.
        target = Path(self.build_lib) / "conflict_nlp" / "_models"
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(models, target)

    def get_outputs(self, include_bytecode: bool = True) -> list[str]:
        """List the copied files too, so that ``install`` records them."""
        target = Path(self.build_lib) / "conflict_nlp" / "_models"
        copied = [str(path) for path in target.rglob("*") if path.is_file()]
        return [*super().get_outputs(include_bytecode), *copied]


setup(cmdclass={"build_py": BuildWithModels})
