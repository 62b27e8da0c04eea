"""Label sets other than the codebook's: own event types, one label a sentence, one head alone."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("torch", reason="training needs the train extra")

import torch
from safetensors.torch import load_file
from training_helpers import settings_for

from conflict_nlp import Classifier
from conflict_nlp._model_files import CALIBRATION_FILE, ONNX_FILE
from conflict_nlp.errors import DataError, ModelError
from conflict_nlp.evaluation.scores import cross_fitted, score
from conflict_nlp.learning.calibrate import fit_calibration
from conflict_nlp.learning.examples import LabelScheme
from conflict_nlp.learning.export import export
from conflict_nlp.learning.exported import load_exported
from conflict_nlp.learning.predict import predict_in_use
from conflict_nlp.learning.read import read_labelled
from conflict_nlp.learning.trainer import train
from conflict_nlp.runtime import OnnxRuntime

SHELLED = "قصفت قوات النظام أطراف البلدة."
TALKS = "التقى الوفد المبعوث الأممي في جنيف."
CALM = "عاد الهدوء إلى السوق."
ONE_LABEL = [
    {"text": SHELLED, "events": "fire"},
    {"text": TALKS, "events": "talks"},
    {"text": CALM, "events": "no_event"},
]
STANCE_ALONE = [
    {"text": SHELLED, "target": "قوات النظام", "stance": "against"},
    {"text": SHELLED, "stance": "against"},
    {"text": TALKS, "stance": "none"},
    {"text": "حيّا الأهالي الجيش الحر.", "target": "الجيش الحر", "stance": "favor"},
]
Fit = Callable[..., tuple[Classifier, dict[str, Any]]]


@pytest.fixture
def fit(tiny_base: pathlib.Path, tmp_path: pathlib.Path) -> Fit:
    """Train, export and calibrate on rows; gives the classifier and its scores."""

    def run(
        rows: list[dict[str, Any]], base: pathlib.Path = tiny_base, **settings: Any
    ) -> tuple[Classifier, dict[str, Any]]:
        data = tmp_path / "rows.jsonl"
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        data.write_text("\n".join(lines), "utf-8")
        config = settings_for(base, data, tmp_path / "trained")
        settings = {"labels": "data", "pooling": "label"} | settings
        train(dataclasses.replace(config, **settings))
        examples = read_labelled(data)
        model_settings, encoder = export(tmp_path / "trained", tmp_path / "model", examples)
        scheme = LabelScheme.of_model(model_settings)
        runtime = OnnxRuntime(tmp_path / "model" / ONNX_FILE)
        logits = predict_in_use(runtime, encoder, examples)
        calibration = fit_calibration(logits, examples, scheme)
        calibration.save(tmp_path / "model" / CALIBRATION_FILE)
        scores = score(cross_fitted(logits, examples, scheme), examples, scheme, draws=0)
        return Classifier.from_pretrained(tmp_path / "model"), scores

    return run


def test_what_to_label_next_and_what_is_wrong(fit: Fit, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("skactiveml", reason="suggesting needs the label extra")
    pytest.importorskip("cleanlab", reason="auditing needs the label extra")
    from conflict_nlp.learning.audit import audit
    from conflict_nlp.learning.suggest import suggest
    from conflict_nlp.learning.tasks import write_tasks

    classifier, _ = fit(ONE_LABEL * 6, epochs=2)
    scheme = LabelScheme.of_model(classifier.settings)
    found = suggest([("a", SHELLED), ("b", TALKS)], classifier, 2)
    write_tasks(found.tasks, tmp_path / "tasks.json", "argilla", scheme)
    for record in json.loads((tmp_path / "tasks.json").read_text("utf-8")):
        answers = record["suggestions"]
        assert isinstance(answers["events"]["value"], str)
        assert "stance" not in answers
    audit(read_labelled(ONE_LABEL * 8), classifier)

    stance_alone, _ = fit(STANCE_ALONE * 6, epochs=2)
    (task, *_) = suggest([("a", SHELLED), ("b", TALKS)], stance_alone, 2).tasks
    assert task.events is None
    write_tasks([task], tmp_path / "next.jsonl", "jsonl", scheme)
    (again,) = read_labelled(tmp_path / "next.jsonl")
    assert again.events is None and again.stance is not None
    mixed = [dict(row, events="fire", stance="none") for row in ONE_LABEL * 8]
    audit(read_labelled(mixed), stance_alone)


def test_one_label_a_sentence_of_one_s_own(fit: Fit) -> None:
    classifier, scores = fit(ONE_LABEL * 6, epochs=20, head_learning_rate=0.05)
    results = classifier.classify([SHELLED, TALKS, CALM], extras=("probabilities", "acled"))
    assert [result.primary_event for result in results] == ["fire", "talks", "no_event"]
    assert [[event.type for event in result.events] for result in results] == [
        ["fire"],
        ["talks"],
        [],
    ]
    for result in results:
        assert set(result.probabilities) == {"primary"}
        assert sum(result.probabilities["primary"].values()) == pytest.approx(1, abs=1e-3)
        assert result.stance is None and result.codebook is None and result.acled is None
    assert results[0].events[0].probability == results[0].probabilities["primary"]["fire"]
    assert results[0].targets and all(t.stance is None for r in results for t in r.targets)
    assert classifier.classify(SHELLED, threshold=1.0).events == ()
    assert scores["all"]["primary_accuracy"]["value"] == 1.0
    assert not any("stance" in name for name in scores["all"])


def test_weights_for_rare_classes_where_there_are_no_stances(fit: Fit) -> None:
    classifier, scores = fit(ONE_LABEL, positive_power=0.3, stance_power=0.3)
    assert classifier.settings.stances == () and "event_macro_f1" in scores["all"]


def test_several_labels_a_sentence_of_one_s_own(fit: Fit) -> None:
    rows = [{"text": SHELLED, "events": "fire; advance"}, {"text": CALM, "events": ""}]
    classifier, _ = fit(rows * 6, epochs=20, head_learning_rate=0.05)
    result = classifier.classify(SHELLED, extras=("probabilities",))
    assert {event.type for event in result.events} == {"advance", "fire"}
    assert result.primary_event == "fire"
    assert set(result.probabilities) == {"events", "primary"}


def test_stance_alone(fit: Fit) -> None:
    classifier, scores = fit(STANCE_ALONE * 6, epochs=20, head_learning_rate=0.05)
    result = classifier.classify(SHELLED, "قوات النظام", extras=("probabilities", "quad"))
    assert result.events is None and result.primary_event is None and result.quad is None
    assert result.targets[0].stance.label == "against"
    assert set(result.probabilities) == {"stance"}
    assert result.abstain is None
    assert classifier.classify(SHELLED, "الهدنة").targets[0].stance is not None
    assert {name for name in scores["all"] if name.endswith("macro_f1")} == {
        "sentence_stance_macro_f1",
        "target_stance_macro_f1",
    }


def test_rows_that_lack_a_label_are_left_out_of_its_figures(fit: Fit) -> None:
    _, scores = fit([*ONE_LABEL, *STANCE_ALONE] * 5)
    assert sum(row["support"] for row in scores["events"].values()) == 10
    assert sum(row["support"] for row in scores["sentence_stance"].values()) == 10


def test_a_model_of_one_head_is_restored_from_its_export(fit: Fit, tmp_path: pathlib.Path) -> None:
    fit(STANCE_ALONE * 3)
    model, settings = load_exported(tmp_path / "model")
    assert settings.events == () and model.event_head is None
    assert settings.stances == ("favor", "against", "none")


def test_a_checkpoint_keeps_the_heads_whose_labels_it_knows(
    fit: Fit, checkpoint: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    stances = ("favor", "against", "none")
    rows = [{**row, "stance": s} for row, s in zip(ONE_LABEL, stances, strict=True)]
    still = {"learning_rate": 1e-8, "head_learning_rate": 1e-8}
    classifier, _ = fit(rows * 3, base=checkpoint, **still)
    before = load_file(checkpoint / "model.safetensors")
    after = load_file(tmp_path / "trained" / "model.safetensors")
    assert classifier.settings.events == ("fire", "talks")
    assert after["event_head.weight"].shape[0] == 2
    same = "encoder.encoder.layer.0.output.dense.weight"
    assert torch.allclose(before[same], after[same], atol=1e-5)
    assert torch.allclose(before["stance_head.weight"], after["stance_head.weight"], atol=1e-5)


def test_labels_out_of_the_codebook_are_refused_unless_asked_for(fit: Fit) -> None:
    with pytest.raises(DataError, match="'fire' is no event type"):
        fit(ONE_LABEL, labels="codebook")
    with pytest.raises(DataError, match="labels: 'mine' is not 'codebook' or 'data'"):
        fit(ONE_LABEL, labels="mine")


def test_a_checkpoint_of_other_labels_is_no_start_for_the_codebook(
    fit: Fit, tmp_path: pathlib.Path
) -> None:
    fit(ONE_LABEL * 3)
    row = {"text": SHELLED, "events": ["shelling"], "stance": "none"}
    with pytest.raises(ModelError, match="was trained with events"):
        fit([row] * 3, base=tmp_path / "trained", labels="codebook")
