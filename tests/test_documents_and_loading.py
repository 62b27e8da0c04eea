from __future__ import annotations

import dataclasses
import json
import pathlib
import shutil

import pytest

from conflict_nlp import Classifier
from conflict_nlp.actors import Lexicon
from conflict_nlp.errors import DataError, ModelError, ModelNotFoundError

ARTICLE = (
    "سيطر الثوار على القرية بعد معارك عنيفة مع قوات النظام. "
    "وأدان الائتلاف الوطني القصف، وطالب مجلس الأمن بالتحرك.\n"
    "أفرجت حركة أحرار الشام عن عشرين أسيرًا"
)


@pytest.fixture(scope="module")
def classifier(exported: pathlib.Path) -> Classifier:
    return Classifier.from_pretrained(exported)


class TestDocument:
    """Articles are split, offsets point into the article."""

    def test_sentences_and_offsets(self, classifier: Classifier) -> None:
        document = classifier.classify_document(ARTICLE)
        assert len(document.sentences) == 3
        for sentence in document.sentences:
            assert ARTICLE[sentence.start : sentence.end] == sentence.result.text
            for target in sentence.result.targets or ():
                start = sentence.start + (target.start or 0)
                assert ARTICLE[start : start + len(target.text)] == target.text

    def test_same_as_the_sentences_alone(self, classifier: Classifier) -> None:
        document = classifier.classify_document(ARTICLE)
        texts = [sentence.result.text for sentence in document.sentences]
        assert [s.result for s in document.sentences] == classifier.classify(texts)

    def test_empty_document(self, classifier: Classifier) -> None:
        assert classifier.classify_document(" \n ").sentences == ()

    def test_no_string_is_refused(self, classifier: Classifier) -> None:
        with pytest.raises(DataError, match="NoneType"):
            classifier.classify_document(None)  # type: ignore[arg-type]


class TestLoading:
    """What is wrong with a model directory is said, with the next step."""

    def test_unknown_name(self) -> None:
        with pytest.raises(ModelNotFoundError, match="no model 'camelbert-xyz'"):
            Classifier.from_pretrained("camelbert-xyz")

    @pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json", "conflict_nlp.json"])
    def test_damaged_file(self, exported: pathlib.Path, tmp_path: pathlib.Path, name: str) -> None:
        folder = tmp_path / "model"
        shutil.copytree(exported, folder)
        (folder / name).write_bytes((folder / name).read_bytes()[:100])
        with pytest.raises(ModelError, match=r"export the checkpoint anew|Copy the model"):
            Classifier.from_pretrained(folder)

    @pytest.mark.parametrize("wrong", [[0.5], [float("nan")] * 24])
    def test_a_calibration_of_another_model(
        self, exported: pathlib.Path, tmp_path: pathlib.Path, wrong: list[float]
    ) -> None:
        folder = tmp_path / "model"
        shutil.copytree(exported, folder)
        values = json.loads((folder / "calibration.json").read_text("utf-8"))
        path = folder / "calibration.json"
        path.write_text(json.dumps(values | {"thresholds": wrong}), "utf-8")
        with pytest.raises(ModelError, match="belongs to another model"):
            Classifier.from_pretrained(folder)

    def test_a_format_of_the_future(self, exported: pathlib.Path, tmp_path: pathlib.Path) -> None:
        folder = tmp_path / "model"
        shutil.copytree(exported, folder)
        settings = json.loads((folder / "conflict_nlp.json").read_text("utf-8"))
        (folder / "conflict_nlp.json").write_text(json.dumps(settings | {"format": 99}), "utf-8")
        with pytest.raises(ModelError, match="format 99"):
            Classifier.from_pretrained(folder)

    def test_a_lexicon_of_ones_own(self, exported: pathlib.Path, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "actors.csv"
        path.write_text(
            "id,name,kind,country,sector,aliases\n"
            "my_brigade,My Brigade,armed_group,SYR,REB,لواء الزيتونة الخضراء\n",
            "utf-8",
        )
        lexicon = Lexicon.load(path)
        own = Classifier.from_pretrained(exported, lexicon=lexicon)
        found = own.classify("هاجم لواء الزيتونة الخضراء الحاجز").targets or ()
        assert "my_brigade" in [target.actor for target in found]

    def test_other_labels_have_no_codebook(
        self, classifier: Classifier, exported: pathlib.Path
    ) -> None:
        other = Classifier(
            classifier.runtime,
            classifier.encoder,
            dataclasses.replace(classifier.settings, codebook=None),
            classifier.calibration,
            classifier.lexicon,
        )
        data = other.classify(ARTICLE, extras=("acled",), threshold=0.1).to_dict()
        assert data["codebook"] is None
        assert data["acled"] is None
