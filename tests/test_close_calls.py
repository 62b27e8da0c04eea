"""Close calls are settled by a second reading that does not know who it is."""

from __future__ import annotations

import dataclasses
import json
import pathlib

import numpy as np
import pytest
from stub_model import StubRuntime, stub_classifier

from conflict_nlp import Classifier
from conflict_nlp._stand_ins import stand_ins
from conflict_nlp.actors import Lexicon
from conflict_nlp.calibration import Calibration
from conflict_nlp.runtime import Floats, Input, Output
from conflict_nlp.text import repair

# Sentences that differ in the actor alone, the first with the name that stands in for its class.
PAIRS = [
    ("شنت حركة حماس هجوماً على الموقع", "شنت حركة طالبان هجوماً على الموقع"),
    ("دعت فرنسا إلى وقف إطلاق النار", "دعت روسيا إلى وقف إطلاق النار"),
    ("اقتحمت جبهة النصرة القرية ليلاً", "اقتحمت جبهة ثوار سوريا القرية ليلاً"),
]
PLAIN = "عاد الهدوء إلى السوق القديم"
EXTRAS = ("probabilities", "repaired")


class CountingBatches(StubRuntime):
    """The stub, which counts its readings and takes batches."""

    def __init__(self) -> None:
        self.readings = 0

    def __call__(self, ids: list[int], target_masks: Floats) -> Output:
        self.readings += 1
        return super().__call__(ids, target_masks)

    def batch(self, inputs: list[Input]) -> list[Output]:
        return [self(*given) for given in inputs]


def stub(events: float, stance: float = 0.0) -> tuple[Classifier, CountingBatches]:
    """A stub whose answers are close within so much, and its runtime."""
    model, runtime = stub_classifier(), CountingBatches()
    calibration = dataclasses.replace(model.calibration, close_events=events, close_stance=stance)
    return (
        Classifier(runtime, model.encoder, model.settings, calibration, model.lexicon),
        runtime,
    )


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_close_call_is_answered_alike_whoever_it_is(one: str, other: str) -> None:
    model, _ = stub(np.inf, np.inf)
    first, second = model.classify([one, other], extras=EXTRAS)
    assert first.events == second.events and first.stance == second.stance
    assert first.probabilities == second.probabilities
    # What is told of the sentence is still the sentence.
    assert (first.repaired, second.repaired) == (repair(one).text, repair(other).text)
    assert first.targets[0].actor != second.targets[0].actor
    assert second.targets[0].text in other


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_what_is_not_close_is_answered_as_read(one: str, other: str) -> None:
    model, runtime = stub(0.0)
    first, second = model.classify([one, other], extras=EXTRAS)
    assert first.probabilities != second.probabilities
    assert runtime.readings == 2


def test_stances_toward_actors_are_those_of_the_first_reading() -> None:
    text = PAIRS[1][1]
    close, plain = stub(np.inf)[0].classify(text), stub(0.0)[0].classify(text)
    assert close.targets == plain.targets and close.targets
    assert close.events != plain.events


def test_only_close_sentences_that_name_actors_are_read_twice() -> None:
    model, runtime = stub(np.inf)
    model.classify(PLAIN)
    assert runtime.readings == 1
    model.classify(PAIRS[1][1])
    assert runtime.readings == 3


def test_a_threshold_of_ones_own_changes_nothing_but_what_is_reported() -> None:
    model, runtime = stub(0.3)  # the stub's probabilities lie between 0.27 and 0.73
    text = PAIRS[1][1]
    low, high = (model.classify(text, threshold=t, extras=EXTRAS) for t in (0.2, 0.9))
    assert low.probabilities == high.probabilities and low.stance == high.stance
    assert len(low.events) > len(high.events) == 0
    assert runtime.readings == 4


def shown(model: Classifier, text: str) -> str:
    """The sentence as its second reading has it."""
    mended = repair(text)
    return model.close_calls.exchanged(mended, model.lexicon.find(mended)).text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Two actors of a class stay two.
        ("هاجمت روسيا أوكرانيا ثم انسحبت روسيا", "هاجمت سوريا تركيا ثم انسحبت سوريا"),
        # The preposition that a name is fused with stays, and the gender of states.
        ("قدمت روسيا أسلحة للسعودية", "قدمت سوريا أسلحة لتركيا"),
        ("سلمت المعدات للجيش الإسرائيلي", "سلمت المعدات للجيش السوري"),
        ("نفى الكرملين ضلوعه في الهجوم", "نفى العراق ضلوعه في الهجوم"),
        ("اتهم لبنان إسرائيل بالتصعيد", "اتهم العراق سوريا بالتصعيد"),
        # Who takes sides stands in for nobody.
        ("أعلن الجيش اللبناني انسحابه", "أعلن الجيش السوري انسحابه"),
        ("تقدمت القوات الأمريكية نحو التلة", "تقدمت القوات السورية نحو التلة"),
        # Peoples are many; they and unknown names are left.
        ("اتهم الروس خصومهم بالمماطلة", "اتهم الروس خصومهم بالمماطلة"),
        (PLAIN, PLAIN),
    ],
)
def test_stand_ins_fit_the_sentence(text: str, expected: str) -> None:
    assert shown(stub_classifier(), text) == expected


