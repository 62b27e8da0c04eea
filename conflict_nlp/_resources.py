"""Where the shipped models lie: in an installed package, or in the clone beside it."""

from __future__ import annotations

import os
from pathlib import Path

from conflict_nlp.errors import ModelNotFoundError

# The build copies the repository's models/ into the package (setup.py); an editable install and a
# clone have no such copy and use models/ itself.
_INSTALLED = Path(__file__).parent / "_models"
_CLONE = Path(__file__).parents[1] / "models"


def model_path(name: str | os.PathLike[str] = "default") -> Path:
    """Find a model's directory.

    Args:
        name: the name of a shipped model, or a path to a model's directory.

    Returns:
        The directory. What is in it is for the reader of the model to judge.

    Raises:
        ModelNotFoundError: if there is none; the message lists the names that there are.

    Example:
        >>> from tempfile import gettempdir
        >>> model_path(gettempdir()) == Path(gettempdir())
        True
    """
    named = isinstance(name, str) and name not in ("", ".", "..") and Path(name).name == name
    places = [root / name for root in _roots() if named]
    for place in (*places, Path(name)):
        if str(name) and place.is_dir():
            return place
    msg = (
        f"There is no model '{name}'. Shipped models: {', '.join(model_names()) or 'none'}. "
        "For a model of your own give the path of its directory. To train one: "
        'pip install "conflict-nlp[train]"; the README says how.'
    )
    raise ModelNotFoundError(msg)


def model_names() -> list[str]:
    """List the names of the shipped models, sorted."""
    return sorted({child.name for root in _roots() for child in root.iterdir() if child.is_dir()})


def backbones_file() -> Path:
    """The list of the encoders that are known by name."""
    return next(root / "backbones.toml" for root in _roots())


def _roots() -> list[Path]:
    # Beside an installed package lies site-packages, where a folder "models" is somebody else's.
    clone = [_CLONE] if (_CLONE.parent / "pyproject.toml").is_file() else []
    return [root for root in (_INSTALLED, *clone) if root.is_dir()]
