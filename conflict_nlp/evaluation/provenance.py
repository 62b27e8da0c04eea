"""Where a number comes from: command, commit, data, seeds and machine, for every report."""

from __future__ import annotations

import datetime
import hashlib
import os
import pathlib
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from typing import Any

__all__ = ["PACKAGES", "file_hash", "git_commit", "machine", "provenance"]

PACKAGES = ("numpy", "onnxruntime", "tokenizers", "torch", "transformers", "scikit-learn")
# What decides the speed of int8 and bf16 arithmetic.
_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8")


def file_hash(path: str | pathlib.Path) -> str:
    """SHA-256 of a file, in hex.

    Example:
        >>> import tempfile
        >>> with tempfile.NamedTemporaryFile() as file:
        ...     file_hash(file.name)[:8]
        'e3b0c442'
    """
    with pathlib.Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def git_commit(folder: str | pathlib.Path = ".") -> str | None:
    """Commit of the working tree, with ``-dirty`` where files differ; None outside a clone."""
    answers = []
    for words in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"]):
        try:
            done = subprocess.run(
                ["git", *words], cwd=folder, capture_output=True, text=True, timeout=30, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        answers.append(done.stdout.strip())
    commit, changes = answers
    return f"{commit}-dirty" if changes else commit


def machine() -> dict[str, Any]:
    """Processor, what of its instructions matters here, and the versions of what computes.

    Example:
        >>> sorted(machine())[:3]
        ['cores', 'cpu', 'flags']
    """
    info = _cpu_info()
    present = set(info.get("flags", "").split())
    versions: dict[str, str | None] = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "cpu": info.get("model name") or platform.processor() or platform.machine(),
        "cores": len(_affinity()),
        "flags": {flag: flag in present for flag in _FLAGS},
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": versions,
    }


def provenance(
    data: Iterable[str | pathlib.Path], seeds: dict[str, int], **more: Any
) -> dict[str, Any]:
    """Everything needed to make a report again.

    Args:
        data: files the numbers were computed from; each is named with its SHA-256.
        seeds: every seed used, by what it was used for.
        **more: settings worth recording.
    """
    return {
        "command": shlex.join(_command()),
        "commit": git_commit(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "data_sha256": {os.path.relpath(path): file_hash(path) for path in data},
        "seeds": seeds,
        "machine": machine(),
        **more,
    }


def _command() -> list[str]:
    program, *arguments = sys.argv
    python = pathlib.Path(sys.executable)
    if pathlib.Path(program).parent == python.parent:  # a command of the environment
        return [pathlib.Path(program).name, *arguments]
    return [python.name, program, *arguments]


def _cpu_info() -> dict[str, str]:
    path = pathlib.Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    first = path.read_text("utf-8", errors="replace").split("\n\n")[0]
    pairs = (line.split(":", 1) for line in first.splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def _affinity() -> set[int]:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return set(range(os.cpu_count() or 1))
