"""Splits that share no text and no document, and have alike labels."""

from __future__ import annotations

import collections
import json
import random

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import pandas
from cli_helpers import run

from conflict_nlp.errors import DataError
from conflict_nlp.learning.data_card import content_hash, write_split
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.split import split

WORDS = """قصفت المدفعية سيطر الجيش على المعبر انسحب المقاتلون من القرية أفرجت السلطات عن المحتجزين
وصلت قافلة المساعدات إلى المخيم أعلن المتحدث هدنة في المدينة اعتقلت الشرطة ناشطين أمام الجامعة
اندلعت اشتباكات قرب الحدود""".split()  # noqa: SIM905
EVENTS = ("shelling", "armed_clash", "detention", "sanction")


def rows(count=400, seed=0):
    chance = random.Random(seed)
    return [
        {
            "text": " ".join(chance.choices(WORDS, k=12)),
            "events": chance.choices(EVENTS, weights=(60, 30, 8, 4), k=1),
            "stance": chance.choice(("none", "none", "against")),
            "document": f"d{n // 5}",
            "extra": n,
        }
        for n in range(count)
    ]


def test_every_row_stands_in_one_part_with_all_its_columns():
    given = rows()
    parts = split(given, dev=0.2, test=0.1)
    together = [row for part in parts.rows.values() for row in part]
    assert sorted(together, key=lambda row: row["extra"]) == given


def test_sizes_and_labels_have_their_shares():
    parts = split(rows(), dev=0.2, test=0.1)
    total = collections.Counter(e for e in rows() for e in e["events"])
    for part, share in (("train", 0.7), ("dev", 0.2), ("test", 0.1)):
        assert len(parts.rows[part]) == pytest.approx(400 * share, abs=8)
        counts = collections.Counter(e for row in parts.rows[part] for e in row["events"])
        for event in EVENTS:
            assert counts[event] == pytest.approx(total[event] * share, abs=3), (part, event)


def test_documents_stay_whole():
    parts = split(rows(), dev=0.2, test=0.2, by="document")
    owners = collections.defaultdict(set)
    for part, some in parts.rows.items():
        for row in some:
            owners[row["document"]].add(part)
    assert {len(found) for found in owners.values()} == {1}
    assert len(parts.rows["dev"]) == pytest.approx(80, abs=8)


def test_nearly_equal_texts_stay_together():
    given = rows(60)
    given += [{**row, "text": row["text"] + " أمس"} for row in given]
    parts = split(given, dev=0.25, test=0.25)
    for some in parts.rows.values():
        texts = {row["text"].removesuffix(" أمس") for row in some}
        assert len(some) == 2 * len(texts)


def test_the_seed_decides():
    first, again, other = (split(rows(), seed=seed).rows["dev"] for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dev": 0.6, "test": 0.5}, "leave nothing to split"),
        ({"dev": 0, "test": 0}, "leave nothing to split"),
        ({"by": "outlet"}, "not every row has a column 'outlet'; there are: document, events"),
    ],
)
def test_what_cannot_be_split_is_told(options, message):
    with pytest.raises(DataError, match=message):
        split(rows(50), **options)


def test_too_few_groups_are_told():
    given = [{**row, "document": "one"} for row in rows(50)]
    with pytest.raises(DataError, match="fall into 1 groups that must stay whole"):
        split(given, by="document")


def test_broken_rows_are_told_before_anything_is_written():
    with pytest.raises(DataError, match=r"1 rows cannot be read, the first is row 51"):
        split([*rows(50), {"text": None}])


def test_the_command_writes_parts_and_a_card(tmp_path):
    lines = [json.dumps(row, ensure_ascii=False) for row in rows()]
    (tmp_path / "mine.jsonl").write_text("\n".join(lines), "utf-8")
    out = tmp_path / "data"
    outcome = run("data", "split", tmp_path / "mine.jsonl", "-o", out, "--by", "document")
    assert f"{out / 'dev.jsonl'}  " in outcome.stdout
    parts = {name: read_labelled(out / f"{name}.jsonl") for name in ("train", "dev", "test")}
    assert sum(map(len, parts.values())) == 400
    card = (out / "README.md").read_text("utf-8")
    assert "| sentences | " + " | ".join(f"{len(some)}" for some in parts.values()) in card
    assert "the column `document` and nearly equal texts kept together, 80 groups" in card
    for some in parts.values():
        assert content_hash(some)[:16] in card
    sanctions = [sum("sanction" in (e.events or ()) for e in some) for some in parts.values()]
    assert "| sanction | " + " | ".join(map(str, sanctions)) + " |" in card


def test_mapped_columns_are_read_again_without_a_mapping(tmp_path):
    given = [{"sentence": row["text"], "label": row["events"][0], "text": 3} for row in rows()]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, given)), "utf-8")
    mapping = ("--column", "text=sentence", "--column", "events=label")
    run("data", "split", tmp_path / "mine.jsonl", "-o", tmp_path / "data", *mapping)
    train = read_labelled(tmp_path / "data" / "train.jsonl")
    assert len(train) > 300 and {e.events[0] for e in train} == set(EVENTS)


def test_gaps_in_a_table_come_out_as_null(tmp_path):
    given = pandas.DataFrame([*rows(50), {"text": "عاد الهدوء إلى السوق.", "events": []}])
    paths = write_split(split(given), tmp_path)
    lines = [json.loads(line) for path in paths[:-1] for line in path.open(encoding="utf-8")]
    assert [row["stance"] for row in lines if row["text"].startswith("عاد")] == [None]


def test_the_hash_is_of_the_content_alone():
    first = read_labelled(rows(20))
    assert content_hash(first) == content_hash(first[::-1])
    assert content_hash(first) != content_hash(first[1:])


def test_the_command_says_what_is_wrong(tmp_path):
    outcome = run("data", "split", tmp_path / "none.csv", "-o", tmp_path / "out", code=2)
    assert "there is no file" in outcome.stderr
    assert not (tmp_path / "out").exists()
