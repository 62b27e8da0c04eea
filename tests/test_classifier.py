from __future__ import annotations

import itertools
import json
import math
import os
import pathlib
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from conftest import raw_logits

from conflict_nlp import Classifier, Result
from conflict_nlp._parallel import cores
from conflict_nlp.errors import DataError

SENTENCES = [
    "قصفت قوات النظام بالمدفعية أحياء المدينة القديمة فجر اليوم.",
    "شن الطيران الروسي غارات على ريف إدلب أسفرت عن مقتل سبعة مدنيين وجرح آخرين.",
    "نزحت مئات العائلات نحو الحدود.",
    "دعا وزير الخارجية التركي إلى هدنة عاجلة",
    "تقع البلدة على الطريق الدولي ويسكنها نحو ثلاثين ألف نسمة قبل الحرب بحسب آخر إحصاء رسمي.",
    "قـــال quot;لن ننسحبquot; وأضاف أنّ القُوّات باقية",
    "غارات",
]


@pytest.fixture(scope="module")
def classifier(exported: pathlib.Path) -> Classifier:
    return Classifier.from_pretrained(exported)


class TestContract:
    """What every result holds, whatever the model."""

    def test_a_string_gives_a_result_a_list_a_list(self, classifier: Classifier) -> None:
        assert isinstance(classifier.classify(SENTENCES[0]), Result)
        results = classifier.classify(SENTENCES)
        assert [result.text for result in results] == SENTENCES
        assert classifier.classify([]) == []
        assert classifier.classify(tuple(SENTENCES[:2])) == results[:2]

    def test_the_json_has_the_promised_keys(self, classifier: Classifier) -> None:
        data = json.loads(classifier.classify(SENTENCES[1]).to_json())
        assert list(data) == [
            "text",
            "events",
            "primary_event",
            "stance",
            "targets",
            "abstain",
            "truncated",
            "error",
            "model",
            "codebook",
        ]
        assert set(data["targets"][0]) == {"text", "start", "end", "actor", "stance"}
        assert data["model"] == "tiny-1"
        assert data["codebook"] == "1"

    def test_offsets_point_into_the_text_as_received(self, classifier: Classifier) -> None:
        text = "أدانت الأُمَمُ المتــحدة\u200f quot;قصفquot; النّظام السوري لِحلب"
        targets = classifier.classify(text).targets
        assert targets is not None
        assert len(targets) == 2
        for target in targets:
            assert text[target.start : target.end] == target.text

    def test_events_are_above_threshold_the_primary_first(self, classifier: Classifier) -> None:
        for threshold in (0.0, 0.3, 0.5):
            result = classifier.classify(SENTENCES[0], threshold=threshold)
            assert result.events is not None
            probabilities = [event.probability for event in result.events]
            assert all(p >= threshold - 1e-4 for p in probabilities)
            assert probabilities[1:] == sorted(probabilities[1:], reverse=True)
            if result.events:
                assert result.primary_event == result.events[0].type
        assert len(classifier.classify(SENTENCES[0], threshold=0.0).events or ()) == 24

    def test_nothing_above_threshold_is_no_event(self, classifier: Classifier) -> None:
        result = classifier.classify(SENTENCES[0], threshold=1.0)
        assert result.events == ()
        assert result.primary_event == "no_event"

    def test_extras_come_on_request_only(self, classifier: Classifier) -> None:
        extras = ("repaired", "probabilities", "quad", "acled", "plover", "cameo")
        result = classifier.classify(SENTENCES[5], extras=extras, threshold=0.0)
        data = result.to_dict()
        assert data["repaired"] == 'قال "لن ننسحب" وأضاف أن القوات باقية'
        assert len(data["probabilities"]["events"]) == 24
        assert sum(data["probabilities"]["primary"].values()) == pytest.approx(1, abs=0.01)
        assert "MC" in data["quad"]
        assert not set(extras) & set(classifier.classify(SENTENCES[5]).to_dict())

    def test_extras_in_any_order_round_trip(self, classifier: Classifier) -> None:
        result = classifier.classify(SENTENCES[0], extras=("cameo", "acled", "quad"))
        assert Result.from_dict(result.to_dict()) == result

    def test_results_round_trip(self, classifier: Classifier) -> None:
        for result in classifier.classify(SENTENCES, extras=("probabilities", "acled")):
            assert Result.from_dict(json.loads(result.to_json())) == result


