"""``conflict-nlp doctor``: what is installed, and whether classification works here."""

from __future__ import annotations

import hashlib
import platform
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

_TRIAL = "اندلعت اشتباكات عنيفة بين القوات الحكومية ومسلحين قرب المعبر."
# Where int8 arithmetic is fast; without any of these it is slower than it could be, not wrong.
_INT8_FEATURES = ("avx512_vnni", "avx_vnni", "avx2", "i8mm", "asimddp")


@dataclass(frozen=True, slots=True)
class Report:
    """What the doctor found.

    Args:
        lines: name and finding, in the order to read them.
        works: whether a sentence could be classified.
    """

    lines: tuple[tuple[str, str], ...]
    works: bool


def command(
    model: Annotated[str, typer.Option(help="A shipped model or a model's directory.")] = "default",
) -> None:
    """Say what is installed, which model there is and whether it works.

    Exit status: 0 if classification works, 1 if not.
    """
    report = examine(model)
    width = max(len(name) for name, _ in report.lines)
    for name, finding in report.lines:
        typer.echo(f"{name:<{width}}  {finding}")
    raise typer.Exit(0 if report.works else 1)


def examine(model: str = "default") -> Report:
    """Look at the installation and try one sentence.

    Args:
        model: name of a shipped model or path of a model's directory.

    Returns:
        The findings.

    Example:
        >>> examine().works  # doctest: +SKIP
        True
    """
    trial, works = _try(model)
    lines = [
        ("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        ("int8 features", cpu_features()),
        *_packages(),
        *trial,
        ("classification", "works" if works else "DOES NOT WORK"),
    ]
    return Report(tuple(lines), works)


def cpu_features(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Name the processor's features that make int8 arithmetic fast.

    Args:
        cpuinfo: the processor's description, as Linux writes it.

    Returns:
        The features with commas between, ``none``, or ``unknown`` where there is no such file.

    Example:
        >>> cpu_features(Path("/nowhere"))
        'unknown'
    """
    if not cpuinfo.is_file():
        return "unknown"
    flags = set(cpuinfo.read_text(encoding="utf-8", errors="replace").split())
    return ", ".join(name for name in _INT8_FEATURES if name in flags) or "none"


def _packages() -> list[tuple[str, str]]:
    try:
        requirements = metadata.requires("conflict-nlp") or []
    except metadata.PackageNotFoundError:
        return [("conflict-nlp", "not installed; install a clone with: pip install -e .")]
    groups: dict[str, list[str]] = defaultdict(list)
    for requirement in requirements:
        marker = re.search(r"""extra == ['"]([\w-]+)""", requirement)
        # The name ends where a version, an extra or a marker begins.
        groups[marker[1] if marker else ""].append(re.split(r"[^\w.-]", requirement)[0])
    lines = [("conflict-nlp", metadata.version("conflict-nlp"))]
    for extra, names in groups.items():
        versions = {name: _installed(name) for name in names}
        have = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
        missing = ", ".join(name for name, version in versions.items() if not version)
        lines.append((f"extra '{extra}'" if extra else "base packages", have or "–"))
        if missing:
            install = (
                f'pip install "conflict-nlp[{extra}]"' if extra else "pip install conflict-nlp"
            )
            lines.append(("  missing", f"{missing}; install with: {install}"))
    return lines


def _installed(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _try(model: str) -> tuple[list[tuple[str, str]], bool]:
    """Load the model and classify a sentence; whatever goes wrong is a finding."""
    lines = []
    try:
        start = time.perf_counter()
        from conflict_nlp.classifier import Classifier

        classifier = Classifier.from_pretrained(model)
        loaded = time.perf_counter()
        lines += _model(classifier.info)
        result = classifier.classify(_TRIAL)
        done = time.perf_counter()
    except Exception as error:
        return [*lines, ("error", f"{type(error).__name__}: {error}")], False
    events = ", ".join(f"{e.type} {e.probability:.0%}" for e in result.events or ())
    times = f"loading {loaded - start:.2f} s, one sentence {(done - loaded) * 1000:.0f} ms"
    lines += [("trial", _TRIAL), ("  events", events or "none"), ("  time", times)]
    if result.error is not None:
        lines.append(("error", result.error))
    return lines, result.error is None


def _model(info: dict[str, object]) -> list[tuple[str, str]]:
    path = Path(str(info["path"]))
    lines = [
        ("model", str(info["name"] or "without a name")),
        ("  path", str(path)),
        ("  base encoder", str(info["base"])),
        ("  runtime", str(info["runtime"])),
        ("  codebook", str(info["codebook"] or "the model's own labels")),
        ("  size", f"{int(str(info['size_bytes'])) / 1e6:.1f} MB"),
    ]
    weights = max(path.glob("*"), key=lambda file: file.stat().st_size, default=None)
    if weights is not None and weights.is_file():
        with weights.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append((f"  {weights.name}", f"sha256 {digest[:12]}"))
    return lines
