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

    Items are read as results are taken. An exception of an item or of the supply reaches the
    caller; what is still waiting is dropped.
    """
    workers = os.cpu_count() or 1
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > _AHEAD * workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