class TestTargets:
    """The target asked for."""

    def test_given_target_is_the_only_one_and_found_in_the_text(
        self, classifier: Classifier
    ) -> None:
        text = "اتهم الائتلاف نظام الأسد بقصف المدينة"
        (target,) = classifier.classify(text, target="نظام الاسد").targets or ()
        assert text[target.start : target.end] == target.text == "نظام الأسد"
        assert target.actor is not None

    def test_target_behind_attached_letters(self, classifier: Classifier) -> None:
        text = "رحبت الحكومة بالاتفاق ووصفت وحزب الله بالشريك"
        (target,) = classifier.classify(text, target="حزب الله").targets or ()
        assert text[target.start : target.end] == "حزب الله"

    def test_a_name_inside_another_word_is_not_the_target(self, classifier: Classifier) -> None:
        (target,) = classifier.classify("وصل المصريون إلى الحدود", target="مصر").targets or ()
        assert target.start is None

    def test_a_topic_that_the_text_does_not_name(self, classifier: Classifier) -> None:
        (target,) = classifier.classify(SENTENCES[0], target="التدخل الأجنبي").targets or ()
        assert (target.text, target.start, target.end) == ("التدخل الأجنبي", None, None)
        assert target.stance is not None

    @pytest.mark.parametrize("target", ["قوات النظام", "التدخل الأجنبي"])
    def test_the_target_changes_neither_events_nor_sentence_stance(
        self, classifier: Classifier, target: str
    ) -> None:
        plain = classifier.classify(SENTENCES[0], threshold=0.2)
        asked = classifier.classify(SENTENCES[0], target=target, threshold=0.2)
        assert asked.events == plain.events
        assert asked.primary_event == plain.primary_event
        assert asked.stance == plain.stance

    def test_one_target_for_all_or_one_each(self, classifier: Classifier) -> None:
        same = classifier.classify(SENTENCES[:2], target="روسيا")
        each = classifier.classify(SENTENCES[:2], target=["روسيا", None])
        assert same[0] == each[0]
        assert each[1] == classifier.classify(SENTENCES[1])

    @pytest.mark.parametrize(
        ("text", "target", "actor", "named"),
        [
            ("اتهمت سوريا إسرائيل بقصف مطار دمشق.", "سوريا", "state_syria", "سوريا"),
            ("شن المسلحون هجوما للجيش الحر دور فيه.", "الجيش الحر", "syria_fsa", "للجيش الحر"),
            ("قصف الطيران\nالسوري أطراف البلدة.", "الطيران السوري", None, "الطيران\nالسوري"),
            ("قصفت المدفعية البلدة.", "روسيا", "state_russia", None),
            ("قصفت المدفعية البلدة.", "المفاوضات بين مصر وحماس", None, None),
        ],
    )
    def test_whose_name_a_target_is(
        self,
        classifier: Classifier,
        text: str,
        target: str,
        actor: str | None,
        named: str | None,
    ) -> None:
        (found,) = classifier.classify(text, target=target).targets or ()
        place = None if found.start is None else text[found.start : found.end]
        assert place == named
        if actor is not None:
            assert found.actor == actor

    @pytest.mark.parametrize("none", [None, math.nan])
    def test_an_empty_cell_asks_for_every_actor(self, classifier: Classifier, none: Any) -> None:
        expected = classifier.classify(SENTENCES[0])
        assert classifier.classify(SENTENCES[0], none) == expected
        assert classifier.classify([SENTENCES[0]], [none]) == [expected]
        assert classifier.classify([SENTENCES[0]], none) == [expected]

    def test_a_topic_is_mended_like_a_text(self, classifier: Classifier) -> None:
        plain = classifier.classify(SENTENCES[2], target="التدخل الأجنبي").targets
        dirty = classifier.classify(SENTENCES[2], target=" التـــدخل\u200f الأجنبيّ ").targets
        assert plain and dirty and dirty[0].stance == plain[0].stance

    def test_a_topic_cut_short_is_told(self, classifier: Classifier) -> None:
        assert classifier.classify(SENTENCES[0], target="تدخل " * 100).truncated
        assert not classifier.classify(SENTENCES[0], target="تدخل").truncated

    def test_a_generator_of_targets(self, classifier: Classifier) -> None:
        first, second = classifier.classify(SENTENCES[:2], (t for t in ("النظام", "الطيران")))
        assert (first.targets or ())[0].text == "النظام"
        assert (second.targets or ())[0].text == "الطيران"

    def test_a_list_of_another_length_is_refused(self, classifier: Classifier) -> None:
        with pytest.raises(DataError, match="2 texts were given with 3 targets"):
            classifier.classify(SENTENCES[:2], target=["أ", "ب", "ج"])
        with pytest.raises(DataError, match="one text"):
            classifier.classify(SENTENCES[0], target=["أ"])  # type: ignore[call-overload]


