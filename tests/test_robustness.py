"""Perturbations, swapped actors and minimal pairs."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from conflict_nlp.actors import Lexicon
from conflict_nlp.codebook import EVENTS
from conflict_nlp.evaluation.actor_swaps import swap_actors
from conflict_nlp.evaluation.minimal_pairs import minimal_pairs, score_pairs
from conflict_nlp.evaluation.perturb import PERTURBATIONS, perturb
from conflict_nlp.text import Normalizer, repair

TEXT = "أعلنت القوات الحكومية، فجر الأحد 12 أيار، أنها سيطرت على مدينة حلب وفكت الحصار عنها."


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_every_second_word_that_can_be_changed(name: str) -> None:
    changed = perturb(TEXT, name)
    assert changed != TEXT and perturb(TEXT, name) == changed
    if name in ("diacritics", "kashida", "typing_errors", "spelling"):
        pairs = list(zip(TEXT.split(), changed.split(), strict=True))
        assert sum(a != b for a, b in pairs) <= len(pairs) / 2 + 1


@pytest.mark.parametrize("name", ["entities", "mojibake", "diacritics", "kashida"])
def test_repair_and_normalisation_undo_what_they_can(name: str) -> None:
    clean = " ".join(re.findall(r"\w+", Normalizer()(repair(TEXT)).text))
    mended = Normalizer()(repair(perturb(TEXT, name))).text
    assert " ".join(re.findall(r"\w+", mended)) == clean


def test_what_each_one_does() -> None:
    assert "١٢" in perturb(TEXT, "arabic_indic_digits")
    assert perturb("وصل، ثم عاد. ثم نام!", "no_punctuation") == "وصل ثم عاد. ثم نام"
    assert perturb("وفكت الحصار", "split_clitics") == "و فكت الحصار"
    marked = perturb("قصف", "diacritics")
    assert any(unicodedata.combining(letter) for letter in marked)


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(sorted(PERTURBATIONS)))
def test_nothing_breaks_on_any_text(text: str, name: str) -> None:
    assert isinstance(perturb(text.encode("utf-8", "ignore").decode(), name), str)


def test_actors_are_swapped_within_their_kind(lexicon: Lexicon) -> None:
    texts = ["اتهمت سوريا إسرائيل بقصف المطار", "شنت حركة حماس هجوماً", "هطل المطر"]
    swaps = swap_actors(texts, lexicon)
    assert [swap.text for swap in swaps] == texts[:2] and swap_actors(texts, lexicon) == swaps
    for swap in swaps:
        before, after = lexicon.get(swap.before), lexicon.get(swap.after)
        assert before is not None and after is not None
        assert before.kind == after.kind and before.id != after.id
        assert swap.swapped != swap.text
    assert swaps[1].swapped.split()[1] == "حركة"


def test_pairs_over_all_event_types() -> None:
    pairs = minimal_pairs()
    assert len(pairs) >= 300
    assert {pair.event for pair in pairs} == set(EVENTS)
    assert min(Counter(pair.event for pair in pairs).values()) >= 10
    assert all(pair.first != pair.second for pair in pairs)


def five_grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text)
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def test_pairs_share_no_five_words_with_the_starter_set() -> None:
    starter: set[tuple[str, ...]] = set()
    for path in (ROOT / "training" / "starter").glob("*.jsonl"):
        for line in path.read_text("utf-8").splitlines():
            starter |= five_grams(json.loads(line)["text"])
    for pair in minimal_pairs():
        assert not (five_grams(pair.first) | five_grams(pair.second)) & starter


def test_scores_of_pairs() -> None:
    pairs = minimal_pairs()
    event_of = {pair.first: pair.event for pair in pairs}

    def words_alone(texts: Sequence[str]) -> list[list[str]]:
        """Gives every sentence the event of the pair's first one."""
        of = event_of | {pair.second: pair.event for pair in pairs}
        return [[of[text]] for text in texts]

    figures = score_pairs(words_alone, draws=20)
    assert figures["negation"]["right"] == 0.0 and figures["passive"]["right"] == 1.0
    assert all(figure["found"] == 1.0 for figure in figures.values())
    assert figures["passive"]["both"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert figures["negation"]["both"]["value"] == 0.0
