from __future__ import annotations

import json
import time

import pytest
from dirt import moderate, texts
from hypothesis import example, given
from hypothesis import strategies as st

from conflict_nlp import _repair
from conflict_nlp.errors import ModelError
from conflict_nlp.text import (
    MappedText,
    Normalizer,
    has_arabic,
    repair,
    split_sentences,
)

CLEAN = (
    "وقالت مصادر ميدانية إن الاشتباكات تجددت صباح اليوم في محيط المدينة، بعد هدوء استمر ثلاثة "
    "أيام، وأسفرت عن مقتل 12 شخصا بينهم أطفال، فيما طالب الأهالي المنظمات الدولية بالتدخل."
)

# ------------------------------------------------------------------------------- repair


@pytest.mark.parametrize(
    ("dirty_text", "mended"),
    [
        ("quot;والبعض رفض المبادرةquot;.", '"والبعض رفض المبادرة".'),
        ("قال &amp;quot;نعم&amp;quot;", 'قال "نعم"'),
        ("قال &amp;amp;amp;quot;نعم&quot;", 'قال "نعم"'),
        ("nbsp;عاد&nbsp;الهدوء", "عاد الهدوء"),
        ("&laquo;لن نرحل&raquo; laquo;أبداraquo;", "«لن نرحل» «أبدا»"),
        ("&#1581;&#x644;&#1576;", "حلب"),
        ("noquot; وBBC;", "noquot; وBBC;"),
        ("AT&amp;T", "AT&T"),
        ("ﺳﻮﺭﻳﺎ ﻻ ﺗﺮﻳﺪ الحرب", "سوريا لا تريد الحرب"),
        ("قـــــال الجيشُ إنّهُ انسحبَ", "قال الجيش إنه انسحب"),
        ("أ ـ وقف النار", "أ - وقف النار"),
        ("ا\u0654مس قال ا\u0655نه ا\u0653ت", "أمس قال إنه آت"),
        ("حل\u200bب\ufeff \u202bالشهباء\u202c\xad", "حلب الشهباء"),
        ("قتل ٢٣ و۴ وجرح ٣٫٥٪ من ١٬٢٠٠", "قتل 23 و4 وجرح 3.5% من 1,200"),
        ("کتب علی الجدار ہنا", "كتب علي الجدار هنا"),
        ("عنوان<br/><b>خبر</b> عاجل</p>", "عنوان\nخبر عاجل"),
        ("RT @SyriaNow: سقوط #حلب_القديمة https://t.co/Ab1", "سقوط حلب القديمة"),
        ("اتهم @USER النظام بالقصف", "اتهم النظام بالقصف"),
        ("نقلت @Reuters_AR الخبر", "نقلت Reuters AR الخبر"),
        ("#سوريا#درعا", "سوريا درعا"),
        ("جداااااا اللله", "جدا الله"),
        ("قصف!!!! متى؟؟؟ ،، وداعا......", "قصف! متى؟ ، وداعا..."),
        ("''داعش''", '"داعش"'),
        ("سطر  أول \r\n\r\n\r\n سطر\tثان\x85ثالث", "سطر أول\n\nسطر ثان\nثالث"),
        ("قبل\ud83dبعد\x00", "قبلبعد"),
        ("http://t.co/abc", "http://t.co/abc"),
        ("@USER", "@USER"),
        ("ـــ", "ـــ"),
        ("", ""),
        (" \u200f\n", ""),
    ],
)
def test_repair_mends(dirty_text: str, mended: str) -> None:
    assert repair(dirty_text).text == mended


@pytest.mark.parametrize("codec", ["latin-1", "sloppy-windows-1252"])
@pytest.mark.parametrize("times", [1, 2])
def test_repair_reads_the_wrong_encoding_right(codec: str, times: int) -> None:
    text = wrong = "قال و مرحبا بالعالم، «نعم» 3"
    for _ in range(times):
        wrong = wrong.encode("utf-8").decode(codec)
    assert repair(wrong).text == text
    assert repair(f"أعلن {wrong} اليوم").text == f"أعلن {text} اليوم"


def test_repair_leaves_clean_text_and_western_languages_alone() -> None:
    for text in (CLEAN, "Ærø og Ø-landet, naïve café à Genève", "قال 3.5 (تقريبا): «نعم»."):
        assert repair(text) == MappedText(text, range(len(text)), range(1, len(text) + 1))


