"""What a variant costs: time of one sentence, memory, size; in a process that does nothing else."""

from __future__ import annotations

import multiprocessing
import pathlib
import pickle
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from conflict_nlp.errors import ConflictNLPError
from conflict_nlp.evaluation.outputs import Fitted
from conflict_nlp.evaluation.task_data import Sentences

WARM_UP = 5  # sentences


def costs(fitted: Fitted, sentences: Sentences) -> dict[str, float]:
    """Measure a variant on sentences given one by one, on one thread, the model alone.

    Args:
        fitted: the variant.
        sentences: two or more, of which the first ones warm it up.

    Returns:
        ``sentences_per_cpu_second``, ``latency_p50_ms`` and ``latency_p95_ms`` of one sentence,
        ``memory_mib`` that the process takes at most beyond that of the libraries it has loaded,
        ``size_mb`` of what the variant is read from.

    Raises:
        ConflictNLPError: the process ended without figures.

    Example:
        >>> costs(fitted, part.test)["latency_p50_ms"]  # doctest: +SKIP
        11.2
    """
    with tempfile.TemporaryDirectory() as folder:
        given, taken = pathlib.Path(folder) / "given", pathlib.Path(folder) / "taken"
        with given.open("wb") as file:
            pickle.dump(fitted.predict, file)
        size = given.stat().st_size + sum(path.stat().st_size for path in fitted.files)
        with given.open("ab") as file:
            pickle.dump([sentences.take([row]) for row in range(len(sentences))], file)
        process = _context().Process(target=_measure, args=(str(given), str(taken)))
        process.start()
        process.join()
        if not taken.exists():
            raise ConflictNLPError(
                f"the process that measures the cost ended with status {process.exitcode}. Run the "
                "benchmark again with fewer programs beside it."
            )
        figures: dict[str, float] = pickle.loads(taken.read_bytes())
    return figures | {"size_mb": size / 1e6}


def _context() -> Any:
    """Where processes start from: one that has loaded the libraries, and nothing else."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["conflict_nlp.evaluation.neural", "sklearn.linear_model"])
    return context


def _measure(given: str, taken: str) -> None:
    unit = 1024**2 if sys.platform == "darwin" else 1024
    libraries = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pathlib.Path(given).open("rb") as file:
        predict: Any = pickle.load(file)
        sentences: Sequence[Sentences] = pickle.load(file)
    warm_up = min(WARM_UP, len(sentences) - 1)
    for one in sentences[:warm_up]:
        predict(one)
    latencies, cpu = [], time.process_time()
    for one in sentences[warm_up:]:
        start = time.perf_counter()
        predict(one)
        latencies.append(time.perf_counter() - start)
    cpu = time.process_time() - cpu
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {
        "sentences_per_cpu_second": len(latencies) / cpu,
        "latency_p50_ms": 1000 * float(np.percentile(latencies, 50)),
        "latency_p95_ms": 1000 * float(np.percentile(latencies, 95)),
        "memory_mib": (most - libraries) / unit,
    }
    pathlib.Path(taken).write_bytes(pickle.dumps(figures))
