from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from conflict_nlp._parallel import cores, in_order


def test_a_result_comes_while_the_supply_is_still_slow() -> None:
    more = threading.Event()
    done = threading.Event()

    def supply() -> Iterator[int]:
        yield 1
        done.wait(10)
        yield 2
        assert more.wait(10), "the first result must come before the third item is asked for"
        yield 3

    def work(item: int) -> int:
        if item == 1:
            done.set()
        return item

    results = in_order(work, supply())
    assert next(results) == 1
    more.set()
    assert list(results) == [2, 3]


def test_a_failing_supply_costs_no_result() -> None:
    def supply() -> Iterator[int]:
        yield from range(20)
        raise OSError("disk gone")

    found = []
    with pytest.raises(OSError, match="disk gone"):
        found.extend(in_order(abs, supply()))
    # list.extend keeps what came before the exception.
    assert found == list(range(20))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="only Linux tells")
def test_only_the_cores_that_the_process_may_use_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {5})
    assert cores() == 1