def test_offsets_lead_back_to_the_original() -> None:
    original = "قالت quot;داعـــشquot; إنّها  انسحبت من ﻻذقية الشامِ"
    mended = repair(original)
    assert mended.text == 'قالت "داعش" إنها انسحبت من لاذقية الشام'
    at = mended.text.index("داعش")
    start, end = mended.span_to_original(at, at + 4)
    assert original[start:end] == "داعـــش"
    assert mended.span_from_original(start, end) == (at, at + 4)
    at = mended.text.index("لا")
    assert mended.span_from_original(original.index("ﻻ"), original.index("ﻻ") + 1) == (at, at + 2)
    at = mended.text.index("الشام")
    start, end = mended.span_to_original(at, at + 5)
    assert original[start:end] == "الشامِ"
    assert mended.span_to_original(-5, 10**6) == (0, len(original))


def test_spans_of_nothing_are_empty() -> None:
    mended = repair("أ http://t.co/abc ب")
    assert mended.text == "أ ب"
    assert MappedText("", range(0), range(0)).span_to_original(0, 3) == (0, 0)
    assert mended.span_to_original(1, 1) == (1, 1)
    assert mended.span_to_original(3, 9) == (19, 19)
    start, end = repair("قال\u200fت").span_from_original(3, 3)
    assert start == end


@moderate
@example("&amp;amp;quot;")
@example("&am&zwj;p;quot;")
@example("<b<b<b<b<b<b<b<b<b<b<b<b>>>>>>>>>>>>")
@example("&lt;b<br>r&gt;")
@example("&a&a&a&a&a&a&a&a&a&a&ampmp;mp;mp;mp;mp;mp;mp;mp;mp;mp;mp;lt;")
@example("@USER@USER http://hhttp://x ttp://y")
@example("ØØ\x85§Ù„Ø\u200b§Ù„")
@example("\ud800\udc00")
@given(texts)
def test_repair_keeps_its_promises(text: str) -> None:
    mended = repair(text)
    _check_map(mended, len(text))
    again = repair(mended.text)
    assert again.text == mended.text
    mended.text.encode("utf-8")
    if any(map(str.isalnum, text)):
        assert mended.text
        if not set(text) & set("&;<\xc3"):
            assert any(map(str.isalnum, mended.text))


@moderate
@given(texts)
def test_the_short_cut_takes_only_what_the_rules_leave_alone(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_repair, "_is_clean", lambda _: False)
        slowly = repair(text).text
    assert repair(text).text == slowly
    if _repair._is_clean(text):
        assert slowly == text


@moderate
@given(texts, st.data())
def test_spans_go_there_and_back(text: str, data: st.DataObject) -> None:
    mended = repair(text)
    size = len(mended.text)
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    there = mended.span_to_original(start, end)
    assert 0 <= there[0] <= there[1] <= len(text)
    back = mended.span_from_original(*there)
    if start < end:
        assert back[0] <= start <= end <= back[1]
    first = data.draw(st.integers(0, len(text)))
    last = data.draw(st.integers(first, len(text)))
    covering = mended.span_from_original(first, last)
    assert 0 <= covering[0] <= covering[1] <= size


def _check_map(mended: MappedText, size: int) -> None:
    assert len(mended.text) == len(mended.offsets) == len(mended.ends)
    pairs = list(zip(mended.offsets, mended.ends, strict=True))
    assert all(0 <= start < end <= size for start, end in pairs)
    assert sorted(mended.offsets) == list(mended.offsets)
    assert sorted(mended.ends) == list(mended.ends)


