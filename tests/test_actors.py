"""Actors: what is found, where exactly, and how a lexicon of one's own goes on top."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflict_nlp._actor_fold import folded_names
from conflict_nlp._actor_words import NAME_ADJECTIVES, PEOPLES
from conflict_nlp._actor_words import phrases as read_tables
from conflict_nlp.actors import KINDS, NOT_TARGETS, SECTORS, Actor, Lexicon, find
from conflict_nlp.errors import ConflictNLPError, LexiconError
from conflict_nlp.text import repair

HEADER = "id,name,kind,country,sector,aliases\n"


@pytest.fixture(scope="module")
def lexicon():
    return Lexicon.load()


@pytest.fixture
def table(tmp_path):
    def write(*rows, header=HEADER):
        path = tmp_path / "mine.csv"
        path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
        return path

    return write


def texts(text):
    return [mention.text for mention in find(text)]


def ids(text):
    return [mention.actor.id for mention in find(text)]


# ---------------------------------------------------------------- clitics


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


# ---------------------------------------------------------------- a lexicon of one's own


def test_a_new_actor_is_found(table):
    lexicon = Lexicon.load(table("reds,Reds,militia,,PRM,حمر الوادي|فرسان الوادي"))
    (mention,) = lexicon.find("هاجم فرسان الوادي القافلة")
    assert mention.actor == Actor(
        "reds", "Reds", "militia", None, "PRM", ("حمر الوادي", "فرسان الوادي")
    )
    assert mention.actor.side == "non_state"


def test_a_known_id_adds_aliases_and_replaces_what_is_not_empty(table):
    lexicon = Lexicon.load(table("palestine_hamas,,party,,,حركة الراية الخضراء"))
    before, after = Lexicon.load().get("palestine_hamas"), lexicon.get("palestine_hamas")
    assert (after.kind, after.name, after.country) == ("party", before.name, before.country)
    assert after.aliases == (*before.aliases, "حركة الراية الخضراء")
    assert len(lexicon.actors) == len(Lexicon.load().actors)
    assert lexicon.find("أعلنت حركة الراية الخضراء الهدنة")[0].actor == after


def test_an_alias_goes_over_to_the_users_actor(table):
    lexicon = Lexicon.load(table("my_isis,My name for it,armed_group,,IMG,داعش"))
    assert lexicon.find("هاجم داعش القرية")[0].actor.id == "my_isis"
    assert "داعش" not in lexicon.get("isis").aliases


def test_a_weak_alias_can_be_made_strong(table):
    strong = Lexicon.load(table("state_syria,,,,,سوريا"))
    assert strong.find("هنا سوريا وشعبها") != Lexicon.load().find("هنا سوريا وشعبها") == []


def test_a_lexicon_may_stand_alone(table):
    path = table("reds,Reds,militia,,PRM,حمر الوادي")
    lexicon = Lexicon.load(path, include_default=False)
    assert [actor.id for actor in lexicon.actors] == ["reds"]
    assert [m.text for m in lexicon.find("قاتل حزب الله حمر الوادي")] == ["حمر الوادي"]
    assert Lexicon([]).find("قاتل حزب الله حمر الوادي") == []


def test_later_tables_go_on_top(tmp_path):
    paths = [tmp_path / f"{i}.csv" for i in range(2)]
    for path, name in zip(paths, ("First", "Second"), strict=True):
        path.write_text(f"{HEADER}reds,{name},militia,,PRM,حمر {name}\n", encoding="utf-8-sig")
    actor = Lexicon.load(*paths).get("reds")
    assert actor.name == "Second"
    assert actor.aliases == ("حمر First", "حمر Second")


def test_every_bad_row_is_listed_with_its_number(table):
    path = table(
        "Bad Id,Name,militia,,PRM,اسم أول",
        "good,Good,militia,,PRM,اسم ثان",
        "kind,Name,gang,,PRM,اسم ثالث",
        "country,Name,militia,Syria,XXX,اسم رابع",
        "empty,,militia,,PRM,",
        "twice,Name,militia,,PRM,اسم ثان",
        "nowhere,Name,state,,GOV,اسم خامس",
        "many,Name,militia,,PRM,اسم سادس,و",
        "mute,Name,militia,,PRM,...",
    )
    with pytest.raises(LexiconError) as caught:
        Lexicon.load(path)
    message = str(caught.value)
    assert str(path) in message
    for part in (
        "row 2: id 'Bad Id'",
        "row 4: kind 'gang' is not one of state, government",
        "row 5: country 'Syria'",
        "row 5: sector 'XXX' is not one of BUS",
        "row 6: name is empty",
        "row 6: aliases is empty",
        "row 7: alias 'اسم ثان' belongs to 'good'",
        "row 8: a state needs a country",
        "row 9: more than 6 cells",
        "row 10: alias '...' holds no letter",
    ):
        assert part in message
    assert "row 3" not in message
    assert isinstance(caught.value, ConflictNLPError)


@pytest.mark.parametrize("content", [b"\xff\xfeid", b"", b"id,name\na,b\n"])
def test_a_file_that_is_no_lexicon_is_refused(tmp_path, content):
    path = tmp_path / "broken.csv"
    path.write_bytes(content)
    with pytest.raises(LexiconError, match=r"broken\.csv"):
        Lexicon.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LexiconError, match=r"nowhere\.csv"):
        Lexicon.load(tmp_path / "nowhere.csv")


# ---------------------------------------------------------------- the library's own lexicon


def test_the_lexicon_is_whole(lexicon):
    actors = lexicon.actors
    assert len(actors) >= 300
    assert len({actor.id for actor in actors}) == len(actors)
    for actor in actors:
        assert actor.kind in KINDS and actor.sector in SECTORS and actor.name and actor.aliases
        assert actor.country is None or (actor.country.isupper() and len(actor.country) == 3)
        assert actor.kind != "state" or actor.country, actor.id
        assert actor.side in ("government", "non_state", None)


def test_aliases_are_unique_however_they_are_spelled(lexicon):
    folded = folded_names("|".join(a for actor in lexicon.actors for a in actor.aliases))
    assert all(folded)
    assert len(set(folded)) == len(folded)


def test_the_tables_of_phrases_name_known_actors(lexicon):
    assert all(lexicon.get(id) for id in NAME_ADJECTIVES)
    states = {actor.country for actor in lexicon.actors if actor.kind == "state"}
    countries = {key for key in read_tables().whose.values() if key.isupper()}
    assert countries | PEOPLES.keys() <= states
    for generic in ("militias", "army", "opposition", "armed_groups"):
        assert lexicon.get(f"generic_{generic}")


def test_the_default_lexicon_passes_the_check_for_users(tmp_path, lexicon):
    from importlib import resources

    path = tmp_path / "copy.csv"
    path.write_bytes((resources.files("conflict_nlp") / "data" / "actors.csv").read_bytes())
    assert Lexicon.load(path, include_default=False).actors == lexicon.actors


def test_every_alias_of_a_strong_kind_finds_its_actor(lexicon):
    wrong = [
        (actor.id, alias)
        for actor in lexicon.actors
        if actor.kind not in NOT_TARGETS
        for alias in actor.aliases
        if not alias.endswith("?") and not any(m.actor is actor for m in lexicon.find(alias))
    ]
    assert wrong == []


def test_unknown_ids_give_none(lexicon):
    assert lexicon.get("nobody") is None
