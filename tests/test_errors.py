from __future__ import annotations

import subprocess
import sys

import pytest

HIDDEN = """
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "torch" else found(name, *rest)
import conflict_nlp
import conflict_nlp.learning
"""


@pytest.mark.parametrize("module", ["learning.trainer", "evaluation.scores"])
def test_training_without_its_extra_names_the_pip_install_line(module: str) -> None:
    code = HIDDEN.replace("conflict_nlp.learning", f"conflict_nlp.{module}")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "MissingExtraError" in done.stderr
    assert 'pip install "conflict-nlp[train]"' in done.stderr