BAD: list[tuple[Any, str | None, str]] = [
    (None, "empty", ""),
    (math.nan, "empty", ""),
    ("", "empty", ""),
    (" \n\t\u200b", "empty", ""),
    ("😀🔥💔", "not_arabic", ""),
    ("The army advanced.", "not_arabic", ""),
    ("12 345", "not_arabic", ""),
    (17, None, "text is of type int"),
    (b"bytes", None, "text is of type bytes"),
    ({"text": "نص"}, None, "text is of type dict"),
]


class TestBadInput:
    """Bad rows say what is wrong with them and leave the others alone."""

    @pytest.mark.parametrize(("text", "abstain", "error"), BAD)
    def test_alone(
        self, classifier: Classifier, text: Any, abstain: str | None, error: str
    ) -> None:
        (result,) = classifier.classify([text])
        assert result.abstain == abstain
        assert (error in result.error) if error else result.error is None
        assert result.events is result.primary_event is result.stance is result.targets is None
        json.loads(result.to_json())

    def test_among_good_rows(self, classifier: Classifier) -> None:
        mixed = [row for good, bad in zip(SENTENCES, BAD, strict=False) for row in (good, bad[0])]
        results = classifier.classify(mixed)
        assert results[::2] == classifier.classify(SENTENCES)
        assert len(results) == len(mixed)

    def test_a_bad_target_is_an_error_of_its_row(self, classifier: Classifier) -> None:
        first, second, third = classifier.classify(SENTENCES[:3], target=["", 5, None])  # type: ignore[list-item]
        assert "holds no letter" in str(first.error)
        assert "target is of type int" in str(second.error)
        assert third.error is None

    def test_a_hundred_thousand_characters(self, classifier: Classifier) -> None:
        result = classifier.classify("قصفت المدفعية الحي ثم انسحبت القوات " * 2778)
        assert result.truncated
        assert result.events is not None

    def test_a_target_beyond_the_truncation_gets_no_stance(self, classifier: Classifier) -> None:
        text = "أدانت روسيا القصف " + "ثم هدأت الجبهة قليلا " * 60 + "وأدانت تركيا القصف"
        result = classifier.classify(text)
        assert result.truncated
        first, last = (result.targets or ())[0], (result.targets or ())[-1]
        assert (first.text, last.text) == ("روسيا", "تركيا")
        assert first.stance is not None
        assert last.stance is None

    def test_a_short_text_is_not_truncated(self, classifier: Classifier) -> None:
        assert not classifier.classify("غارات").truncated

    def test_lone_surrogates(self, classifier: Classifier) -> None:
        result = classifier.classify("قصفت \ud83d المدفعية\udc00")
        assert result.error is None
        assert result.events is not None
        result.to_json().encode("utf-8")

    @pytest.mark.parametrize("threshold", [-0.1, 1.5])
    def test_threshold_outside_0_to_1(self, classifier: Classifier, threshold: float) -> None:
        with pytest.raises(DataError, match="from 0 to 1"):
            classifier.classify(SENTENCES[0], threshold=threshold)

    @pytest.mark.parametrize("table", [{"text": "قصفت المدفعية البلدة."}, {}])
    def test_a_table_is_no_list_of_texts(self, classifier: Classifier, table: Any) -> None:
        with pytest.raises(DataError, match=r"table\['text'\]"):
            classifier.classify(table)

    def test_unknown_extras(self, classifier: Classifier) -> None:
        with pytest.raises(DataError, match="acledd"):
            classifier.classify(SENTENCES[0], extras=["acledd"])

    def test_a_failing_runtime_breaks_one_row_only(self, classifier: Classifier) -> None:
        def broken(ids: Any, masks: Any) -> Any:
            if len(ids) < 12:
                raise RuntimeError("out of memory")
            return classifier.runtime(ids, masks)

        fragile = Classifier(
            broken,
            classifier.encoder,
            classifier.settings,
            classifier.calibration,
            classifier.lexicon,
        )
        results = fragile.classify(SENTENCES)
        assert "out of memory" in str(results[-1].error)
        assert results[:-1] == classifier.classify(SENTENCES[:-1])


