from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from conftest import raw_logits

from conflict_nlp import Classifier
from conflict_nlp.codebook import EVENTS, STANCES

ROOT = pathlib.Path(__file__).parents[1]

# Plain sentences of our own, one for each event type that a reader would not argue about.
CLEAR = [
    ("اندلعت اشتباكات عنيفة بين مقاتلي الفصائل وعناصر الجيش قرب المطار.", "armed_clash"),
    ("سيطرت القوات على ثلاث قرى جديدة في ريف المدينة بعد طرد المسلحين منها.", "territory_gain"),
    ("انسحب المقاتلون من مواقعهم في الحي القديم باتجاه الجبال.", "withdrawal"),
    ("فرضت القوات حصارا خانقا على البلدة وقطعت عنها طرق الإمداد.", "siege"),
    ("شنت الطائرات الحربية خمس غارات على أطراف المدينة.", "air_strike"),
    ("قصفت المدفعية الثقيلة الأحياء السكنية بعشرات القذائف.", "shelling"),
    ("انفجرت سيارة مفخخة أمام مبنى المحافظة صباح اليوم.", "bombing"),
    ("أعدم التنظيم عشرة مدنيين في ساحة البلدة رميا بالرصاص.", "civilian_attack"),
    ("اعتقلت قوات الأمن سبعة ناشطين خلال حملة دهم ليلية.", "detention"),
    ("أفرجت السلطات عن عشرين معتقلا بعد وساطة من وجهاء المنطقة.", "release"),
    ("التقى وزير الخارجية نظيره في العاصمة لبحث الأزمة.", "negotiation"),
    ("دعا الأمين العام جميع الأطراف إلى وقف القتال فورا.", "appeal"),
    ("اتهمت المعارضة الحكومة بعرقلة وصول المساعدات.", "accusation"),
    ("رفضت الحركة العرض الذي تقدم به الوسطاء.", "rejection"),
    ("فرض الاتحاد الأوروبي عقوبات جديدة على ثلاثة مسؤولين.", "sanction"),
    ("نزحت مئات العائلات من القرى الحدودية نحو المخيمات.", "humanitarian"),
    ("تظاهر الآلاف في الساحة الرئيسة احتجاجا على ارتفاع الأسعار.", "protest"),
    ("حكمت المحكمة على الضابط بالسجن عشرين عاما.", "justice"),
]


def test_clear_sentences_get_their_event(shipped: Classifier) -> None:
    results = shipped.classify([text for text, _ in CLEAR])
    wrong = [
        (event, result.primary_event)
        for (_, event), result in zip(CLEAR, results, strict=True)
        if event not in {e.type for e in result.events or ()}
    ]
    assert len(wrong) <= 1, wrong


def test_background_has_no_event(shipped: Classifier) -> None:
    result = shipped.classify("تقع المدينة على ضفة النهر ويبلغ عدد سكانها نحو مئة ألف نسمة.")
    assert result.primary_event == "no_event"
    assert result.events == ()


def test_stance_toward_two_actors_of_one_sentence(shipped: Classifier) -> None:
    result = shipped.classify("نحيي صمود الجيش الحر البطل في وجه عصابات الأسد المجرمة.")
    stances = {t.actor: t.stance.label for t in result.targets or () if t.stance}
    assert set(stances.values()) == {"favor", "against"}


def test_neither_neighbours_nor_threads_change_a_bit(shipped: Classifier) -> None:
    texts = [text for text, _ in CLEAR]
    alone = [raw_logits(shipped, text) for text in texts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(partial(raw_logits, shipped), texts * 3)) == alone * 3
    one_by_one = [shipped.classify(t, extras=("probabilities",)).to_json() for t in texts]
    backwards = shipped.classify(texts[::-1], extras=("probabilities",))
    assert [result.to_json() for result in backwards] == one_by_one[::-1]


def test_labels_are_the_codebook_in_its_order(shipped: Classifier) -> None:
    assert shipped.settings.events == EVENTS
    assert shipped.settings.stances == STANCES
    assert shipped.settings.codebook == "1"


def test_model_files_are_complete_and_small(shipped: Classifier) -> None:
    folder = pathlib.Path(shipped.info["path"])
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "model.onnx",
        "tokenizer.json",
        "conflict_nlp.json",
        "calibration.json",
        "config.json",
        "README.md",
        "training.json",
        "LICENSE",
    }
    assert shipped.info["size_bytes"] <= 35e6


def test_card_says_which_file_it_describes(shipped: Classifier) -> None:
    import hashlib

    folder = pathlib.Path(shipped.info["path"])
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert digest[:16] in (folder / "README.md").read_text("utf-8")


def test_article_without_torch(shipped: Classifier) -> None:
    code = (
        "import sys, conflict_nlp.cli\n"
        "sys.argv = ['conflict-nlp', 'classify', sys.argv[1]]\n"
        "try:\n    conflict_nlp.cli.app()\n"
        "finally:\n    assert not {'torch', 'transformers', 'sklearn'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT / "examples" / "article.txt")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) >= 14
    assert all(row["error"] is None for row in rows)
    assert {"armed_clash", "shelling", "release"} <= {e["type"] for r in rows for e in r["events"]}


def test_evaluation_is_of_this_file(shipped: Classifier) -> None:
    import hashlib

    path = ROOT / "training" / "results" / "evaluation.json"
    hashes = json.loads(path.read_text("utf-8"))["provenance"]["data_sha256"]
    folder = pathlib.Path(shipped.info["path"])
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    assert digest == hashes["models/default/model.onnx"]


@pytest.mark.parametrize(
    "text", ["القوات لم تسيطر على المدينة.", "نفت الحكومة سيطرة المسلحين على المعبر."]
)
def test_denied_gain_is_no_gain(shipped: Classifier, text: str) -> None:
    assert "territory_gain" not in {e.type for e in shipped.classify(text).events or ()}
