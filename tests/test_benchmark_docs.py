"""What docs/benchmark.md tells people to copy is what the benchmark takes."""

from __future__ import annotations

import csv
import itertools
import json
import pathlib
import re

import pytest
from conftest import ROOT

pytest.importorskip("torch", reason="the benchmark needs the train extra")
pytest.importorskip("jinja2", reason="its report needs the report extra")

from conflict_nlp.evaluation._benchmark_view import _NAMES
from conflict_nlp.evaluation.benchmark import run_benchmark
from conflict_nlp.evaluation.benchmark_summary import summary
from conflict_nlp.evaluation.minimal_pairs import KINDS
from conflict_nlp.evaluation.neural import fine_tuned
from conflict_nlp.evaluation.perturb import PERTURBATIONS
from conflict_nlp.evaluation.recipes import RECIPES
from conflict_nlp.evaluation.registry import Registry
from conflict_nlp.evaluation.task_data import parts_of
from conflict_nlp.learning.config import TrainConfig

PAGE = (ROOT / "docs/benchmark.md").read_text("utf-8")


def block(mark: str) -> str:
    found = re.search(rf"^<!-- {mark} -->\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/benchmark.md has no block {mark}"
    return found.group(1)


def section(heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"docs/benchmark.md has no section {heading}"
    return found.group(1)


def rows(text: str) -> dict[str, str]:
    """The last cell of a table's row by each name in backticks in its first one."""
    cells = [re.split(r" *\| *", line.strip("| ")) for line in text.splitlines() if line[:1] == "|"]
    return {name: row[-1] for row in cells for name in re.findall(r"`(\w+)`", row[0])}


def test_the_variants_of_the_page_can_be_loaded_and_their_settings_used(
    tmp_path: pathlib.Path,
) -> None:
    (tmp_path / "variants.toml").write_text(block("own-variant"), "utf-8")
    known = Registry.load([tmp_path / "variants.toml"]).variants
    encoder, recipe, model = (known[n] for n in ("camelbert_5", "svm_words", "my_model"))
    settings = encoder.settings_for("mawqif")
    assert settings["epochs"] == 8 and encoder.settings_for("labels")["epochs"] == 5
    given = {"train": "t.jsonl", "dev": "d.jsonl", "output": "o", "name": "n"}
    assert TrainConfig.from_toml(None, **settings, **given).base == "camelbert-msa"
    assert recipe.recipe in RECIPES
    assert model.path == "artifacts/mine"


def test_the_task_of_the_page_runs(tmp_path: pathlib.Path) -> None:
    """On the rows that the page shows, several times over."""
    shown = list(csv.DictReader(block("own-data").splitlines()))
    copies = [("train", 4), ("dev", 2), ("test", 4)]
    with (tmp_path / "cabinet.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(shown[0]))
        writer.writeheader()
        for (split, times), row in itertools.product(copies, shown):
            for turn in range(times):
                name, text = f"{row['id']}-{split}{turn}", f"{row['text']} {split} {turn}"
                writer.writerow(row | {"id": name, "text": text, "split": split})
    (tmp_path / "mine.toml").write_text(block("own-task"), "utf-8")
    registry = Registry.load([tmp_path / "mine.toml"])
    assert registry.tasks["cabinet"].folder == tmp_path
    outcome = run_benchmark(registry, tmp_path / "out", ["cabinet"], ["majority"], draws=10)
    (result,) = summary(outcome, draws=10)["results"]
    assert result["status"] == "done"
    assert set(result["figures"]) == {"event_macro_f1", *registry.tasks["cabinet"].measures}
    # The page and the README name this one too, which goes on from the shipped model.
    (part,) = parts_of(registry.tasks["cabinet"])
    onward = registry.variants["shipped_onward"]
    learnt = fine_tuned(onward, registry.tasks["cabinet"], part, 13, tmp_path / "onward")
    assert learnt.scheme.events == part.scheme.events


def test_the_page_lists_all_tasks_with_what_they_are_ranked_by() -> None:
    listed = rows(section("Tasks"))
    known = Registry.load().tasks
    assert set(listed) == set(known)
    for name, task in known.items():
        assert listed[name] == f"`{task.main}`", name


def test_the_page_lists_all_variants_with_their_kind() -> None:
    from conflict_nlp.learning.backbones import backbones

    listed = rows(section("Variants"))
    known = Registry.load().variants
    declared = set(known) - set(backbones())
    assert declared <= set(listed)
    for name in declared:
        assert listed[name] == f"`{known[name].kind}`", name


def test_the_page_explains_every_measure() -> None:
    explained = set(re.findall(r"`(\w+)`", section("Measures")))
    used = {m for task in Registry.load().tasks.values() for m in (task.main, *task.measures)}
    assert {*used, *_NAMES} <= explained


def test_the_page_counts_the_robustness_suites_rightly() -> None:
    from conflict_nlp.evaluation.minimal_pairs import minimal_pairs

    text = " ".join(section("Robustness suites").split())
    assert len(PERTURBATIONS) == 10 and "ten **perturbations**" in text
    assert f"{len(minimal_pairs())} authored pairs" in text


def test_what_is_said_of_documents_was_counted() -> None:
    found = json.loads((ROOT / "benchmarks/results/un_labels.json").read_text("utf-8"))
    for name, said in (("quad", "[known of {:.0%}]("), ("binary", "which is known of {:.0%} of")):
        counted = found["documents"][f"fllm24_{name}.jsonl"]
        share = counted["with_document"] / counted["sentences"]
        assert said.format(share).replace("%", " %") in " ".join(PAGE.split())


def test_what_is_said_of_the_shipped_models_robustness_was_measured() -> None:
    path = ROOT / "benchmarks/results/cells/labels.test.shipped.13.json"
    found = json.loads(path.read_text("utf-8"))["robustness"]
    words = " ".join(section("Robustness suites").split())
    change = {name: of["event_macro_f1"] for name, of in found["change"].items()}
    mended = ("entities", "mojibake", "diacritics", "kashida", "arabic_indic_digits")
    most = max(-100 * change[name]["value"] for name in mended)
    assert f"costs at most {most:.1f} points" in words
    for name, said in (
        ("no_punctuation", "missing punctuation {0:.1f},"),
        ("split_clitics", "split clitics {0:.1f},"),
        ("spelling", "spelling {0:.1f} [{1:.1f}, {2:.1f}]"),
        ("typing_errors", "typing errors {0:.1f} [{1:.1f}, {2:.1f}]"),
        ("social_media_noise", "Noise of social media costs {0:.1f} [{1:.1f}, {2:.1f}]"),
    ):
        lost = (-100 * change[name][key] for key in ("value", "high", "low"))
        assert said.format(*lost) in words
    swaps, authored = found["actor_swaps"], found["authored_actor_swaps"]
    events, stance = (100 * (1 - swaps[f"{n}_same"]["value"]) for n in ("events", "stance"))
    assert f"the events of {events:.1f} % and the stance of {stance:.1f} % of 1,020" in words
    assert swaps["sentences"] == 1020 and authored["sentences"] == 21
    both = [100 * found["minimal_pairs"][kind]["both"]["value"] for kind in KINDS]
    assert "{:.0f} % of the negations, {:.0f} % of the modals".format(*both) in words
    assert "{2:.0f} % of the passives and {3:.0f} % of the other orders".format(*both) in words


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", PAGE))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / "docs" / link).exists()


def test_the_division_by_sentence_is_that_of_the_same_file() -> None:
    known = Registry.load([ROOT / "benchmarks/un_quad_sentences.toml"]).tasks
    by_sentence, by_document = known["un_quad_sentences"], known["un_quad"]
    assert set(by_sentence.sha256.values()) <= set(by_document.sha256.values())
    assert not by_sentence.groups and by_document.groups
    assert by_sentence.rename == by_document.rename
    labels = set(by_document.descriptions) - {"IRRELEVANT"}
    assert set(by_document.rename) == set(by_document.rename.values()) == labels
