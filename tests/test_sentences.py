"""Where articles are cut into sentences."""

from __future__ import annotations

import json

import pytest
from conftest import ROOT
from dirt import moderate, texts
from hypothesis import example, given

from conflict_nlp.text import Sentence, repair, split_sentences

ARTICLE = (ROOT / "examples" / "article.txt").read_text(encoding="utf-8")


def _cut(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


@pytest.mark.parametrize(
    "marked",
    [
        "توقف القصف.| عاد الأهالي!| هل تصمد الهدنة؟| ربما…| لا أحد يعلم?| نعم.",
        "عنوان بلا نقطة\n|متن الخبر.",
        "زار أ.د. حسن المخيم.| ثم التقى م. رائد وأ. سميرة ود. هالة.",
        "اعتقل ج. ب. س. في دمشق.| وأفرج عن أ. ك. الحلبي.",
        "بلغ العدد 3.5 ملايين و٢.٧ مليون.| وكان كذلك في 12.1.2014.| ولم يتغير.",
        "كان ذلك في العام 2013.| وتكرر بعد عام.",
        "حدث ذلك عام 1435 هـ.| وقد انتهى، وقبله عام 500 ق.م. في المدينة.",
        "نقلت U.S. News عن J. Smith أن Mr. Brown سيصل.| ولم تؤكد.",
        "1. وقف النار.| 2. تبادل الأسرى.| 3. فتح المعابر.",
        "البنود: 1. وقف النار.",
        "انظر http://example.org/a.b?c=1.| ثم راسل a.b@example.com.| انتهى",
        "قصف عنيف(!) على البلدة (؟) أمس.| قال...ثم سكت.",
        "انتهى القصف.|وقال الناطق إن العدد ارتفع.|ثم عاد",
        "قال: «لن نرحل. سنبقى هنا! هل تفهمون؟».| ثم صمت.",
        "قال: quot;لا ماء لدينا. لا خبزquot;.| وأضاف أن الطريق مقطوع.",
        "قال: &amp;quot;لا ماء. لا خبز.&amp;quot;| وأضاف أن الطريق مقطوع.",
        'وصفها بـ"كارثة. لا مثيل لها" أمس.| وتابع: "لا نريد. نرفض".',
        "قال: “لا ماء. لا خبز.”| وأضاف المصدر.",
        "«إلى متى؟» قال الرجل.| «انتهى الأمر.» بحسب المصدر.",
        'قال: "لا ماء لدينا.| ولا غذاء.| ثم ذهب.| وعاد.',
        "قال المتحدث، وهو عقيد؛ نقلا عن قائده: لن نقبل، أبدا.| نقطة.",
        "نشرت (رويترز) الخبر.| (لم يصدر تعليق. الأمر متوقع.)",
        "قصف!!!| متى؟!| لا..| نعم.",
        "سطر<br>|آخر<br/><p>|ثالث</p>",
        "قصف على الحي! 😡😡",
        "سقطت القذائف. http://t.co/Ab1",
    ],
)
def test_sentences_end_where_they_should(marked: str) -> None:
    wanted = [piece.strip() for piece in marked.split("|")]
    assert _cut(marked.replace("|", "")) == wanted


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n", "\u2028", "\u2029", "\x85", "\x0b", "\f"])
def test_every_line_end_ends_a_sentence(end: str) -> None:
    assert _cut(f"عنوان{end}{end}«متن{end}آخر»") == ["عنوان", "«متن", "آخر»"]


def test_a_quotation_holds_at_most_sixty_words() -> None:
    sentence = "لن نرحل من هنا أبدا."  # five words
    held = f"قال: «{' '.join([sentence] * 12)}»"
    assert len(_cut(held)) == 1
    assert len(_cut(f"قال: «{' '.join([sentence] * 13)}»")) == 13


def test_what_has_no_letter_is_no_sentence() -> None:
    assert split_sentences("") == []
    assert split_sentences("*** \n\n . . . \n «»") == []
    assert split_sentences(" ... نعم") == [Sentence("... نعم", 1, 8)]


@moderate
@example("«a.\n»b")
@example("؟»ا.")
@example("<br>a<br>")
@given(texts)
def test_split_covers_every_letter_once(text: str) -> None:
    sentences = split_sentences(text)
    at = 0
    covered: set[int] = set()
    for sentence in sentences:
        assert at <= sentence.start < sentence.end <= len(text)
        assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip()
        assert any(map(str.isalnum, sentence.text))
        covered.update(range(sentence.start, sentence.end))
        at = sentence.end
    assert {i for i, c in enumerate(text) if c.isalnum()} <= covered


def test_the_example_article() -> None:
    sentences = split_sentences(ARTICLE)
    assert len(sentences) == 18
    assert 350 <= len(ARTICLE.split()) <= 450
    quoted = next(s for s in sentences if "الأتاسي، الذي" in s.text)
    assert quoted.text.endswith("أولادهم&amp;quot;.")
    mended = repair(ARTICLE)
    assert not set("ـً\u200f&#@٦") & set(mended.text)
    assert "quot;" not in mended.text and "http" not in mended.text
    assert [repair(s.text).text for s in sentences] == [
        piece for s in sentences if (piece := repair(s.text).text)
    ]


def test_boundaries_of_marked_articles() -> None:
    found = extra = missed = 0
    path = ROOT / "tests" / "data" / "boundaries.jsonl"
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        wanted = set(row["ends"])
        given_ends = {sentence.end for sentence in split_sentences(row["text"])}
        found += len(wanted & given_ends)
        extra += len(given_ends - wanted)
        missed += len(wanted - given_ends)
    assert found + missed >= 120
    assert 2 * found / (2 * found + extra + missed) > 0.93
