"""Batches, as on a GPU: the same answers as one by one, in order, and no row takes others down."""

from __future__ import annotations

import itertools
import json
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from conftest import SENTENCES
from stub_model import StubRuntime, stub_classifier

from conflict_nlp import Classifier, Result, _batches, bulk
from conflict_nlp.errors import DataError
from conflict_nlp.runtime import BatchRuntime, Floats, Input, Output

TEXTS = [
    *(text for text, *_ in SENTENCES),
    None,
    "",
    "only Latin",
    7,
    "أدان المجلس جرائم النظام. " * 30,
    "عاد",
]


class StubBatches(StubRuntime):
    """The stub, which refuses a batch that holds a certain length."""

    refused = -1

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, ids: Sequence[int], target_masks: Floats) -> Output:
        if len(ids) == self.refused:
            raise RuntimeError("out of memory")
        return super().__call__(ids, target_masks)

    def batch(self, inputs: Sequence[Input]) -> list[Output]:
        self.sizes.append(len(inputs))
        return [self(*given) for given in inputs]


def with_runtime(classifier: Classifier, runtime: BatchRuntime) -> Classifier:
    parts = (classifier.encoder, classifier.settings, classifier.calibration, classifier.lexicon)
    return Classifier(runtime, *parts)


@pytest.fixture(autouse=True)
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_batches, "WINDOW", 5)


def test_the_same_results_in_order() -> None:
    alone, runtime = stub_classifier(), StubBatches()
    together = with_runtime(alone, runtime)
    for target in (None, "النظام", "التدخل الأجنبي"):
        assert together.classify(TEXTS, target) == alone.classify(TEXTS, target)
    # Sixteen rows in windows of five, and again for a topic that they do not name.
    assert len(runtime.sizes) > 3 * 4 and max(runtime.sizes) == 5


def test_a_sentence_that_cannot_be_read_takes_no_other_down() -> None:
    alone, runtime = stub_classifier(), StubBatches()
    lengths = [
        len(alone.encoder.encode(text).ids) if isinstance(text, str) else 0 for text in TEXTS
    ]
    runtime.refused = lengths[2]
    results = with_runtime(alone, runtime).classify(TEXTS)
    for text, length, result in zip(TEXTS, lengths, results, strict=True):
        if length == runtime.refused:
            assert "out of memory" in str(result.error)
        else:
            assert result == alone.classify(text)


def test_no_more_is_read_than_a_window_and_an_exception_comes_after_the_results() -> None:
    together = with_runtime(stub_classifier(), StubBatches())
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        for taken in itertools.count(1):  # noqa: B007
            yield "انسحب المقاتلون"

    assert isinstance(next(together.stream(endless())), Result) and taken == 5

    def breaking() -> Iterator[str]:
        yield from ["انسحب المقاتلون"] * 7
        raise OSError("disk gone")

    results = together.stream(breaking())
    assert len(list(itertools.islice(results, 7))) == 7
    with pytest.raises(OSError, match="disk gone"):
        next(results)
    with pytest.raises(DataError, match="one a text"):
        list(together.stream(["أ"] * 3, ["ب"] * 4))


def test_bulk_reads_batches(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PART", 4)
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS), "utf-8")
    alone = stub_classifier()
    bulk.classify_files(alone, [str(path)], tmp_path / "a.jsonl")
    together = with_runtime(alone, StubBatches())
    bulk.classify_files(together, [str(path)], tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_torch_gives_the_labels_of_the_exported_model(exported: pathlib.Path) -> None:
    from conflict_nlp.learning.torch_runtime import TorchRuntime

    runtime = TorchRuntime.from_pretrained(exported, device="cpu", batch_size=3)
    alone = Classifier.from_pretrained(exported)
    together = Classifier.from_pretrained(exported, runtime=runtime)
    assert together.info["runtime"] == "TorchRuntime"
    extras = ("probabilities",)
    for target in (None, "التدخل الأجنبي"):
        ours = together.classify(TEXTS, target, extras=extras)
        for one, other in zip(ours, alone.classify(TEXTS, target, extras=extras), strict=True):
            assert (one.abstain == "empty", one.error) == (other.abstain == "empty", other.error)
            assert one.primary_event == other.primary_event
            assert _spans(one) == _spans(other)
            for head, wanted in (other.probabilities or {}).items():
                found = (one.probabilities or {})[head]
                assert found == pytest.approx(wanted, abs=0.03), head


def test_padding_and_company_change_next_to_nothing(exported: pathlib.Path) -> None:
    from conflict_nlp.learning.torch_runtime import TorchRuntime

    runtime = TorchRuntime.from_pretrained(exported, device="cpu")
    encoder = Classifier.from_pretrained(exported).encoder
    encoded = [encoder.encode(text) for text, *_ in SENTENCES]
    inputs = [(e.ids, e.target_masks([(0, 4)] * (i % 3))) for i, e in enumerate(encoded)]
    for given, found in zip(inputs, runtime.batch(inputs), strict=True):
        alone = runtime(*given)
        for head in ("events", "primary", "stance"):
            assert np.allclose(getattr(alone, head), getattr(found, head), atol=1e-5)
            assert getattr(alone, head).shape == getattr(found, head).shape
    assert runtime.batch([]) == []


def _spans(result: Result) -> list[tuple[int | None, int | None, str | None]]:
    return [(t.start, t.end, t.stance and t.stance.label) for t in result.targets or ()]
