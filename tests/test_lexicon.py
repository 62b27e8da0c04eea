"""Lexicons: a table of one's own on top of the library's, and the library's own table."""

from __future__ import annotations

import pytest
from conftest import LEXICON_HEADER as HEADER

from conflict_nlp._actor_fold import folded_names
from conflict_nlp._actor_words import NAME_ADJECTIVES, PEOPLES
from conflict_nlp._actor_words import phrases as read_tables
from conflict_nlp.actors import KINDS, NOT_TARGETS, SECTORS, Actor, Lexicon
from conflict_nlp.errors import ConflictNLPError, LexiconError

# ---------------------------------------------------------------- a lexicon of one's own


def test_a_new_actor_is_found(table):
    lexicon = Lexicon.load(table("reds,Reds,militia,,PRM,حمر الوادي|فرسان الوادي"))
    (mention,) = lexicon.find("هاجم فرسان الوادي القافلة")
    assert mention.actor == Actor(
        "reds", "Reds", "militia", None, "PRM", ("حمر الوادي", "فرسان الوادي")
    )
    assert mention.actor.side == "non_state"


@pytest.mark.parametrize(
    "alias", ["حُمر الوادي", "حـــمر الوادي", "کتائب الوادي", "لواء ١٠٥", "حمر&quot;"]
)
def test_aliases_are_mended_like_texts(table, alias):
    lexicon = Lexicon.load(table(f"reds,Reds,militia,,PRM,{alias}"))
    assert [m.actor.id for m in lexicon.find(f"هاجم {alias} القافلة")] == ["reds"]


def test_an_alias_a_line_in_one_cell(table):
    lexicon = Lexicon.load(
        table('reds,Reds,militia,,PRM,"حمر الوادي\nفرسان الوادي?\r\nخيالة الوادي"')
    )
    assert lexicon.get("reds").aliases == ("حمر الوادي", "فرسان الوادي?", "خيالة الوادي")


def test_an_alias_that_holds_several_is_refused():
    with pytest.raises(LexiconError, match="alias of its own"):
        Lexicon([Actor("reds", "Reds", "militia", None, "PRM", ("حمر|فرسان",))])


def test_a_whole_name_gives_its_actor_weak_or_not(lexicon):
    assert lexicon.named("سوريا").id == lexicon.named("سورية").id == "state_syria"
    assert lexicon.named("المفاوضات بين مصر وحماس") is None
    assert lexicon.named("") is None


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
