"""The classifier in pandas and in ``datasets``, as their users call it."""

from __future__ import annotations

import pickle

import pytest

from conflict_nlp import Classifier

SHELLED = "قصفت المدفعية أطراف البلدة."
LEFT = "انسحبت القوات من القرية."


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.from_pretrained()


def test_a_column_of_a_data_frame(classifier: Classifier) -> None:
    pandas = pytest.importorskip("pandas", reason="tables need pandas")
    frame = pandas.DataFrame({"text": [SHELLED, float("nan"), LEFT]}, index=[7, 3, 5])
    results = classifier.classify(frame["text"])
    frame["event"] = [result.primary_event for result in results]
    assert frame.loc[7, "event"] == "shelling" and frame.loc[5, "event"] == "withdrawal"
    assert [result.abstain for result in results] == [None, "empty", None]


@pytest.mark.parametrize("processes", [None, 2])
def test_a_mapped_dataset(classifier: Classifier, processes: int | None) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets come with the train extra")
    given = datasets.Dataset.from_dict({"text": [SHELLED, LEFT]})

    def events(batch: dict[str, list[str]]) -> dict[str, list[str | None]]:
        return {"event": [result.primary_event for result in classifier.classify(batch["text"])]}

    found = given.map(events, batched=True, num_proc=processes)
    assert list(found["event"]) == ["shelling", "withdrawal"]


def test_a_classifier_goes_to_another_process_and_answers_alike(classifier: Classifier) -> None:
    copy = pickle.loads(pickle.dumps(classifier))
    assert copy.classify([SHELLED, LEFT]) == classifier.classify([SHELLED, LEFT])
    assert copy.info == classifier.info
