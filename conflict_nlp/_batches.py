"""Many rows at once through a runtime that reads batches; results in order, in constant memory."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

from conflict_nlp._judge import Steps
from conflict_nlp._targets import Request
from conflict_nlp.results import Result
from conflict_nlp.runtime import BatchRuntime, Input, Output

# Rows read ahead: the more there are, the more sentences of one length stand together.
WINDOW = 1024


def in_batches(
    begin: Callable[[Request], Steps], runtime: BatchRuntime, requests: Iterable[Request]
) -> Iterator[Result]:
    """Judge rows a window at a time.

    Args:
        begin: begins a row.
        runtime: reads the sentences of a window, in batches of its own making.
        requests: the rows. An exception of theirs comes after the results of the rows before it.
    """
    supply = iter(requests)
    failure: Exception | None = None
    while failure is None:
        window: list[Request] = []
        try:
            for request in itertools.islice(supply, WINDOW):
                window.append(request)  # not extended: those before an exception are kept
        except Exception as error:
            failure = error
        if not window:
            break
        yield from _judged([begin(request) for request in window], runtime)
    if failure is not None:
        raise failure


def _judged(rows: Sequence[Steps], runtime: BatchRuntime) -> list[Result]:
    results: dict[int, Result] = {}
    asked: dict[int, Input] = {}

    def advance(place: int, step: Callable[[], Input]) -> None:
        try:
            asked[place] = step()
        except StopIteration as end:
            results[place] = end.value

    for place, row in enumerate(rows):
        advance(place, row.__next__)
    while asked:
        places = list(asked)
        outputs = _outputs(runtime, [asked.pop(place) for place in places])
        for place, output in zip(places, outputs, strict=True):
            if isinstance(output, Exception):
                advance(place, functools.partial(rows[place].throw, output))
            else:
                advance(place, functools.partial(rows[place].send, output))
    return [results[place] for place in range(len(rows))]


def _outputs(runtime: BatchRuntime, inputs: Sequence[Input]) -> Sequence[Output | Exception]:
    try:
        return runtime.batch(inputs)
    except Exception:
        # One by one, so that only the sentence to blame gets a result with an error.
        return [_alone(runtime, given) for given in inputs]


def _alone(runtime: BatchRuntime, given: Input) -> Output | Exception:
    try:
        return runtime(*given)
    except Exception as error:
        return error
