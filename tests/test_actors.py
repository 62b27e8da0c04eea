"""Actors: what is found, where exactly, and how a lexicon of one's own goes on top."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflict_nlp.actors import NOT_TARGETS, Lexicon, find
from conflict_nlp.text import repair


def texts(text):
    return [mention.text for mention in find(text)]


def ids(text):
    return [mention.actor.id for mention in find(text)]


# ---------------------------------------------------------------- clitics


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("ضمنت الهدنة تبادل الجرحى وفتح الطريق إلى الميناء", []),
        ("يأمل السكان في فتح معبر ثالث قبل الشتاء", []),
        ("أعلنت فتح رفضها المقترح", ["فتح"]),
        ("تعثر الحوار بين فتح وحماس مجددا", ["فتح", "حماس"]),
        ("زار القيادي في فتح المخيم", ["القيادي في فتح"]),
    ],
)
def test_a_name_that_is_a_common_word_counts_where_somebody_is_meant(sentence, expected):
    assert texts(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("تقدمت قوات النظام نحو التل", "قوات النظام"),
        ("تراجع المسلحون وقوات النظام عند الفجر", "قوات النظام"),
        ("وقوات النظام تتقدم نحو التل", "قوات النظام"),
        ("فقوات النظام لم تصل بعد", "قوات النظام"),
        ("نصب كمين لقوات النظام قرب الجسر", "قوات النظام"),
        ("ألحق خسائر بقوات النظام قرب الجسر", "قوات النظام"),
        ("وبقوات النظام استعان المحافظ", "قوات النظام"),
        ("انتشرت نقاط تفتيش لحزب الله على الطريق", "حزب الله"),
    ],
)
def test_a_clitic_is_left_out_where_the_rest_stands(sentence, expected):
    assert expected in texts(sentence)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("عبرت أرتال للجيش اللبناني النهر", "للجيش اللبناني"),
        ("سلّم المقاتلون موقعهم وللحوثيين نقاط قريبة", "للحوثيين"),
        ("أرسل شحنة سلاح للحوثيين عبر البحر", "للحوثيين"),
    ],
)
def test_a_fused_preposition_is_kept(sentence, expected):
    assert expected in texts(sentence)


def test_a_letter_that_belongs_to_the_word_is_no_clitic():
    assert texts("اتهمت واشنطن خصومها") == ["واشنطن"]
    assert ids("التقى بوتين ضيفه") == ["leader_vladimir_putin"]
    assert find("وزع الهلال بلاغا") == find("لبن وكعك وفول")


# ---------------------------------------------------------------- spelling


@pytest.mark.parametrize(
    "spelling",
    [
        "الجيش الإسرائيلي",
        "الجيش الاسرائيلي",
        "الجيش الأسرائيلي",
        "الجيش الاسرائيلى",
        "الجَيْشُ الإِسْرائيليُّ",
        "الجيـــش الإسرائيلي",
        "الجيش  الإسرائيلي",
    ],
)
def test_spelling_variants_are_one_name(spelling):
    text = f"قصف {spelling} أطراف القرية"
    (mention,) = find(text)
    assert mention.actor.id == "israel_armed_forces"
    assert text[mention.start : mention.end] == mention.text == spelling


def test_case_endings_are_one_name():
    assert ids("تقدم المتمردون الحوثيون") == ids("قاتل المتمردين الحوثيين") == ["yemen_houthis"]
    assert texts("مقاتلو حركة طالبان هاجموا") == ["مقاتلو حركة طالبان"]
    assert texts("هاجم مقاتلي حركة طالبان") == ["مقاتلي حركة طالبان"]


# ---------------------------------------------------------------- longest match and phrases


def test_the_longest_name_wins():
    (mention,) = find("أعلنت كتائب حزب الله العراقي مسؤوليتها")
    assert (mention.text, mention.actor.id) == ("كتائب حزب الله العراقي", "iraq_kataib_hezbollah")
    assert ids("أعلن حزب الله مسؤوليته") == ["lebanon_hezbollah"]


@pytest.mark.parametrize(
    ("sentence", "text", "actor"),
    [
        ("تحركت القوات النرويجية ليلا", "القوات النرويجية", "state_norway"),
        ("تحركت قوات تركية ليلا", "قوات تركية", "turkey_armed_forces"),
        ("نددت الخارجية الأردنية بالهجوم", "الخارجية الأردنية", "state_jordan"),
        ("نفت وزارة الدفاع الروسية الخبر", "وزارة الدفاع الروسية", "russia_armed_forces"),
        ("استقبل الرئيس الفرنسي الوفد", "الرئيس الفرنسي", "state_france"),
        ("ندد وزير الخارجية السعودي بالهجوم", "وزير الخارجية السعودي", "state_saudi_arabia"),
        ("هاجم مقاتلون ملثمون ومسلحون قبليون الحاجز", "مسلحون قبليون", "generic_armed_groups"),
        ("هاجمت حركة «أسود الوادي» الحاجز", "حركة «أسود", "generic_armed_groups"),
        ("انسحب اللواء 91 من التلة", "اللواء 91", "generic_army"),
        ("طردت القوات الموالية للرئيس هادي", "القوات الموالية للرئيس هادي", None),
    ],
)
def test_phrases_need_no_alias(lexicon, sentence, text, actor):
    mention = next(mention for mention in find(sentence) if mention.text == text)
    assert actor is None or mention.actor.id == actor


def test_quotation_marks_may_stand_inside_a_name():
    assert texts('هاجم تنظيم "داعش" الإرهابي القرية') == ['تنظيم "داعش" الإرهابي']


def test_an_object_after_its_subject_does_not_belong_to_it():
    assert texts("قصف الجيش القرية مرتين") == ["الجيش"]
    assert texts("اتهم الجيش اللبناني الحوثيين") == ["الجيش اللبناني", "الحوثيين"]
    assert texts("حاربت الحكومة اليمنية المتمردين") == ["الحكومة اليمنية", "المتمردين"]


def test_a_short_title_belongs_to_the_name_and_a_long_one_does_not():
    assert texts("التقى الرئيس السوري بشار الأسد ضيوفه") == ["الرئيس السوري بشار الأسد"]
    assert "نوري المالكي" in texts("هاجم رئيس الوزراء العراقي السابق نوري المالكي خصومه")


def test_nothing_is_found_across_the_end_of_a_sentence():
    assert "حزب" not in " ".join(texts("قال الحزب. الله أعلم"))
    assert texts("عاد بشار.\nالأسد في القفص") == texts("عاد بشار")[:1] + texts("الأسد في القفص")


# ---------------------------------------------------------------- places, sources, non-targets


def test_a_country_is_an_actor_or_a_place():
    assert ids("اتهمت سوريا خصومها بالكذب") == ["state_syria"]
    assert ids("قتل خمسة في سوريا أمس") == []
    assert ids("حذرت إيران من الهجوم") == ["state_iran"]
    assert ids("وقع زلزال في إيران") == []


def test_what_is_joined_to_a_place_is_one_and_to_an_actor_is_one():
    assert ids("سقطت أمطار في إيران وتركيا") == []
    assert ids("اتفقت إيران وسوريا على الخطة") == ["state_iran", "state_syria"]


def test_a_dateline_names_nobody():
    assert find("القاهرة (رويترز) - هطلت الأمطار") == []


def test_a_mere_source_is_no_target():
    assert find("قال المرصد السوري لحقوق الإنسان إن أربعة قتلوا") == []
    assert find("بحسب الأمم المتحدة نزح ألف شخص") == []


def test_civilians_and_journalists_are_never_found(lexicon):
    assert {actor.kind for actor in lexicon.actors} >= NOT_TARGETS
    assert find("نزح المدنيون وأصيب صحفيون بجروح") == []
    named = "، ".join(a for x in lexicon.actors if x.kind in NOT_TARGETS for a in x.aliases)
    assert not {mention.actor.kind for mention in lexicon.find(named)} & NOT_TARGETS


# ---------------------------------------------------------------- spans


def test_spans_point_into_dirty_text():
    text = "  RT @USER: هاجمَ &amp;quot;الـحـوثـيـون&amp;quot; مواقعَ الجـَيشِ اليمنـيّ http://t.co/x"
    assert [text[m.start : m.end] for m in find(text)] == [
        "الـحـوثـيـون",
        "الجـَيشِ اليمنـيّ",
    ]
    assert all(text[m.start : m.end] == m.text for m in find(text))


def test_a_repaired_text_gives_the_same_offsets():
    text = "هاجـم الحـوثيون مواقع للجيش اليمني"
    whole, mended = find(text), find(repair(text))
    assert [(m.start, m.end, m.actor) for m in whole] == [(m.start, m.end, m.actor) for m in mended]
    assert [m.text for m in mended] == ["الحوثيون", "للجيش اليمني"]


_PIECES = st.sampled_from(
    [
        *("قوات النظام", "وقوات", "للجيش", "الجيش اللبناني", "الحوثيين", "والحوثيون", "الموالية"),
        *("لقوات", "الرئيس", "بشار الأسد", "وسوريا", "في", "داعش", "حزب", "الله", "تنظيم"),
        *("الإرهابي", "ال", "و", "لل", "22", "ـ", "\u064b", "\ud800", "\U0001f600"),
        *("quot;", "&amp;", "(", ")", ".", "،", "\n"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.lists(_PIECES, max_size=30).map(" ".join),
        st.lists(st.one_of(_PIECES, st.characters()), max_size=20).map("".join),
    )
)
def test_spans_are_exact_and_do_not_overlap(text):
    done = 0
    for mention in find(text):
        assert done <= mention.start < mention.end <= len(text)
        assert mention.text == text[mention.start : mention.end]
        assert mention.actor.kind not in NOT_TARGETS
        done = mention.end


@pytest.mark.parametrize("word", ["قوات ", "الموالية لقوات ", "الرئيس السوري ", "وللجيش،", "ا"])
def test_long_texts_take_linear_work(word):
    matcher = Lexicon.load()._matcher
    looked = []
    original = matcher._names

    class Counting(dict):
        def get(self, key, default=None):
            looked.append(key)
            return original.get(key, default)

    matcher._names = Counting(original)
    work = []
    for length in (200, 400):
        looked.clear()
        list(matcher.find(word * length))
        work.append(len(looked))
    assert work[1] <= 2.2 * work[0] + 50


def test_an_empty_text_names_nobody():
    assert find("") == find("   ") == find("no Arabic here") == []
