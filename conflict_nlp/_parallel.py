"""Work on many items at once, results in order, in constant memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

# So many items wait for each worker: enough to keep it busy, few enough to keep memory flat.
_AHEAD = 4


def in_order(work: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Apply a function on as many threads as there are cores; results in the items' order.

    Items are read as results are taken, and a result comes as soon as it is there and those before
    it are. An exception of an item reaches the caller at once, one of the supply after the results
    of what it had given.
    """
    workers = cores()
    waiting: deque[Future[Made]] = deque()
    supply = iter(items)
    failure: Exception | None = None
    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                try:
                    item = next(supply)
                except StopIteration:
                    break
                except Exception as error:
                    failure = error
                    break
                waiting.append(pool.submit(work, item))
                while waiting and (waiting[0].done() or len(waiting) > _AHEAD * workers):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
    if failure is not None:
        raise failure


def cores() -> int:
    """Cores that this process may use: a cluster's job often has few of a machine's."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
