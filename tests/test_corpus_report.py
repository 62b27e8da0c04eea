"""A page and event records over a classified corpus."""

from __future__ import annotations

import csv
import json
import pathlib
import re

import pytest
from cli_helpers import run

from conflict_nlp import Classifier
from conflict_nlp.bulk import classify_files
from conflict_nlp.codebook import crosswalk

CORPUS = [
    {
        "text": "سيطر الجيش السوري على بلدة الزهراء بعد اشتباكات مع جبهة النصرة.",
        "date": "2014-05-02",
        "country": "SYR",
        "source": "جريدة أ",
    },
    {
        "text": "شنت الطائرات الحربية غارات على مواقع <تنظيم داعش> في الرقة.",
        "date": "2014-06-11",
        "country": "SYR",
        "source": "جريدة ب",
    },
    {"text": "أفرجت السلطات العراقية عن عشرة معتقلين.", "date": "2014-06-12", "country": "IRQ"},
    {"text": "أدانت روسيا جرائم جبهة النصرة.", "date": "", "country": ""},
    {"text": "only Latin"},
    {"text": 7},
]


@pytest.fixture(params=["out.jsonl", "out.csv", "out.parquet"])
def classified(
    request: pytest.FixtureRequest, shipped: Classifier, tmp_path: pathlib.Path
) -> pathlib.Path:
    if request.param.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="Parquet needs the files extra")
    given = tmp_path / "in.jsonl"
    given.write_text("".join(json.dumps(row) + "\n" for row in CORPUS), "utf-8")
    path = tmp_path / str(request.param)
    classify_files(shipped, [str(given)], path)
    return path


def test_event_records(classified: pathlib.Path, tmp_path: pathlib.Path) -> None:
    output = tmp_path / "events.csv"
    outcome = run("export-events", classified, "-o", output)
    records = list(csv.DictReader(output.open(encoding="utf-8", newline="")))
    assert f"{len(records)} events" in outcome.stderr
    by_event = {(r["notes"], r["conflict_nlp_event"]): r for r in records}
    gain = by_event[CORPUS[0]["text"], "territory_gain"]
    assert gain["event_type"] == "Battles" and gain["plover_event_type"] == "COERCE"
    assert gain["event_date"] == "2014-05-02" and gain["source"] == "جريدة أ"
    assert "SYR" in gain["actor_countries"] and gain["quad_class"] == "MC"
    strike = by_event[CORPUS[1]["text"], "air_strike"]
    main, _, sub = crosswalk(["air_strike"])["acled"][0].partition(": ")
    assert (strike["event_type"], strike["sub_event_type"]) == (main, sub)
    assert len({record["event_id"] for record in records}) == len(records)


def test_a_page(classified: pathlib.Path, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("matplotlib", reason="plots need the report extra")
    output = tmp_path / "report.html"
    run("report", classified, "-o", output)
    page = output.read_text("utf-8")
    assert "6 sentences; 1 with an error; 1 abstained (not_arabic)" in " ".join(page.split())
    assert re.search(r"Stance of the sentences: none \d+", page)
    assert "&lt;تنظيم داعش&gt;" in page and "<تنظيم" not in page
    assert "2014-06" in page and page.count("<svg") == 2
    assert "<td>IRQ</td>" in page and "Jabhat al-Nusra" in page
    assert not re.search(r'(src|href)="http', page)
    first = output.read_bytes()
    run("report", classified, "-o", output)
    assert output.read_bytes() == first


def test_what_is_not_classified(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("text\nنص\n", "utf-8")
    for command, output in (("report", "a.html"), ("export-events", "a.csv")):
        if command == "report":
            pytest.importorskip("jinja2", reason="a page needs the report extra")
        outcome = run(command, path, "-o", tmp_path / output, code=2)
        assert "so it is no output of conflict-nlp classify" in outcome.stderr
