"""The notebook card: well formed, escaped, and saying all that the result says."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from conflict_nlp.results import EventPrediction, Result, StancePrediction, TargetStance

TEXT = "اتهم الوفد الميليشيا بخرق الهدنة."


def make(text=TEXT, targets=(), events=(), **fields) -> Result:
    values = {
        "primary_event": None,
        "stance": StancePrediction("against", 0.8),
        "abstain": None,
        "truncated": False,
        "error": None,
        "model": "default",
        "codebook": "1",
    }
    return Result(text=text, events=events, targets=targets, **(values | fields))


def target(name, label="against", text=TEXT, start=None):
    start = text.index(name) if start is None else start
    return TargetStance(name, start, start + len(name), None, StancePrediction(label, 0.88))


class Card(HTMLParser):
    """Collects the text, the marked parts and the tags of a card, and checks the nesting."""

    def __init__(self, result: Result) -> None:
        super().__init__()
        self.text, self.marks, self.open, self.tags = "", [], [], set()
        self.html = result._repr_html_()
        self.feed(self.html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.add(tag)
        if tag == "mark":
            self.marks.append(["", dict(attrs)])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if "mark" in self.open:
            self.marks[-1][0] += data


def test_card_is_right_to_left_and_self_contained():
    card = Card(make())
    assert "direction:rtl" in card.html
    assert TEXT in card.text
    assert not card.tags & {"script", "link", "style", "img"}


def test_events_are_chips_with_probability():
    card = Card(make(events=(EventPrediction("accusation", 0.968),)))
    assert "accusation 97%" in card.text
    assert "no_event" in Card(make(events=())).text


def test_targets_are_marked_in_the_text_with_the_tint_of_their_stance():
    targets = (target("الميليشيا"), target("الوفد", "favor"), target("الهدنة", "none"))
    card = Card(make(targets=targets))
    assert [mark[0] for mark in card.marks] == ["الوفد", "الميليشيا", "الهدنة"]
    assert [mark[1]["title"] for mark in card.marks] == ["favor 88%", "against 88%", "none 88%"]
    assert len({mark[1]["style"] for mark in card.marks}) == 3
    assert TEXT in card.text


def test_overlapping_and_unnamed_targets_do_not_break_the_text():
    inner = target("الميليشيا")
    outer = TargetStance("الوفد الميليشيا", 5, 20, None, StancePrediction("none", 0.5))
    topic = TargetStance("الحوار", None, None, None, StancePrediction("favor", 0.7))
    headless = TargetStance("الهدنة", 26, 32, None, None)
    card = Card(make(targets=(inner, outer, topic, headless)))
    assert TEXT in card.text
    assert [mark[0] for mark in card.marks] == ["الوفد الميليشيا", "الهدنة"]
    for shown in ("الحوار: favor 70%", "الميليشيا: against 88%"):
        assert shown in card.text


@pytest.mark.parametrize("field", ["text", "error", "abstain"])
def test_everything_is_escaped(field):
    card = Card(make(**{field: "<script>alert('x')</script> & \"y\""}))
    assert "script" not in card.tags
    assert "<script>" in card.text
    assert "&amp;" in card.html


def test_target_names_are_escaped():
    text = "<b onload=x>الوفد"
    card = Card(make(text=text, targets=(target(text, text=text),)))
    assert card.html.count("&lt;b onload=x&gt;") == 2


def test_abstention_error_and_truncation_are_shown():
    card = Card(make(abstain="low_confidence", error="odd row", truncated=True))
    for word in ("abstains", "low_confidence", "error", "odd row", "truncated"):
        assert word in card.text


@pytest.mark.parametrize("text", [None, 3.5, ["نص"]])
def test_what_is_not_a_text_is_said_so(text):
    card = Card(make(text=text, events=None, targets=None, stance=None, error="not a text"))
    assert f"not a text: {text!r}" in card.text


def test_a_lone_surrogate_can_still_be_saved():
    make(text="قصف\ud83d")._repr_html_().encode("utf-8")
