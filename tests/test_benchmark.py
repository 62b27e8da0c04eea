"""The benchmark end to end, on authored sentences and variants that learn in no time."""

from __future__ import annotations

import json
import pathlib
from dataclasses import replace

import pytest
from conftest import SENTENCES
from typer.testing import CliRunner

pytest.importorskip("torch", reason="the benchmark needs the train extra")
pytest.importorskip("jinja2", reason="its report needs the report extra")

from conflict_nlp._sources import fingerprint
from conflict_nlp.cli import app
from conflict_nlp.errors import DataError
from conflict_nlp.evaluation.benchmark import run_benchmark
from conflict_nlp.evaluation.benchmark_summary import summary
from conflict_nlp.evaluation.provenance import file_hash
from conflict_nlp.evaluation.registry import Registry
from conflict_nlp.evaluation.task_data import parts_of
from conflict_nlp.learning.config import TrainConfig

Folder = pathlib.Path


def write_rows(path: Folder, rows: list[dict[str, object]]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


@pytest.fixture
def registry_file(tmp_path: Folder, tiny_base: Folder) -> Folder:
    """A file that declares one task and some variants of one's own."""
    events = [
        {
            "id": f"{split}{turn}-{number}",
            "text": f"{text} {turn}",
            "events": names,
            "stance": stance,
            "targets": [{"text": t, "stance": s} for t, s in targets],
            "country": ["SY", "IQ"] if number % 2 else ["SY"],
            "split": split,
        }
        for split, turns in (("train", 4), ("dev", 2), ("test", 3))
        for turn in range(turns)
        for number, (text, names, stance, targets) in enumerate(SENTENCES)
    ]
    write_rows(tmp_path / "events.jsonl", events)
    topics = [
        {"id": f"{split}{n}", "text": text, "target": topic, "stance": stance, "split": split}
        for split in ("train", "test")
        for n in range(15)
        for text, topic, stance in (
            (f"نؤيد الهدنة بكل قوة {n} {split}", "الهدنة", "favor"),
            (f"نرفض الهدنة رفضا تاما {n} {split}", "الهدنة", "against"),
            (f"ندعم المؤتمر دعما كاملا {n} {split}", "conference", "favor"),
            (f"ندين المؤتمر إدانة شديدة {n} {split}", "conference", "against"),
            (f"انعقد المؤتمر في جنيف أمس {n} {split}", "conference", "none"),
        )
    ]
    write_rows(tmp_path / "topics.jsonl", topics)
    path = tmp_path / "mine.toml"
    path.write_text(
        f"""
[tasks.mine]
title = "events of my own"
files = {{ train = "events.jsonl", dev = "events.jsonl", test = "events.jsonl" }}
sha256 = {{ "events.jsonl" = "{file_hash(tmp_path / "events.jsonl")}" }}
codebook = true
robustness = true
main = "event_macro_f1"
measures = [
  "sentence_stance_macro_f1", "selective_accuracy_80", "event_mean_average_precision",
  "stance_brier", "stance_risk_coverage_area", "stance_selective_accuracy_80",
]
slices = ["country"]

[tasks.topics]
title = "stance toward topics"
files = {{ train = "topics.jsonl", test = "topics.jsonl" }}
topics = true
topic_names = {{ conference = "المؤتمر" }}
main = "topic_f_avg"

[tasks.random]
title = "the same, parted at random"
files = {{ all = "events.jsonl" }}
split = "random"
parts = 2
main = "event_macro_f1"

[tasks.nowhere]
title = "data that are not there"
files = {{ train = "no.jsonl", test = "no.jsonl" }}
main = "event_macro_f1"

[variants.words]
title = "words"
kind = "recipe"
recipe = "tfidf_svm"
settings = {{ c = [1.0] }}

[variants.tiny]
title = "a tiny encoder"
kind = "train"
settings = {{ base = "{tiny_base}", epochs = 1, batch_size = 8, max_length = 64 }}

[variants.broken]
title = "a model that there is not"
kind = "model"
path = "alchemy"
""",
        "utf-8",
    )
    return path


def names(results: list[dict[str, object]], status: str) -> set[tuple[object, object]]:
    return {(r["task"], r["variant"]) for r in results if r["status"] == status}


def test_a_ready_model_answers_for_stance_where_a_task_has_no_events(
    registry_file: Folder, tmp_path: Folder
) -> None:
    registry = Registry.load([registry_file], tmp_path)
    outcome = run_benchmark(registry, tmp_path / "out", ["topics", "random"], ["shipped"], draws=20)
    topics, other = summary(outcome, draws=20)["results"]
    assert (topics["status"], *topics["figures"]) == ("done", "topic_f_avg")
    assert (other["task"], other["status"]) == ("random", "unavailable")


def test_all_kinds_of_variants_and_tasks_come_to_figures(
    registry_file: Folder, tmp_path: Folder
) -> None:
    variants = ["majority", "keywords", "words", "tiny", "broken"]
    tasks = ["mine", "topics", "random", "nowhere"]
    registry = Registry.load([registry_file], tmp_path)
    outcome = run_benchmark(registry, tmp_path / "out", tasks, variants, draws=20)
    found = summary(outcome, draws=20)

    done = names(found["results"], "done")
    reasons = {r["reason"] for r in found["results"] if r["status"] == "failed"}
    assert not reasons
    assert {(t, v) for t in tasks[:3] for v in ("majority", "words", "tiny")} <= done
    assert ("mine", "keywords") in done
    missing = names(found["results"], "unavailable")
    assert {("nowhere", v) for v in variants} <= missing
    assert {("mine", "broken"), ("topics", "keywords")} <= missing

    of = {(r["task"], r["variant"]): r for r in found["results"]}
    words = of["mine", "words"]
    figure = words["figures"]["event_macro_f1"]
    assert figure["low"] <= figure["value"] <= figure["high"]
    assert 0 <= words["figures"]["stance_brier"]["value"] < 1
    assert words["figures"]["stance_selective_accuracy_80"]["value"] > 0.5
    assert figure["value"] > of["mine", "majority"]["figures"]["event_macro_f1"]["value"]
    assert words["costs"]["latency_p50_ms"] <= words["costs"]["latency_p95_ms"]
    assert words["slices"]["country"]["SY"]["sentences"] == 30
    assert "0" not in words["slices"]["number of events"]
    row = next(row for row in words["classes"]["events"].values() if row["support"])
    assert row["low"] <= row["f1"] <= row["high"]
    topics = of["topics", "words"]
    assert topics["figures"]["topic_f_avg"]["value"] == 1.0
    stances = topics["stance_confusion"]["labels"]
    where = tuple(map(stances.index, ("favor", "favor")))
    assert topics["stance_confusion"]["matrix"][where[0]][where[1]] == 30
    assert topics["risk_coverage"]["risk"][-1] == 0.0 and topics["worst"] == []
    assert topics["classes"]["target_stance"] == {}
    assert words["stance_confusion"]["labels"] == stances
    ids = [error["id"] for error in of["random", "tiny"]["worst"]]
    assert ids and len(ids) == len(set(ids))
    robust = words["robustness"]
    assert robust["change"]["diacritics"]["event_macro_f1"]["value"] == 0.0
    assert robust["minimal_pairs"]["negation"]["pairs"] > 50
    assert found["groups"]["mine"][0][0] in ("words", "tiny", "keywords")
    assert of["random", "words"]["figures"]["event_macro_f1"]["deviation"] is not None
    quality, speed, _ = found["advice"]
    assert all(f"`{task}`" in quality for task in ("mine", "topics", "random"))
    assert "on `mine`" in speed
    text = json.dumps(found, ensure_ascii=False)
    assert not any(sentence in text for sentence, *_ in SENTENCES)


def test_what_is_done_is_not_done_again_unless_it_changed(
    registry_file: Folder, tmp_path: Folder
) -> None:
    def run() -> list[str]:
        told: list[str] = []
        registry = Registry.load([registry_file], tmp_path)
        run_benchmark(registry, tmp_path / "out", ["mine"], ["words"], draws=10, note=told.append)
        return told

    assert len(run()) == 1
    assert run() == []
    declared = registry_file.read_text("utf-8")
    registry_file.write_text(declared.replace("c = [1.0]", "c = [0.5]"), "utf-8")
    assert len(run()) == 1
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write("\n")
    assert run() and "SHA-256" in run()[0]


def test_a_training_broken_off_finds_its_sentences_as_they_were(
    registry_file: Folder, tmp_path: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []

    def broken_off(config: TrainConfig, resume: bool) -> None:
        found.append((resume, fingerprint([Folder(path) for path in (*config.train, config.dev)])))
        raise KeyboardInterrupt

    monkeypatch.setattr("conflict_nlp.evaluation.neural.train", broken_off)
    registry = Registry.load([registry_file], tmp_path)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_benchmark(registry, tmp_path / "out", ["mine"], ["tiny"])
    assert found[0] == found[1]  # by which the trainer tells that it can go on
    assert found[0][0]


def test_an_outlet_is_left_out_of_all_that_a_variant_has_learnt(
    registry_file: Folder, tmp_path: Folder
) -> None:
    outlets = [
        {
            "id": f"{split}{n}",
            "text": f"{text} {place} {n}",
            "events": events,
            "source": source,
            "split": split,
        }
        for place, split in enumerate(("train", "dev", "test"))
        for n, (text, events, *_) in enumerate(SENTENCES)
        for source in ("one", "two")
        if (n % 2 == 0) == (source == "one")
    ]
    write_rows(tmp_path / "outlets.jsonl", outlets)
    declared = """
[tasks.outlets]
title = "an outlet left out"
files = { train = "outlets.jsonl", dev = "outlets.jsonl", test = "outlets.jsonl" }
codebook = true
split = "leave-one-out"
outlets = ["one"]
main = "event_micro_f1"

[variants.onward]
title = "the shipped model onward"
kind = "train"
settings = { base = "default", epochs = 1 }
"""
    path = tmp_path / "outlets.toml"
    path.write_text(declared, "utf-8")
    registry = Registry.load([path], tmp_path)
    part = parts_of(registry.tasks["outlets"])[0]
    assert {e.source for e in part.test.examples} == {"one"}
    assert {e.source for e in (*part.train.examples, *part.dev.examples)} == {"two"}
    # What the shipped model was trained on holds the outlets of its task.
    outcome = run_benchmark(
        registry, tmp_path / "out", ["outlets"], ["shipped", "onward"], draws=10
    )
    reasons = [kept.record["reason"] for kept in outcome.kept.values()]
    assert len(reasons) == 2
    assert all("outlet" in reason for reason in reasons)


def test_test_texts_are_taken_out_of_further_training_rows(
    registry_file: Folder, tmp_path: Folder
) -> None:
    declared = registry_file.read_text("utf-8")
    more = [
        {"id": "x", "text": f"{text} 0", "events": e, "stance": s} for text, e, s, _ in SENTENCES
    ]
    write_rows(tmp_path / "more.jsonl", [*more, {"id": "y", "text": "نص آخر", "events": []}])
    extra = f'codebook = true\nextra_train = "{tmp_path}/more.jsonl"\nrobustness'
    registry_file.write_text(declared.replace("codebook = true\nrobustness", extra), "utf-8")
    part = parts_of(Registry.load([registry_file], tmp_path).tasks["mine"])[0]
    held_out = {e.text for e in (*part.test.examples, *part.dev.examples)}
    assert not held_out & {e.text for e in part.train.examples}
    assert "نص آخر" in {e.text for e in part.train.examples}


def test_the_command_reports_and_says_what_failed(registry_file: Folder, tmp_path: Folder) -> None:
    output = tmp_path / "out"
    arguments = ["benchmark", "--registry", str(registry_file), "--tasks", "mine", "--draws", "10"]
    arguments += ["--variants", "words,majority,broken", "-o", str(output)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "alchemy" in result.stderr
    page = (output / "benchmark.html").read_text("utf-8")
    assert "events of my own" in page
    assert "alchemy" in page
    assert "| words" in (output / "benchmark.md").read_text("utf-8")
    again = CliRunner().invoke(app, [*arguments, "--report-only"])
    assert again.exit_code == 0
    assert "done in" not in again.stderr


def test_a_benchmark_that_could_run_nothing_did_not_succeed(tmp_path: Folder) -> None:
    options = ["--tasks", "labels", "--variants", "majority", "--data", str(tmp_path / "none")]
    result = CliRunner().invoke(app, ["benchmark", *options, "-o", str(tmp_path / "out")])
    assert result.exit_code == 1
    assert "there is no file" in result.output


def test_a_registry_lists_all_its_problems(tmp_path: Folder) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[tasks.a]\ntitle = "a"\nfiles = {}\nmain = "x"\n'
        '[variants.b]\ntitle = "b"\nkind = "magic"\n'
        '[variants.c]\ntitle = "c"\nkind = "model"\nsize = 3\n'
        '[variants.d]\ntitle = "d"\nkind = "recipe"\nrecipe = "alchemy"\n'
        '[variants.e]\ntitle = "e"\nkind = "recipe"\nrecipe = "ngec"\nsettings = { k = 3 }\n'
        '[variants.f]\ntitle = "f"\nkind = "train"\nsettings = { base = "x" }\n'
        "tasks = { a = { epoch = 3 } }\n",
        "utf-8",
    )
    with pytest.raises(DataError) as error:
        Registry.load([path], tmp_path)
    message = str(error.value)
    parts = ["files lacks test, train", "'magic'", "'size'", "no recipe 'alchemy'"]
    parts += ["settings lacks base, c", "unknown settings k", "unknown settings epoch"]
    assert all(part in message for part in parts)


def test_a_registry_refuses_values_of_another_kind(tmp_path: Folder) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        """
[tasks.mine]
title = "mine"
files = { train = "a.csv", test = 3 }
main = "event_macro_f1"
codebook = "no"
parts = true
test_share = "0.1"
measures = "event_micro_f1"
""",
        "utf-8",
    )
    with pytest.raises(DataError) as refused:
        Registry.load([path])
    for said in (
        "codebook is 'no', but must be true or false",
        "parts is True, but must be a whole number",
        "test_share is '0.1', but must be a number",
        "measures is 'event_micro_f1', but must be a list of texts",
        "but must be a table of texts",
    ):
        assert said in str(refused.value)


def test_a_seed_that_failed_does_not_hide_one_that_is_done(
    registry_file: Folder, tmp_path: Folder
) -> None:
    registry = Registry.load([registry_file], tmp_path)
    outcome = run_benchmark(registry, tmp_path / "out", ["mine"], ["words"], draws=10)
    [(where, kept)] = outcome.kept.items()
    failed = {**kept.record, "status": "failed", "reason": "out of memory"}
    outcome.kept[(*where[:3], where[3] + 1)] = replace(kept, record=failed, decisions=None)
    [result] = summary(outcome, draws=10)["results"]
    assert (result["status"], result["seeds"]) == ("done", [where[3]])


def test_settings_over_those_of_every_trained_variant(
    registry_file: Folder, tmp_path: Folder
) -> None:
    registry = Registry.load([registry_file], tmp_path)
    changed = registry.with_training({"epochs": 7})
    assert changed.variants["tiny"].settings_for("mine")["epochs"] == 7
    assert changed.variants["base_12"].settings_for("mawqif")["epochs"] == 7
    assert changed.variants["words"] == registry.variants["words"]
    arguments = ["benchmark", "--registry", str(registry_file), "-o", str(tmp_path / "out")]
    for given, said in (("speed=9", "unknown settings speed"), ("epochs", "NAME=VALUE")):
        result = CliRunner().invoke(app, [*arguments, "--set", given])
        assert result.exit_code == 2
        assert said in result.stderr


def test_unknown_names_are_named(tmp_path: Folder) -> None:
    result = CliRunner().invoke(app, ["benchmark", "--tasks", "labells", "-o", str(tmp_path)])
    assert result.exit_code == 2
    assert "no task labells" in result.stderr


def test_every_encoder_of_the_registry_is_a_variant() -> None:
    from conflict_nlp.learning.backbones import backbones

    known = Registry.load().variants
    assert set(backbones()) <= set(known)
    assert known["camelbert-msa"].settings["base"] == "camelbert-msa"
