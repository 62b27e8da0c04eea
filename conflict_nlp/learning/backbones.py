"""Where an encoder comes from: a directory, a shipped model, or the Hugging Face hub by name."""

from __future__ import annotations

import contextlib
import functools
import json
import pathlib
import tomllib
from dataclasses import dataclass, field
from typing import Any

from huggingface_hub import hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HFValidationError,
    RepositoryNotFoundError,
)

from conflict_nlp._model_files import CONFIG_FILE
from conflict_nlp._resources import backbones_file, model_path
from conflict_nlp.errors import ModelError, ModelNotFoundError
from conflict_nlp.text import Normalizer

# Weights in formats of other frameworks are left where they are.
_FILES = ("*.json", "*.txt", "*.model", "*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True)
class Backbone:
    """An encoder that is known by name.

    Attributes:
        name: short name, as ``base`` of a training configuration.
        hub: name on the Hugging Face hub.
        normalizer: the spelling that it was pretrained on.
        prefix: text put before every sentence.
    """

    name: str
    hub: str
    normalizer: Normalizer = field(default_factory=Normalizer)
    prefix: str = ""


@functools.cache
def backbones() -> dict[str, Backbone]:
    """Every encoder of ``models/backbones.toml``, by its short name.

    Example:
        >>> backbones()["camelbert-msa"].hub
        'CAMeL-Lab/bert-base-arabic-camelbert-msa'
    """
    declared = tomllib.loads(backbones_file().read_text("utf-8"))
    return {
        name: Backbone(
            name,
            values["hub"],
            Normalizer.only(*values["normalizer"]),
            values.get("prefix", ""),
        )
        for name, values in declared.items()
    }


def known_backbone(*names: str) -> Backbone | None:
    """The first of the names that is a known encoder's short name or hub name.

    Example:
        >>> known_backbone("artifacts/mine", "UBC-NLP/MARBERTv2").name
        'marbert-v2'
    """
    by_hub = {backbone.hub: backbone for backbone in backbones().values()}
    found = (backbones().get(name) or by_hub.get(name) for name in names)
    return next((backbone for backbone in found if backbone), None)


def backbone_config(base: str) -> dict[str, Any]:
    """An encoder's ``config.json``, the weights not yet fetched.

    Args:
        base: as for :func:`backbone_folder`.

    Raises:
        ModelNotFoundError: it is nowhere to be found; the message says what to do.
        ModelError: its configuration cannot be read.
    """
    folder = _local(base)
    path = _fetched(base, CONFIG_FILE) if folder is None else folder / CONFIG_FILE
    if not path.exists():
        raise ModelNotFoundError(
            f"no encoder in {base!r} (no {CONFIG_FILE}); give the directory of a downloaded model, "
            'a name such as "camelbert-msa", or build one with training/build_base.py'
        )
    try:
        config = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is damaged ({error}). Fetch the encoder again.") from error
    if not isinstance(config, dict):
        raise ModelError(f"{path} holds no settings of an encoder. Fetch the encoder again.")
    return config


def backbone_folder(base: str) -> pathlib.Path:
    """The directory of an encoder, fetched from the hub where it must be.

    Args:
        base: a directory, the name of a shipped model, a short name of ``models/backbones.toml``,
            or a name on the hub. In this order.

    Raises:
        ModelNotFoundError: it is nowhere to be found; the message says what to do.
    """
    folder = _local(base)
    return _fetched(base) if folder is None else folder


def _local(base: str) -> pathlib.Path | None:
    with contextlib.suppress(ModelNotFoundError):
        return model_path(base)
    return None


def _fetched(base: str, file: str | None = None) -> pathlib.Path:
    """An encoder's directory from the hub or its cache, or one file of it."""
    known = known_backbone(base)
    if known is None and base.count("/") != 1:
        raise ModelNotFoundError(
            f"no encoder {base!r}: no such directory, no shipped model, none of "
            f"{', '.join(backbones())}, and no hub name (owner/name)"
        )
    name = base if known is None else known.hub
    try:
        if file is None:
            return pathlib.Path(snapshot_download(name, allow_patterns=list(_FILES)))
        return pathlib.Path(hf_hub_download(name, file))
    except (RepositoryNotFoundError, HFValidationError, GatedRepoError) as error:
        said = str(error).strip().splitlines()[0]
        raise ModelNotFoundError(
            f"the Hugging Face hub gives no encoder {name!r} ({said}). Look for its name at "
            "https://huggingface.co/models; a private or gated one needs `hf auth login` first"
        ) from error
    # Without a network the hub's client raises whatever its transport does.
    except Exception as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ModelNotFoundError(
            f"{name!r} is not in this machine's cache, and the Hugging Face hub cannot be reached "
            f"({said}). Where it can be: hf download {name} --local-dir {name.rpartition('/')[2]}; "
            'then copy that directory here and give its path. Without: base = "default" goes on '
            "from the shipped model, and training/build_base.py builds its bare encoder"
        ) from error
