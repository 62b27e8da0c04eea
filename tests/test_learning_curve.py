"""The learning curve, end to end on a tiny encoder and sentences of our own."""

from __future__ import annotations

import itertools
import json
import pathlib
import sys
from typing import Any

import pytest
from conftest import ROOT

pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("matplotlib", reason="the figure needs the report extra")

sys.path.insert(0, str(ROOT / "training"))
import learning_curve
import learning_curve_data as data

sys.path.pop(0)

from conflict_nlp.errors import DataError
from conflict_nlp.learning.config import TrainConfig

DEEDS = {
    "shelling": ["قصفت المدفعية", "سقطت قذائف الهاون على", "دكت راجمات الصواريخ"],
    "release": ["أفرجت السلطات عن معتقلي", "أطلق سراح المحتجزين من", "خرج الأسرى من سجن"],
}
PLACES = ["البلدة", "القرية", "المدينة القديمة", "الضاحية", "التلة", "المعبر", "السوق", "الجسر"]
WHEN = ["فجر اليوم", "مساء أمس الأول"]


def sentences() -> list[tuple[str, str]]:
    return [
        (f"{deed} {place} {when}", event)
        for event, deeds in DEEDS.items()
        for deed, place, when in itertools.product(deeds, PLACES, WHEN)
    ]


@pytest.fixture
def folders(tmp_path: pathlib.Path) -> dict[str, pathlib.Path]:
    """Labels of two outlets in three splits, and a benchmark with labels of its own."""
    rows: list[dict[str, Any]] = [
        {
            "id": f"r{number}",
            "text": text,
            "events": [event],
            "stance": "none",
            "targets": [],
            "source": ("new", "old", "new")[number % 3],
            "doc_id": f"d{number // 6}",
        }
        for number, (text, event) in enumerate(sentences())
    ]
    # What one outlet prints another prints too.
    rows.append(rows[0] | {"id": "copy", "source": "old", "doc_id": "d99"})
    for place, part in enumerate(data.SPLITS):
        data.write_rows(tmp_path / "labels" / f"{part}.jsonl", rows[place::3] if place else rows)
    quad = [
        {"source_id": f"q{n}", "text": text, "label": {"shelling": "MATERIAL_CONFLICT"}.get(e, "X")}
        for n, (text, e) in enumerate(sentences())
    ]
    data.write_rows(tmp_path / "benchmarks" / data.QUAD_FILE, quad)
    return {"labels": tmp_path / "labels", "benchmarks": tmp_path / "benchmarks"}


@pytest.fixture
def start(
    folders: dict[str, pathlib.Path], tiny_base: pathlib.Path, tmp_path: pathlib.Path
) -> pathlib.Path:
    """The tiny encoder, trained without one outlet by the configuration that the script writes."""
    from conflict_nlp.evaluation.training_run import train_and_judge

    given = ["--labels", str(folders["labels"]), "--outlet", "new"]
    learning_curve.main([*given, "--write-start", str(tmp_path / "start")])
    config = TrainConfig.from_toml(
        tmp_path / "start" / "config.toml",
        base=str(tiny_base),
        train=str(tmp_path / "start" / "train.jsonl"),
        layers=None,
        epochs=1,
        max_length=64,
    )
    train_and_judge(config)
    return tmp_path / "start" / "model"


