from __future__ import annotations

import json
import os
import pathlib
import sys
import types
from collections.abc import Callable, Iterator

import pytest
from cli_helpers import FakeClassifier
from letters import letter_tokenizer

from conflict_nlp import Classifier
from conflict_nlp.actors import Lexicon
from conflict_nlp.errors import ModelError, ModelNotFoundError
from conflict_nlp.text import repair

ROOT = pathlib.Path(__file__).parents[1]
SHIPPED = ROOT / "models" / "default"
SHARED = ROOT.parent / "shared" / "data"

LEXICON_HEADER = "id,name,kind,country,sector,aliases\n"

# Sentences of our own, enough for a tiny network to be trained on.
SENTENCES = [
    ("قصفت المدفعية أحياء المدينة القديمة", ["shelling"], "none", []),
    ("سقطت قذائف الهاون على السوق الشعبي", ["shelling"], "none", []),
    ("شنت الطائرات غارات على أطراف البلدة", ["air_strike"], "none", []),
    ("أغار الطيران على الجسر مرتين", ["air_strike"], "none", []),
    ("أفرجت السلطات عن عشرة معتقلين", ["release"], "none", [("السلطات", "none")]),
    ("أطلق سراح الرهائن بعد وساطة", ["release", "negotiation"], "none", []),
    ("أدان المجلس جرائم النظام", ["accusation"], "against", [("النظام", "against")]),
    ("نحيي بطولات الجيش في الدفاع عن المدينة", ["support"], "favor", [("الجيش", "favor")]),
    ("تقع القرية على ضفة النهر", [], "none", []),
    ("يبلغ عدد سكان البلدة عشرة آلاف", [], "none", []),
]


def pytest_configure() -> None:
    # Workers share the cores; torch's threads in each of them would wait for one another.
    if "PYTEST_XDIST_WORKER" in os.environ:
        os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    """The library's own actors."""
    return Lexicon.load()


@pytest.fixture
def table(tmp_path: pathlib.Path) -> Callable[..., pathlib.Path]:
    """Writes rows as a lexicon of one's own."""

    def write(*rows: str, header: str = LEXICON_HEADER) -> pathlib.Path:
        path = tmp_path / "mine.csv"
        path.write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """The labelled corpora, which are no part of the repository."""
    if not SHARED.exists():
        pytest.skip(f"the labelled data are not at {SHARED.parent.name}/{SHARED.name}")
    return SHARED


@pytest.fixture(scope="session")
def labelled_file(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A small file of labelled sentences."""
    path = tmp_path_factory.mktemp("labelled") / "sentences.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number, (text, events, stance, targets) in enumerate(SENTENCES):
            row = {
                "id": f"s{number}",
                "text": text,
                "events": events,
                "stance": stance,
                "targets": [{"text": t, "stance": s} for t, s in targets],
                "draw": "random" if number % 2 else "mixed",
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A random BERT of two small layers with a WordPiece vocabulary of letters."""
    pytest.importorskip("torch", reason="training needs the train extra")
    import torch
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("tiny") / "base"
    letters = sorted({c for text, *_ in SENTENCES for c in text if c.strip()} | set("ابتثجحخد"))
    tokenizer = letter_tokenizer(letters)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=96,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="session")
def checkpoint(
    tiny_base: pathlib.Path, labelled_file: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> pathlib.Path:
    """The tiny BERT fine-tuned on the small file."""
    from conflict_nlp.learning.config import TrainConfig
    from conflict_nlp.learning.trainer import train

    folder = tmp_path_factory.mktemp("trained") / "checkpoint"
    train(
        TrainConfig(
            base=str(tiny_base),
            train=(str(labelled_file),),
            dev=str(labelled_file),
            output=str(folder),
            name="tiny-1",
            pooling="label",
            epochs=2,
            batch_size=4,
            max_length=64,
            topic_share=0.5,
            average=0.9,
        )
    )
    return folder


@pytest.fixture(scope="session")
def exported(
    checkpoint: pathlib.Path, labelled_file: pathlib.Path, tmp_path_factory: pytest.TempPathFactory
) -> pathlib.Path:
    """The tiny model exported to int8 and calibrated."""
    from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE
    from conflict_nlp.learning.calibrate import fit_calibration
    from conflict_nlp.learning.examples import LabelScheme
    from conflict_nlp.learning.export import export
    from conflict_nlp.learning.predict import predict_in_use
    from conflict_nlp.learning.read import read_labelled
    from conflict_nlp.runtime import OnnxRuntime

    folder = tmp_path_factory.mktemp("exported") / "model"
    settings, encoder = export(checkpoint, folder, read_labelled(labelled_file))
    scheme = LabelScheme.of_model(settings)
    examples = read_labelled(labelled_file)
    logits = predict_in_use(OnnxRuntime(folder / ONNX_FILE), encoder, examples)
    fit_calibration(logits, examples, scheme).save(folder / CALIBRATION_FILE)
    return folder


def raw_logits(classifier: Classifier, text: str) -> bytes:
    """All that the network gives for a text, bit for bit."""
    encoded = classifier.encoder.encode(repair(text))
    output = classifier.runtime(encoded.ids, encoded.target_masks([]))
    return output.events.tobytes() + output.primary.tobytes() + output.stance.tobytes()


@pytest.fixture(scope="session")
def shipped() -> Iterator[object]:
    """The classifier with the shipped model."""
    if not (SHIPPED / "model.onnx").exists():
        pytest.skip("this checkout holds no shipped model in models/default")

    yield Classifier.from_pretrained()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> FakeClassifier:
    """Stands in for the classifier that the command line loads."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"weights")
    (folder / "card.md").write_bytes(b"-")
    classifier = FakeClassifier(folder)

    def from_pretrained(name="default", lexicon=None, runtime=None):
        if name == "absent":
            raise ModelNotFoundError("There is no model 'absent'.")
        if name == "damaged":
            raise ModelError("The model is damaged.")
        return classifier

    module = types.ModuleType("conflict_nlp.classifier")
    module.Classifier = types.SimpleNamespace(from_pretrained=from_pretrained)
    monkeypatch.setitem(sys.modules, "conflict_nlp.classifier", module)
    return classifier
