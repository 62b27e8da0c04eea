from __future__ import annotations

import csv
import gzip
import hashlib
import json
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "training"))

import join_labels  # noqa: E402
import release_labels  # noqa: E402

FIRST = "أعلنت القيادة أنّ «كتائب الشمال» انسحبت من القرية، بعد 3 أيام من القتال."
SECOND = "ونددت المنظمة بقصف السوق وطالبت القوات بوقف إطلاق النار فورا"
META = {
    "corpus": "mine",
    "source": "paper",
    "date": "2020-01-02",
    "country": [],
    "seg": "punct",
    "draw": "mixed",
    "codebook": 2,
}


def labelled(text: str, target: str, events: list[str]) -> dict[str, object]:
    start = text.index(target)
    return {
        "id": join_labels.sentence_id(text),
        "text": text,
        "events": events,
        "stance": "none",
        "targets": [{"text": target, "start": start, "end": start + len(target), "stance": "none"}],
        "previous": "جملة سابقة لا تنشر",
        "doc_id": "mine:1",
        **META,
    }


ROWS = [
    labelled(FIRST, "كتائب الشمال", ["withdrawal"]),
    labelled(SECOND, "القوات", ["accusation", "appeal"]),
]


def release(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    source, output = folder / "full", folder / "released"
    source.mkdir()
    for split, rows in zip(("train", "dev", "test"), (ROWS[:1], ROWS[1:], []), strict=True):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (source / f"{split}.jsonl").write_text(lines, "utf-8")
    run(release_labels, monkeypatch, "--labels", source, "--output", output)
    return output


def run(module: object, monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", ["script", *map(str, arguments)])
    module.main()  # type: ignore[attr-defined]


def rejoin(
    folder: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    corpus: pathlib.Path,
    *more: str,
) -> dict[str, list[dict[str, object]]]:
    output = folder / "joined"
    run(
        join_labels, monkeypatch, corpus, "--labels", folder / "released", "--output", output, *more
    )
    return {
        split: [json.loads(x) for x in (output / f"{split}.jsonl").read_text("utf-8").splitlines()]
        for split in ("train", "dev", "test")
    }


def test_id_follows_the_rule_of_the_card() -> None:
    folded = "اعلنت القياده ان كتايب الشمال انسحبت من القريه بعد 3 ايام من القتال"
    assert join_labels.fold(FIRST) == folded
    assert join_labels.sentence_id(FIRST) == hashlib.sha1(folded.encode()).hexdigest()[:12]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("أُعلِنَ عن هُدنة", "اعلن عن هدنه"),
        ("قـــال: «لا»", "قال لا"),
        ("مسؤول شؤون المبنى", "مسوول شوون المبني"),
        ("قتل ٣ جنود", "قتل جنود"),
        ("ٱلجيش\tتقدم\n", "الجيش تقدم"),
    ],
)
def test_copies_of_a_sentence_share_an_id(one: str, other: str) -> None:
    assert join_labels.sentence_id(one) == join_labels.sentence_id(other)


def test_ids_differ_where_words_or_digits_do() -> None:
    variants = ["قتل 3 جنود", "قتل 4 جنود", "قتل جنود", "قتل 3 الجنود"]
    assert len({join_labels.sentence_id(text) for text in variants}) == len(variants)


@pytest.mark.parametrize("text", [FIRST, SECOND, "", " ، ", "ـ١ا", "«قُ»  ـت"])
def test_normalised_agrees_with_the_id_and_knows_its_places(text: str) -> None:
    folded, origin = join_labels.normalised(text)
    assert folded == join_labels.fold(text)
    assert len(origin) == len(folded)
    assert origin == sorted(origin)
    for letter, place in zip(folded, origin, strict=True):
        assert letter == " " or join_labels.fold(text[place]) == letter


def test_release_holds_no_text(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = release(tmp_path, monkeypatch)
    for path in output.iterdir():
        content = path.read_text("utf-8")
        assert not any("\u0600" <= character <= "\u06ff" for character in content)
        for line in content.splitlines():
            row = json.loads(line)
            assert not {"text", "previous"} & set(row)
            assert all(set(t) == {"start", "end", "norm", "stance"} for t in row["targets"])


def test_released_labels_hold_no_text() -> None:
    paths = sorted((ROOT / "training" / "labels").glob("*.jsonl"))
    assert len(paths) == 3
    known = {"id", "events", "stance", "targets", "text_sha1", *release_labels.KEPT}
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            assert set(row) == known
            del row["doc_id"]  # file names of a corpus, some of them Arabic
            content = json.dumps(row, ensure_ascii=False)
            assert not any("\u0600" <= character <= "\u06ff" for character in content)


def test_wrong_ids_and_offsets_are_refused() -> None:
    with pytest.raises(SystemExit, match="id is not"):
        release_labels.released({**ROWS[0], "id": "0" * 12})
    moved = {**ROWS[0], "targets": [{"text": "كتائب", "start": 0, "end": 5, "stance": "none"}]}
    with pytest.raises(SystemExit, match="offsets"):
        release_labels.released(moved)


def test_join_gives_back_the_rows(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    release(tmp_path, monkeypatch)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "article.txt").write_text(f"عنوان المقال\nتمهيد قصير. {FIRST} ثم خاتمة.\n", "utf-8")
    with gzip.open(corpus / "more.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"content": {"body": f"مقدمة. {SECOND}"}}, ensure_ascii=False))
    found = rejoin(tmp_path, monkeypatch, corpus)
    expected = [{k: v for k, v in row.items() if k != "previous"} for row in ROWS]
    assert found == {"train": expected[:1], "dev": expected[1:], "test": []}


def test_join_places_targets_in_another_spelling(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(tmp_path, monkeypatch)
    corpus = tmp_path / "corpus.csv"
    other = 'اعلنت القياده ان "كَتائبَ الشـــمالِ" انسحبت من القرية بعد 3 ايام من القتال'
    with corpus.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["7", other, "x"])
    (row,) = rejoin(tmp_path, monkeypatch, corpus)["train"]
    (target,) = row["targets"]  # type: ignore[misc]
    assert row["text"] == other
    assert target["text"] == "كَتائبَ الشـــمالِ" == other[target["start"] : target["end"]]


def test_windows_find_sentences_of_unpunctuated_text(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(tmp_path, monkeypatch)
    corpus = tmp_path / "stripped.txt"
    corpus.write_text(f"وكان الوزير قد غادر أمس {SECOND} وأضاف المتحدث أن اللقاء تأجل", "utf-8")
    assert rejoin(tmp_path, monkeypatch, corpus)["dev"] == []
    assert [row["text"] for row in rejoin(tmp_path, monkeypatch, corpus, "--windows")["dev"]] == [
        SECOND
    ]


def test_unreadable_files_are_named_and_skipped(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    release(tmp_path, monkeypatch)
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.json").write_text("{broken", "utf-8")
    (corpus / "b.txt").write_bytes(SECOND.encode("cp1256"))
    found = rejoin(tmp_path, monkeypatch, corpus)
    assert "a.json" in capsys.readouterr().err
    assert [row["text"] for row in found["dev"]] == [SECOND]