def test_every_start_on_both_data_sets(
    folders: dict[str, pathlib.Path],
    start: pathlib.Path,
    tiny_base: pathlib.Path,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "results" / "curve.jsonl"
    options = {"start": start, "outlet-start": start, "base": tiny_base, "work": tmp_path / "work"}
    options |= {"outlet": "new", "threads": 1, "output": output, **folders}
    given = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    given += ["--sizes", "0", "16", "--seeds", "1", "2"]
    for setting in ("max_length=64", "layers=2", "epochs=1"):
        given += ["--set", setting]
    learning_curve.main([*given, "--data", "un_quad", "--start-kinds", "tfidf"])
    assert len(output.read_text("utf-8").splitlines()) == 2
    learning_curve.main(given)
    records = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    cells = {(r["data"], r["start"], r["size"], r["seed"]) for r in records}
    starts = ("shipped", "base", "tfidf")
    trained = set(itertools.product(("outlet", "un_quad"), starts, (16,), (1, 2)))
    assert cells == trained | {("outlet", "shipped", 0, 1)}
    assert len(records) == 13  # the two that were there are not repeated
    for record in records:
        assert 0 <= record["figures"]["event_macro_f1"] <= 1
        assert record["train_rows"] + record["dev_rows"] == record["size"]
        assert not record["size"] or record["dev_rows"] > 1
        assert record["provenance"]["data_sha256"] and "commit" in record["provenance"]
    words = [r for r in records if r["start"] == "tfidf" and r["data"] == "un_quad"]
    assert all(r["figures"]["event_macro_f1"] > 0.7 for r in words)  # verbs tell these apart
    assert "macro-F1" in capsys.readouterr().out
    table = output.with_suffix(".md").read_text("utf-8")
    assert table.count("| 16 |") == 2 and "(2)" in table and "Outlet: new." in table
    figure = output.with_suffix(".svg")
    assert "labelled rows" in figure.read_text("utf-8")
    before = figure.read_bytes()
    learning_curve.main([*given, "--report-only"])
    assert figure.read_bytes() == before
    for event, deeds in DEEDS.items():
        assert event and not any(deed in output.read_text("utf-8") for deed in deeds)
    quad = folders["benchmarks"] / data.QUAD_FILE
    data.write_rows(quad, data.read_rows(quad)[1:])
    with pytest.raises(DataError, match="other labels or weights"):
        learning_curve.main([*given, "--data", "un_quad", "--start-kinds", "tfidf"])


def test_the_start_has_seen_nothing_of_the_outlet(
    folders: dict[str, pathlib.Path], start: pathlib.Path
) -> None:
    for part in ("train", "dev"):
        rows = data.read_rows(start.parent / f"{part}.jsonl")
        assert rows and {row["source"] for row in rows} == {"old"}
        assert "copy" not in {row["id"] for row in rows}
    files = data.sources("outlet", folders["labels"], folders["benchmarks"])
    data.check_unseen(start, data.rows_of("outlet", files, "new"))
    with pytest.raises(DataError, match=r"\d+ rows are the outlet's"):
        data.check_unseen(start, data.rows_of("outlet", files, "old"))


def test_a_start_that_may_have_seen_the_outlet_is_refused(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(DataError, match="does not say what it was trained on"):
        data.check_unseen(checkpoint, [])
    onward = tmp_path / "onward"
    onward.mkdir()
    config = TrainConfig(str(checkpoint), (str(labelled_file),), str(labelled_file), str(onward))
    (onward / "training.json").write_text(json.dumps({"config": config.as_json()}), "utf-8")
    with pytest.raises(DataError, match="which may have seen the outlet"):
        data.check_unseen(onward, [])


def test_pool_and_test_share_no_document() -> None:
    rows = [
        {"id": f"{n}", "text": text, "events": [event], "doc_id": f"d{n // 4}"}
        for n, (text, event) in enumerate(sentences())
    ]
    pool, test = data.parted(data.DATA["outlet"], rows)
    assert not {r["doc_id"] for r in pool} & {r["doc_id"] for r in test}
    known, kept = data.draw(data.DATA["outlet"], pool, 20, 1)
    assert len(known) + len(kept) == 20 and len(kept) >= 2
    assert not {r["doc_id"] for r in known} & {r["doc_id"] for r in kept}
    assert data.draw(data.DATA["outlet"], pool, 20, 1) == (known, kept)
    assert data.draw(data.DATA["outlet"], pool, 20, 2) != (known, kept)
    with pytest.raises(DataError, match="only"):
        data.draw(data.DATA["outlet"], pool, len(pool) + 1, 1)


def test_fewer_rows_are_read_more_often() -> None:
    sizes = (8, 50, 200, 1000, 5000)
    cells = [learning_curve.Cell("un_quad", "shipped", size, 1) for size in sizes]
    epochs = [learning_curve.schedule(cell)[0] for cell in cells]
    assert epochs[0] == epochs[1] > epochs[2] > epochs[3] == epochs[4]


def test_a_start_that_knows_the_labels_is_trained_as_the_readme_says() -> None:
    onward = TrainConfig.from_toml(ROOT / "training/configs/onward.toml")
    found = learning_curve.schedule(learning_curve.Cell("outlet", "shipped", 50, 1))
    assert found == (onward.epochs, onward.batch_size)
