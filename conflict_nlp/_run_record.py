"""What a bulk run was started with, kept beside its parts, so that only the same run goes on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from conflict_nlp._sources import STDIN
from conflict_nlp._whole import write_whole
from conflict_nlp.errors import DataError

RUN_FILE = "run.json"


def open_run(parts: Path, run: dict[str, Any], resume: bool) -> None:
    """Make the folder of a new run, or make sure that the run there is the one to go on with.

    Args:
        parts: folder of the run's parts.
        run: all that the results depend on, JSON-ready; the inputs as ``fingerprint`` gives them.
        resume: whether a run that was broken off is to go on.

    Raises:
        DataError: there is a run and ``resume`` is not set, or is and the run is another.
    """
    record = parts / RUN_FILE
    run = json.loads(json.dumps(run))  # as it will be read: lists for tuples
    if not record.exists():
        shutil.rmtree(parts, ignore_errors=True)
        parts.mkdir(parents=True)
        write_whole(record, json.dumps(run).encode())
        return
    before = json.loads(record.read_text("utf-8"))
    if not resume:
        if [STDIN] in before["inputs"]:
            raise DataError(
                f"{parts} holds what a run over standard input had done when it was broken off; "
                "such a run cannot go on. Delete that folder to start anew."
            )
        raise DataError(
            f"{parts} holds a run that was broken off. Go on with it: --resume (resume=True); "
            "or delete that folder to start anew."
        )
    differing = sorted(name for name in run if run[name] != before.get(name))
    if differing:
        raise DataError(
            f"the run in {parts} had other {', '.join(differing)}. Give it the same, or "
            "delete that folder to start anew."
        )
