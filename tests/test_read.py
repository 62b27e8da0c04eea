"""Labelled sentences from whatever people keep them in."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import datasets
import pandas

from conflict_nlp.errors import DataError
from conflict_nlp.learning.examples import Target
from conflict_nlp.learning.read import read_labelled

TEXT = "قصفت قوات النظام أطراف البلدة وجُرح مدنيان."
ROWS = [
    {
        "id": "a1",
        "text": TEXT,
        "events": ["shelling", "casualties"],
        "stance": "against",
        "targets": [{"text": "قوات النظام", "stance": "against"}],
    },
    {"id": "a2", "text": "عاد الهدوء إلى السوق.", "events": [], "stance": "none", "targets": []},
]


def written(folder, suffix):
    flat = [
        {
            "id": row["id"],
            "text": row["text"],
            "events": "; ".join(row["events"]),
            "stance": row["stance"],
            "targets": "; ".join(f"{t['text']}: {t['stance']}" for t in row["targets"]),
        }
        for row in ROWS
    ]
    path = folder / f"rows{suffix}"
    if suffix == ".jsonl":
        lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
        path.write_text("\n".join(lines), "utf-8")
    elif suffix == ".parquet":
        pandas.DataFrame(ROWS).to_parquet(path)
    else:
        pandas.DataFrame(flat).to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".tsv", ".parquet"])
def test_every_kind_of_file_gives_the_same_sentences(tmp_path, suffix):
    first, second = read_labelled(written(tmp_path, suffix))
    assert (first.id, first.text, first.stance) == ("a1", TEXT, "against")
    assert first.events == ("shelling", "casualties")
    assert first.targets == (Target("قوات النظام", (5, 16), "against"),)
    assert second.events == () and second.targets == ()
    assert second.source == "rows"


@pytest.mark.parametrize("make", [pandas.DataFrame, datasets.Dataset.from_list, iter])
def test_tables_in_memory_are_read(make):
    assert [e.events for e in read_labelled(make(ROWS))] == [("shelling", "casualties"), ()]


def test_a_target_column_takes_the_stance_column_with_it():
    (example,) = read_labelled([{"text": TEXT, "target": "قوات النظام", "stance": "against"}])
    assert example.stance is None and example.events is None
    assert example.targets == (Target("قوات النظام", (5, 16), "against"),)


def test_no_event_and_not_labelled_are_two_things():
    rows = [{"text": TEXT, "events": cell} for cell in ("no_event", "", None, float("nan"))]
    assert [e.events for e in read_labelled(rows)] == [(), (), None, None]


def test_columns_are_mapped():
    rows = [{"sentence": TEXT, "label": "shelling"}]
    (example,) = read_labelled(rows, {"text": "sentence", "events": "label"})
    assert example.text == TEXT and example.events == ("shelling",)


def test_a_column_that_nobody_reads_is_refused():
    with pytest.raises(DataError, match=r"\['labels'\] are none of the columns read, text, events"):
        read_labelled(ROWS, {"labels": "x"})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": None}, "row 1: text is None; a string is accepted"),
        ({"text": TEXT, "events": 3}, "row 1: events is 3; a list, or names with ;"),
        ({"text": TEXT, "events": [3]}, "row 1: events holds 3"),
        ({"text": TEXT, "targets": "النظام"}, 'accepted is "name: stance; name: stance"'),
        ({"text": TEXT, "targets": [{"text": "النظام"}]}, "has no stance"),
        (
            {"text": TEXT, "targets": [{"text": "x", "stance": "none", "start": 5, "end": 99}]},
            "stands at 5 to 99 of a text of 43 characters",
        ),
        ({"text": TEXT, "targets": [{"text": "x", "stance": "none", "start": 5}]}, "and no end"),
        ({"text": TEXT, "targets": "[{"}, "looks like JSON and is not"),
        ({"text": TEXT, "soft": {"events": [0.5]}}, "soft holds no lists of probabilities"),
        (3, "row 1: is of type int, not a mapping"),
    ],
)
def test_rows_that_are_no_labelled_sentences_say_why(row, message):
    with pytest.raises(DataError, match=message):
        read_labelled([row])


def test_all_broken_rows_are_listed_up_to_ten():
    with pytest.raises(DataError) as caught:
        read_labelled([{"text": n} for n in range(12)])
    assert "row 10: text is 9" in str(caught.value)
    assert "row 11" not in str(caught.value) and "and 2 more" in str(caught.value)


def test_a_missing_column_names_those_there(tmp_path):
    (tmp_path / "a.csv").write_text("body,label\nقصف,shelling\n", "utf-8")
    with pytest.raises(DataError, match=r"has no column 'text'; its columns.*body, label"):
        read_labelled(tmp_path / "a.csv")


def test_a_cut_parquet_file_says_so(tmp_path):
    path = written(tmp_path, ".parquet")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=r"rows\.parquet is no whole Parquet file"):
        read_labelled(path)


@pytest.mark.parametrize("source", ["missing.csv", "table.xlsx"])
def test_a_file_that_is_not_there_or_not_read(source, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    said = r"there is no file|is no file \(.csv, .tsv, .jsonl, .parquet\)"
    with pytest.raises(DataError, match=said):
        read_labelled(source)


def test_a_data_set_that_the_hub_does_not_give(monkeypatch):
    def unreachable(*_, **__):
        raise ConnectionError("no route")

    monkeypatch.setattr("datasets.load_dataset", unreachable)
    with pytest.raises(DataError, match=r"could be had from the hub \(ConnectionError\)"):
        read_labelled("owner/name:train")


def test_a_mapping_is_no_table():
    with pytest.raises(DataError, match="labelled data of type dict cannot be read"):
        read_labelled({"text": TEXT})
