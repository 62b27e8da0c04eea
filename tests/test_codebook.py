"""The codebook's table against an independent copy, and the crosswalk's rules."""

from __future__ import annotations

import pytest

from conflict_nlp import codebook
from conflict_nlp.codebook import EVENT_TYPES, EVENTS, Event, crosswalk, event_type
from conflict_nlp.errors import ConflictNLPError

# name: (quad, ACLED, PLOVER, CAMEO); written out by hand from the published codebook page.
BATTLES, REMOTE = "Battles: ", "Explosions/Remote violence: "
CIVILIANS, STRATEGIC = "Violence against civilians: ", "Strategic developments: "
GOLDEN = {
    "armed_clash": ("MC", [BATTLES + "Armed clash"], ["ASSAULT-firearms"], ["190"]),
    "territory_gain": (
        "MC",
        [
            BATTLES + "Government regains territory",
            BATTLES + "Non-state actor overtakes territory",
            BATTLES + "Armed clash",
        ],
        ["COERCE-seize"],
        ["192"],
    ),
    "withdrawal": (
        "MX",
        [STRATEGIC + "Non-violent transfer of territory"],
        ["RETREAT-withdraw"],
        ["087"],
    ),
    "siege": ("MC", [STRATEGIC + "Other"], ["COERCE-restrict"], ["191"]),
    "air_strike": ("MC", [REMOTE + "Air/drone strike"], ["ASSAULT-aerial"], ["195"]),
    "shelling": (
        "MC",
        [REMOTE + "Shelling/artillery/missile attack"],
        ["ASSAULT-heavy-weapons"],
        ["194"],
    ),
    "bombing": (
        "MC",
        [REMOTE + "Remote explosive/landmine/IED", REMOTE + "Suicide bomb"],
        ["ASSAULT-explosives"],
        ["183"],
    ),
    "mobilization": ("MC", [STRATEGIC + "Other"], ["MOBILIZE-troops"], ["150"]),
    "civilian_attack": ("MC", [CIVILIANS + "Attack"], ["ASSAULT-targeted"], ["180"]),
    "detention": (
        "MC",
        [CIVILIANS + "Abduction/forced disappearance", STRATEGIC + "Arrests"],
        ["COERCE-arrest"],
        ["173"],
    ),
    "release": ("MX", [STRATEGIC + "Other"], ["RETREAT-release"], ["0841"]),
    "casualties": ("", [], [], []),
    "negotiation": ("VX", [], ["CONSULT"], ["040"]),
    "agreement": ("VX", [STRATEGIC + "Agreement"], ["AGREE"], ["030"]),
    "appeal": ("VC", [], ["REQUEST"], ["020"]),
    "accusation": ("VC", [], ["ACCUSE"], ["110"]),
    "rejection": ("VC", [], ["REJECT"], ["120"]),
    "threat": ("VC", [], ["THREATEN"], ["130"]),
    "statement": ("", [], [], ["010"]),
    "support": ("VX MX", [], ["SUPPORT", "AID"], ["050", "070"]),
    "sanction": ("MC", [], ["SANCTION"], ["160"]),
    "humanitarian": ("", [STRATEGIC + "Other"], ["AID", "SANCTION-expel"], ["073"]),
    "protest": (
        "MC",
        ["Protests: Peaceful protest", "Riots: Violent demonstration"],
        ["PROTEST-demo"],
        ["140"],
    ),
    "justice": ("VC", [], ["ACCUSE-investigate"], ["090"]),
}


def test_the_table_holds_all_types_in_order():
    assert list(GOLDEN) == list(EVENTS)
    assert len(EVENTS) == 24


@pytest.mark.parametrize("name", GOLDEN)
def test_a_row_has_the_published_codes(name):
    row = event_type(name)
    quad, acled, plover, cameo = GOLDEN[name]
    assert row.quad == tuple(quad.split())
    assert row.acled == tuple(acled)
    assert row.plover == tuple(plover)
    assert row.cameo == tuple(cameo)


def test_every_row_is_described_in_both_languages():
    for row in EVENT_TYPES:
        assert row.english
        assert row.definition
        assert any("\u0621" <= letter <= "\u064a" for letter in row.arabic)
        assert set(row.quad) <= set(codebook.QUAD_CLASSES)
    assert len({row.arabic for row in EVENT_TYPES}) == len(EVENTS)


def test_definitions_are_those_of_the_codebook():
    assert event_type("air_strike").definition == (
        "attack from the air: warplanes, helicopters, drones, barrel bombs"
    )
    assert '"bombardment" of no stated kind' in event_type("shelling").definition
    assert event_type("withdrawal").excludes == "civilians leaving (humanitarian)"
    assert event_type("siege").excludes is None


def test_the_enum_is_the_table():
    assert tuple(Event) == EVENTS
    assert Event.AIR_STRIKE == "air_strike"
    assert f"{Event.AIR_STRIKE}" == "air_strike"


def test_stances_and_version():
    assert codebook.STANCES == ("favor", "against", "none")
    assert codebook.CODEBOOK_VERSION == "1"
    assert codebook.NO_EVENT not in EVENTS


@pytest.mark.parametrize(
    ("wrong", "nearest"), [("airstrike", "air_strike"), ("Shelling", "shelling")]
)
def test_a_wrong_name_gets_the_nearest_suggested(wrong, nearest):
    with pytest.raises(ConflictNLPError, match=f"'{wrong}'.*mean '{nearest}'"):
        event_type(wrong)


def test_a_far_off_name_gets_all_names():
    with pytest.raises(ValueError, match=r"armed_clash.*justice"):
        event_type("xyz")


@pytest.mark.parametrize(
    ("sides", "acled"),
    [
        ({"government"}, "Battles: Government regains territory"),
        ({"non_state"}, "Battles: Non-state actor overtakes territory"),
        ({"government", "non_state"}, "Battles: Armed clash"),
        ({"international"}, "Battles: Armed clash"),
        ({"government", "international"}, "Battles: Armed clash"),
        (["government", "government"], "Battles: Government regains territory"),
        (set(), "Battles: Armed clash"),
    ],
)
def test_whose_gain_is_resolved_only_when_all_actors_are_of_one_side(sides, acled):
    assert crosswalk(["territory_gain"], sides)["acled"] == (acled,)


def test_codes_keep_the_order_of_the_events_and_do_not_repeat():
    codes = crosswalk(["shelling", "siege", "mobilization", "support"])
    assert codes == {
        "quad": ("MC", "VX", "MX"),
        "acled": (
            "Explosions/Remote violence: Shelling/artillery/missile attack",
            "Strategic developments: Other",
        ),
        "plover": (
            "ASSAULT-heavy-weapons",
            "COERCE-restrict",
            "MOBILIZE-troops",
            "SUPPORT",
            "AID",
        ),
        "cameo": ("194", "191", "150", "050", "070"),
    }


def test_a_gain_without_a_side_and_a_clash_share_one_code():
    assert crosswalk(["armed_clash", "territory_gain"])["acled"] == ("Battles: Armed clash",)


@pytest.mark.parametrize("events", [[], ["casualties"]])
def test_an_ontology_with_nothing_to_say_is_null(events):
    assert crosswalk(events) == {"quad": None, "acled": None, "plover": None, "cameo": None}


def test_an_unknown_event_has_no_crosswalk():
    with pytest.raises(ConflictNLPError, match="not an event type"):
        crosswalk(["weather"])
