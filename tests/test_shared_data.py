"""What was promised of the labelled corpora, where they are at hand."""

from __future__ import annotations

import json
import pathlib

from conflict_nlp import Classifier, actors
from conflict_nlp.evaluation.spans import match
from conflict_nlp.text import split_sentences

MARKS = pathlib.Path(__file__).parent / "data" / "article_boundaries.json"


def test_most_annotated_targets_are_found_and_most_found_are_annotated(
    shared_data: pathlib.Path,
) -> None:
    lines = (shared_data / "labels" / "train.jsonl").read_text("utf-8").splitlines()[:3000]
    hits = annotated = found = 0
    for row in map(json.loads, lines):
        wanted = [(target["start"], target["end"]) for target in row["targets"]]
        given = [(mention.start, mention.end) for mention in actors.find(row["text"])]
        hits += len(match(row["text"], wanted, given))
        annotated += len(wanted)
        found += len(given)
    assert hits / annotated >= 0.85
    assert hits / found >= 0.6


def test_the_article_is_classified(shared_data: pathlib.Path, shipped: Classifier) -> None:
    text = (shared_data / "article.txt").read_text("utf-8")
    sentences = shipped.classify_document(text).sentences
    assert len(sentences) > 1
    assert not any(sentence.result.error for sentence in sentences)
    assert any(sentence.result.events for sentence in sentences)
    assert all(text[s.start : s.end] == s.result.text for s in sentences)


def test_the_article_is_cut_where_it_was_marked(shared_data: pathlib.Path) -> None:
    text = (shared_data / "article.txt").read_bytes().decode("utf-8")
    marks = json.loads(MARKS.read_text("utf-8"))["ends"]
    given = {len(text[: s.end].rstrip()) for s in split_sentences(text)}
    wanted = {len(text[:end].rstrip()) for end in marks}
    assert len(given & wanted) / max(len(given | wanted), 1) >= 0.9
