"""Models that do not read the names of actors."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="training needs the train extra")

from training_helpers import settings_for

from conflict_nlp import Classifier
from conflict_nlp._model_files import ModelSettings
from conflict_nlp._unnamed import unnamed
from conflict_nlp.actors import Lexicon
from conflict_nlp.evaluation.on_dev import export_calibrated
from conflict_nlp.learning.trainer import train
from conflict_nlp.text import repair

# Sentences that differ in the actor alone.
SAME = [
    ("شنت حركة حماس هجوماً على الموقع", "شنت حركة طالبان هجوماً على الموقع"),
    ("اتهم جيش الإسلام جبهة النصرة بالغدر", "اتهم جيش الفتح جبهة فتح الشام بالغدر"),
    ("دعت فرنسا إلى وقف إطلاق النار", "دعت روسيا إلى وقف إطلاق النار"),
    ("اتهم العراق خصومه بالتصعيد", "اتهم لبنان خصومه بالتصعيد"),
]


def shown(lexicon: Lexicon, text: str) -> str:
    mended = repair(text)
    return unnamed(mended, lexicon.find(mended)).text


@pytest.fixture(scope="module")
def folders(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[pathlib.Path, pathlib.Path, pathlib.Path]:
    """A checkpoint that does not read names, the same exported, and one trained onward from it."""
    place = tmp_path_factory.mktemp("unnamed")
    first = dataclasses.replace(
        settings_for(tiny_base, labelled_file, place / "first"), actor_names=False
    )
    train(first)
    export_calibrated(place / "first", place / "model", labelled_file)
    train(settings_for(place / "first", labelled_file, place / "onward"))
    return place / "first", place / "model", place / "onward"


def test_of_a_name_its_first_word_is_left(lexicon: Lexicon) -> None:
    assert shown(lexicon, "قصفت قوات النظام مواقع للجيش الحر") == "قصفت قوات مواقع للجيش"
    assert shown(lexicon, "اتهم العراق فرنسا بالتصعيد") == "اتهم بلد دولة بالتصعيد"
    assert shown(lexicon, "عاد الهدوء إلى السوق") == "عاد الهدوء إلى السوق"


@pytest.mark.parametrize(("one", "other"), SAME)
def test_sentences_that_differ_in_the_actor_alone_look_the_same(
    lexicon: Lexicon, one: str, other: str
) -> None:
    assert shown(lexicon, one) == shown(lexicon, other) != one


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from(["قال", "حركة حماس", "و", "إيران", "في", "جيش الفتح،"]), max_size=8)
)
def test_what_is_left_of_a_name_points_at_all_of_it(words: list[str]) -> None:
    lexicon, text = Lexicon.load(), " ".join(words)
    mended = repair(text)
    mentions = lexicon.find(mended)
    hidden = unnamed(mended, mentions)
    for mention in mentions:
        start, end = hidden.span_from_original(mention.start, mention.end)
        assert start < end
        assert hidden.span_to_original(start, end) == (mention.start, mention.end)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_model_that_reads_no_names_answers_alike(
    folders: tuple[pathlib.Path, ...], one: str, other: str
) -> None:
    classifier = Classifier.from_pretrained(folders[1])
    first, second = classifier.classify([one, other], extras=("probabilities",))
    assert first.probabilities == second.probabilities
    assert first.events == second.events and first.stance == second.stance
    assert [t.stance for t in first.targets] == [t.stance for t in second.targets]
    assert [t.actor for t in first.targets] != [t.actor for t in second.targets]
    assert first.targets and all(one[t.start : t.end] == t.text for t in first.targets)


def test_a_model_that_reads_names_does_not(exported: pathlib.Path) -> None:
    model = Classifier.from_pretrained(exported)
    once = dataclasses.replace(model.calibration, close_events=0.0, close_stance=0.0)
    classifier = Classifier(model.runtime, model.encoder, model.settings, once, model.lexicon)
    one, other = classifier.classify(list(SAME[0]), extras=("probabilities",))
    assert one.probabilities != other.probabilities


def test_actors_of_ones_own_are_not_read_either(
    folders: tuple[pathlib.Path, ...], tmp_path: pathlib.Path
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text(
        "id,name,kind,country,sector,aliases\nred,Reds,militia,,PRM,حمر الوادي\n"
        "blue,Blues,militia,,PRM,حمر الجبل\n",
        "utf-8",
    )
    classifier = Classifier.from_pretrained(folders[1], lexicon=Lexicon.load(table))
    first, second = classifier.classify(
        ["هاجم حمر الوادي القافلة", "هاجم حمر الجبل القافلة"], extras=("probabilities",)
    )
    assert first.probabilities == second.probabilities
    assert [t.actor for t in (*first.targets, *second.targets)] == ["red", "blue"]


def test_training_onward_keeps_what_the_model_reads(folders: tuple[pathlib.Path, ...]) -> None:
    assert [ModelSettings.load(folder).actor_names for folder in folders] == [False] * 3
