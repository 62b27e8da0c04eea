"""What to choose, in three sentences, out of a benchmark's figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conflict_nlp.evaluation._benchmark_view import lower_is_better
from conflict_nlp.evaluation.cells import DONE


def advice(record: Mapping[str, Any]) -> list[str]:
    """Which variant to take for quality, which for speed, and how far the figures carry.

    Args:
        record: a summary with ``tasks``, ``variants``, ``results`` and ``groups``.

    Returns:
        Three sentences; none where nothing was measured.
    """
    task = next((name for name, groups in record["groups"].items() if groups), None)
    if task is None:
        return []
    main, title = record["tasks"][task]["main"], record["tasks"][task]["title"]
    done = {r["variant"]: r for r in record["results"] if r["task"] == task and r["status"] == DONE}
    named = {name: record["variants"][name]["title"] for name in done}
    best, *equals = record["groups"][task][0]
    value = done[best]["figures"][main]
    sentences = [
        f"For quality take {named[best]}: {main} {value['value']:.3f} "
        f"[{value['low']:.3f}, {value['high']:.3f}] on {title}"
        + (f"; {_and([named[n] for n in equals])} cannot be told from it." if equals else ".")
    ]
    fast = {n: r["costs"]["sentences_per_cpu_second"] for n, r in done.items() if r.get("costs")}
    faster = [
        n for n in fast if best in fast and fast[n] > fast[best] and main in done[n]["figures"]
    ]
    if faster:
        sign = -1 if lower_is_better(main) else 1
        quick = max(faster, key=lambda n: sign * done[n]["figures"][main]["value"])
        loss = 100 * sign * (value["value"] - done[quick]["figures"][main]["value"])
        sentences.append(
            f"Where time counts more, {named[quick]} reads {fast[quick]:,.0f} sentences a "
            f"CPU-second in place of {fast[best]:,.0f} and loses {loss:.1f} points."
        )
    else:
        sentences.append("Nothing that was measured is faster than it.")
    missing = sorted({r["variant"] for r in record["results"] if r["status"] != DONE} - set(done))
    sentences.append(
        "These are figures on held-out sentences of the same sources; on other outlets expect "
        "less, and label a few hundred sentences to know"
        + (f" ({len(missing)} variants could not be had here)." if missing else ".")
    )
    return sentences


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
