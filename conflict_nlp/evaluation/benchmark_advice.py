"""What to choose, in three sentences, out of a benchmark's figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conflict_nlp.evaluation._benchmark_view import lower_is_better
from conflict_nlp.evaluation.cells import DONE

LOSS = 0.1  # of the best figure, at most: nobody takes more for speed
FASTER = 1.5  # times as fast at least: less is not worth a point, and differs between machines


def advice(record: Mapping[str, Any]) -> list[str]:
    """Which variant to take for quality, which for speed, and how far the figures carry.

    Args:
        record: a summary with ``tasks``, ``variants``, ``results`` and ``groups``.

    Returns:
        Three sentences; none where nothing was measured.
    """
    tasks = [name for name, groups in record["groups"].items() if groups]
    if not tasks:
        return []
    titles = {name: variant["title"] for name, variant in record["variants"].items()}
    task, results = tasks[0], record["results"]
    main = record["tasks"][task]["main"]
    done = {r["variant"]: r for r in results if r["task"] == task and r["status"] == DONE}
    best = record["groups"][task][0][0]
    value = done[best]["figures"][main]
    sentences = [f"For quality take {_best(record, tasks, titles)}."]
    fast = {n: r["costs"]["sentences_per_cpu_second"] for n, r in done.items() if r.get("costs")}
    sign = -1 if lower_is_better(main) else 1
    lost = {
        n: sign * (value["value"] - r["figures"][main]["value"])
        for n, r in done.items()
        if main in r["figures"]
    }
    faster = [
        n
        for n in fast
        if best in fast and fast[n] >= FASTER * fast[best] and lost.get(n, 1) <= LOSS
    ]
    where = "" if len(tasks) == 1 else f" on `{task}`"
    if faster:
        quick = min(faster, key=lambda n: lost[n])
        sentences.append(
            f"Where time counts more{where}, {titles[quick]} reads {fast[quick]:,.0f} sentences a "
            f"CPU-second in place of {fast[best]:,.0f} and loses {100 * lost[quick]:.1f} points."
        )
    else:
        sentences.append(
            f"Nothing that was measured{where} is much faster than {titles[best]} and loses at "
            f"most {100 * LOSS:.0f} points."
        )
    missing = sorted({r["variant"] for r in results if r["status"] != DONE} - set(done))
    sentences.append(
        "These are figures on held-out sentences of the same sources; on other outlets expect "
        "less, and label a few hundred sentences to know"
        + (f" (not to be had here: {_few(missing)})." if missing else ".")
    )
    return sentences


def _best(record: Mapping[str, Any], tasks: list[str], titles: Mapping[str, str]) -> str:
    """The first of each task's best group, by variant: with its figure where there is one task."""
    if len(tasks) > 1:
        on: dict[str, list[str]] = {}
        for task in tasks:
            on.setdefault(record["groups"][task][0][0], []).append(f"`{task}`")
        return "; ".join(f"{titles[name]} on {_and(names)}" for name, names in on.items())
    [task] = tasks
    best, *equals = record["groups"][task][0]
    main = record["tasks"][task]["main"]
    figures = next(
        r["figures"]
        for r in record["results"]
        if (r["task"], r["variant"], r["status"]) == (task, best, DONE)
    )
    value = figures[main]
    as_good = f" ({_and([titles[n] for n in equals])} cannot be told from it)" if equals else ""
    return (
        f"{titles[best]} on `{task}`: {main} {value['value']:.3f} "
        f"[{value['low']:.3f}, {value['high']:.3f}]{as_good}"
    )


def _few(names: list[str]) -> str:
    shown, more = names[:3], len(names) - 3
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