@pytest.mark.parametrize(
    "unit",
    [
        "&",
        "&amp;",
        "<b",
        "&#38;",
        "quot;",
        "http://",
        "@a",
        "#_",
        "ـَ",
        "ا",
        "Ø§",
        " \n",
        "'\"",
        ".",
    ],
)
def test_repair_is_linear(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    began = time.process_time()
    repair(text)
    split_sentences(text)
    assert time.process_time() - began < 5


def test_repair_unpeels_nested_markup_in_linear_time() -> None:
    text = "<b" * 20_000 + ">" * 20_000
    began = time.process_time()
    mended = repair(text)
    assert time.process_time() - began < 5
    assert repair(mended.text).text == mended.text


def test_clean_text_is_recognised_fast() -> None:
    began = time.process_time()
    for _ in range(500):
        repair(CLEAN)
    # 40 µs on an idle machine; the limit is wide because continuous integration is slow.
    assert (time.process_time() - began) / 500 < 400e-6


# ------------------------------------------------------------------------------- Normalizer


def test_normalizer_follows_its_settings() -> None:
    text = "أُعلِنَت هُدنـة آخرى على ٣ جبهات"
    assert Normalizer()(text).text == "أعلنت هدنة آخرى على 3 جبهات"
    all_on = Normalizer(alef=True, ya=True, ta_marbuta=True)
    assert all_on(text).text == "اعلنت هدنه اخري علي 3 جبهات"
    all_off = Normalizer(diacritics=False, kashida=False, digits=False)
    assert all_off(text) == MappedText(text, range(len(text)), range(1, len(text) + 1))
    assert Normalizer(diacritics=False)("هُدنـة").text == "هُدنة"
    assert Normalizer(kashida=False)("هُدنـة").text == "هدنـة"
    assert Normalizer()("٣٫٥ و٬").text == "3.5 و٬"


@pytest.mark.parametrize(
    ("quoted", "bare"),
    [
        ('لـ"داعش" و"قسد" و«النصرة»', "لداعش وقسد والنصرة"),
        ('نعم"لا', "نعم لا"),
        ("“هدنة” ‘هشة’ ''مؤقتة''", "هدنة هشة مؤقتة"),
        ("quot;هدنةquot; &laquo;هشة&raquo;", "هدنة هشة"),
    ],
)
def test_normalizer_takes_out_quotation_marks(quoted: str, bare: str) -> None:
    assert Normalizer(quotes=True)(repair(quoted)).text == bare
    assert Normalizer()(repair(quoted)).text != bare


@moderate
@given(texts, st.booleans())
def test_normalizer_empties_no_text_with_a_letter_or_digit(text: str, every: bool) -> None:
    normalizer = Normalizer(alef=every, ya=every, ta_marbuta=every, quotes=every)
    mended = repair(text)
    normalised = normalizer(mended)
    _check_map(normalised, len(text))
    # Python calls the tatweel a letter; it only stretches others.
    if any(char.isalnum() and char != "ـ" for char in mended.text):
        assert any(map(str.isalnum, normalised.text))


def test_only_the_named_settings() -> None:
    assert (
        Normalizer.only("ya").to_dict()
        == Normalizer.from_dict(
            dict.fromkeys(["diacritics", "kashida", "digits"], False) | {"ya": True}
        ).to_dict()
    )


def test_normalizer_points_through_repair_at_the_original() -> None:
    original = "  &quot;أُحــد&quot;"
    normalised = Normalizer(alef=True)(repair(original))
    assert normalised.text == '"احد"'
    assert original[slice(*normalised.span_to_original(1, 4))] == "أُحــد"


def test_normalizer_settings_travel_as_json() -> None:
    normalizer = Normalizer(alef=True, digits=False)
    stored = json.loads(json.dumps(normalizer.to_dict()))
    assert Normalizer.from_dict(stored) == normalizer
    assert Normalizer.from_dict({}) == Normalizer()
    with pytest.raises(ModelError, match=r"hamza.*Accepted: diacritics, kashida, alef"):
        Normalizer.from_dict({"hamza": True})
    with pytest.raises(ModelError, match="alef"):
        Normalizer.from_dict({"alef": "yes"})


@moderate
@given(texts, st.tuples(*[st.booleans()] * 7))
def test_normalizer_composes_offsets(text: str, flags: tuple[bool, ...]) -> None:
    normalizer = Normalizer(*flags)
    _check_map(normalizer(text), len(text))
    both = normalizer(repair(text))
    _check_map(both, len(text))
    assert normalizer(both.text).text == both.text


def test_has_arabic() -> None:
    assert has_arabic("Aleppo ح") and has_arabic("ﺣ") and has_arabic("گ")
    assert not has_arabic("Aleppo, 12 ٣ ، ؟ ـ") and not has_arabic("")