def exact(results: list[Result]) -> list[str]:
    return [result.to_json() for result in results]


class TestIndependence:
    """A result never depends on its neighbours, the order, or the number of threads."""

    extras = ("probabilities",)

    def test_alone_in_a_list_and_in_any_order(self, classifier: Classifier) -> None:
        alone = exact([classifier.classify(text, extras=self.extras) for text in SENTENCES])
        assert exact(classifier.classify(SENTENCES, extras=self.extras)) == alone
        order = list(range(len(SENTENCES)))
        random.Random(3).shuffle(order)
        shuffled = classifier.classify([SENTENCES[i] for i in order], extras=self.extras)
        assert exact(shuffled) == [alone[i] for i in order]

    def test_raw_logits_bit_for_bit(self, classifier: Classifier) -> None:
        alone = [raw_logits(classifier, text) for text in SENTENCES]
        with ThreadPoolExecutor(8) as pool:
            given = pool.map(partial(raw_logits, classifier), SENTENCES * 20)
            assert list(given) == alone * 20

    def test_number_of_cores(self, classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
        many = exact(classifier.classify(SENTENCES * 5))
        monkeypatch.setattr("conflict_nlp._parallel.cores", lambda: 1)
        assert exact(classifier.classify(SENTENCES * 5)) == many

    def test_in_another_process(self, exported: pathlib.Path, classifier: Classifier) -> None:
        code = (
            "import sys; from conflict_nlp import Classifier\n"
            "c = Classifier.from_pretrained(sys.argv[1])\n"
            "print('\\n'.join(r.to_json() for r in c.classify(sys.argv[2:])))"
        )
        output = subprocess.run(
            [sys.executable, "-c", code, str(exported), *SENTENCES],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"},
            check=True,
        ).stdout
        assert output.splitlines() == exact(classifier.classify(SENTENCES))


class TestStream:
    """Streams are lazy, ordered and bounded."""

    def test_an_endless_supply_in_order(self, classifier: Classifier) -> None:
        taken = list(itertools.islice(classifier.stream(itertools.cycle(SENTENCES)), 30))
        assert [r.text for r in taken] == list(itertools.islice(itertools.cycle(SENTENCES), 30))

    def test_reads_only_a_little_ahead(self, classifier: Classifier) -> None:
        read = 0

        def supply() -> Iterator[str]:
            nonlocal read
            for text in itertools.cycle(SENTENCES):
                read += 1
                yield text

        stream = classifier.stream(supply())
        next(stream)
        assert read <= 4 * cores() + 2
        stream.close()  # type: ignore[attr-defined]

    def test_an_error_of_the_supply_reaches_the_caller(self, classifier: Classifier) -> None:
        def supply() -> Iterator[str]:
            yield SENTENCES[0]
            raise OSError("disk gone")

        with pytest.raises(OSError, match="disk gone"):
            list(classifier.stream(supply()))

    def test_wrong_options_are_told_before_the_first_row(self, classifier: Classifier) -> None:
        with pytest.raises(DataError):
            classifier.stream(SENTENCES, extras=["nothing"])

    def test_a_target_for_each_text(self, classifier: Classifier) -> None:
        targets = iter([None, "الطيران الروسي"])
        _, second = classifier.stream(iter(SENTENCES[:2]), targets)
        assert [t.text for t in second.targets or ()] == ["الطيران الروسي"]

    @pytest.mark.parametrize(("texts", "targets"), [(2, 1), (1, 2), (1, 0)])
    def test_no_row_is_lost_where_lengths_differ(
        self, classifier: Classifier, texts: int, targets: int
    ) -> None:
        with pytest.raises(DataError, match="one a text"):
            list(classifier.stream(SENTENCES[:texts], ["النظام"] * targets))