def test_stand_ins_take_no_side() -> None:
    names = stand_ins(Lexicon.load().actors)
    assert len(names) > 1000 and all(names.values())
    assert not [n for group in names.values() for n in group if "الأسد" in n or "صهيون" in n]


def test_in_batches_too() -> None:
    texts = [text for pair in PAIRS for text in pair] + [PLAIN, None, ""]
    model, _ = stub(0.4, 0.3)
    together = model.classify(texts, extras=EXTRAS)
    assert together == [model.classify(text, extras=EXTRAS) for text in texts]


def test_labelled_sentences_are_read_as_in_use() -> None:
    pytest.importorskip("torch", reason="predicting labelled data needs the train extra")
    from conflict_nlp.learning.examples import Example
    from conflict_nlp.learning.predict import predict_in_use

    model, _ = stub(0.4, 0.3)
    texts = [text for pair in PAIRS for text in pair] + [PLAIN]
    examples = [Example(str(row), text, None, None) for row, text in enumerate(texts)]
    logits = predict_in_use(model.runtime, model.encoder, examples, close_calls=model.close_calls)
    for result, events, stance in zip(
        model.classify(texts, extras=EXTRAS), logits.events, logits.stance, strict=True
    ):
        assert result.probabilities is not None
        expected = model.calibration.events(events)
        assert list(result.probabilities["events"].values()) == pytest.approx(expected, abs=1e-4)
        expected = model.calibration.stance(stance)
        assert list(result.probabilities["stance"].values()) == pytest.approx(expected, abs=1e-4)


def test_two_stances_as_likely_are_close() -> None:
    calibration = dataclasses.replace(Calibration.identity(0, 3), close_stance=0.3)
    none = np.zeros(0)
    assert calibration.is_close(none, np.array([1.0, 0.8, -3.0]))
    assert not calibration.is_close(none, np.array([1.0, 0.6, -3.0]))
    # By the weights that decide.
    weighted = dataclasses.replace(calibration, stance_weights=np.array([1.0, 1.5, 1.0]))
    assert weighted.is_close(none, np.array([1.0, 0.6, -3.0]))
    assert not dataclasses.replace(calibration, close_stance=0.0).is_close(none, np.zeros(3))


def test_nothing_is_close_to_a_threshold_of_0_or_1() -> None:
    calibration = dataclasses.replace(Calibration.identity(2, 0), close_events=5.0)
    for threshold in (0.0, 1.0):
        certain = dataclasses.replace(calibration, thresholds=np.full(2, threshold))
        assert not certain.is_close(np.zeros(2), np.zeros(0))


def test_a_calibration_written_before_there_were_second_readings(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "calibration.json"
    Calibration.identity(2, 3).save(path)
    values = json.loads(path.read_text("utf-8"))
    del values["close_events"], values["close_stance"]
    path.write_text(json.dumps(values), "utf-8")
    assert Calibration.load(path).close_events == Calibration.load(path).close_stance == 0


def test_models_of_other_labels_read_once() -> None:
    pytest.importorskip("torch", reason="fitting needs the train extra")
    from conflict_nlp.learning.calibrate import fit_calibration
    from conflict_nlp.learning.examples import Example, LabelScheme
    from conflict_nlp.learning.predict import Logits

    examples = [Example(str(row), "نص", ("a",) if row % 2 else (), None) for row in range(20)]
    events = np.array([[1.0 if row % 2 else -1.0] for row in range(20)], np.float32)
    logits = Logits(
        tuple(e.id for e in examples),
        events,
        np.c_[events, -events],
        np.zeros((20, 0), np.float32),
        np.arange(20),
    )
    fitted = {
        codebook: fit_calibration(logits, examples, LabelScheme(("a",), (), codebook))
        for codebook in (None, "1")
    }
    assert fitted[None].close_events == fitted[None].close_stance == 0
    assert fitted["1"].close_events > 0 and fitted["1"].close_stance > 0


def test_the_shipped_model_settles_close_calls(shipped: Classifier) -> None:
    assert shipped.calibration.close_events > 0 and shipped.calibration.close_stance > 0
