"""The page about a billion sentences says what follows from the measured run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import ROOT

PAGE = " ".join((ROOT / "docs/billion.md").read_text("utf-8").split())
NODES, CPUS, ACTORS, PRICES = 50, 32, 31, (0.04, 0.015)


@pytest.fixture(scope="module")
def run() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "benchmarks/results/bulk.json").read_text("utf-8"))
    return found


def test_what_is_measured_is_quoted(run: dict[str, Any]) -> None:
    whole = run["whole_corpus"]
    assert run["threads"] == 2
    for name, value in {
        "sentences": f"{whole['sentences']:,}",
        "wall time": f"{whole['seconds']:.1f} s",
        "CPU time": f"{whole['cpu_seconds']:.1f} s",
        "sentences a second, two cores": f"{whole['sentences_per_second']:.1f}",
        "sentences a CPU-second": f"{whole['sentences_per_cpu_second']:.1f}",
        "output": f"{whole['output_bytes']:,} bytes",
        "memory of the process, largest after 10,000 rows": (
            f"{whole['memory_mib']['largest_after_that']:.0f} MiB"
        ),
        "memory at the end, while the parts are joined": (
            f"{whole['memory_mib']['at_the_end']:.0f} MiB"
        ),
    }.items():
        assert f"| **M** {name} | {value} |" in PAGE
    sample = run["sample_end_to_end"]
    for part in (whole, sample):
        assert f"{part['cpu_seconds'] / 2 / part['seconds']:.0%}".replace("%", " %") in PAGE


def test_time_and_money_follow(run: dict[str, Any]) -> None:
    whole = run["whole_corpus"]
    rates = (whole["sentences_per_cpu_second"], whole["sentences_per_second"] / 2)
    core_hours = [1e9 / rate / 3600 for rate in rates]
    hours = [each / (NODES * ACTORS) for each in core_hours]
    paid = [NODES * CPUS * each for each in hours]
    for cells in (
        [f"{each:,.0f}" for each in core_hours],
        [f"{each:.2f} h" for each in hours],
        [f"{each:,.0f}" for each in paid],
        *([f"{each * price:.0f} USD" for each in paid] for price in PRICES),
    ):
        assert f"| {' | '.join(cells)} |" in PAGE
    assert f"{1e9 / whole['sentences_per_second'] / 86400:.0f} days" in PAGE
    size = whole["output_bytes"] / whole["sentences"]
    assert f"so {size:.0f} GB" in PAGE
    seconds = hours[1] * 3600
    assert f"= {size * 1e3 / seconds:.1f} MB a second" in PAGE
    assert f"read {530e3 / seconds:.1f} MB a second" in PAGE
    assert f"{(530 + size) * 1e3 / seconds / NODES:.1f} MB a second for each node" in PAGE
    memory = ACTORS * whole["memory_mib"]["largest_after_that"] / 1024
    assert f"= {memory:.1f} GiB" in PAGE
    assert f"{62_500 / rates[1] / 60:.0f} minutes" in PAGE


def test_shares_of_the_time_follow(run: dict[str, Any]) -> None:
    names = ("sample_runtime_alone", "sample_end_to_end", "whole_corpus")
    spent = [1e3 / run[name]["sentences_per_cpu_second"] for name in names]
    parts = [spent[0], spent[1] - spent[0], spent[2] - spent[1]]
    for part in parts:
        assert f"| {part:.1f} ms ({part / spent[2]:.0%})".replace("%", " %") in PAGE
    assert f"= {1e3 / (spent[2] - spent[0]):.0f} sentences a second" in PAGE


def test_what_other_runs_say_is_quoted() -> None:
    scaling, earlier = (
        json.loads((ROOT / f"benchmarks/results/{name}.json").read_text("utf-8"))
        for name in ("scaling", "bulk_earlier")
    )
    times = scaling["times_one_core"]["2"]
    assert f"{times['median']:.2f} times what one does" in PAGE
    assert f"({times['min']:.2f} to {times['max']:.2f} in {times['repeats']} turns" in PAGE.replace(
        "five", "5"
    )
    slower = earlier["pipeline_camelbert_unsorted"]["sentences_per_second"]
    assert f"it did {slower:.1f} sentences a second" in PAGE
    assert f"makes {earlier['times_camelbert_pipeline_unsorted']:.1f} times" in PAGE


def test_the_pipelines_and_the_share_are_quoted(run: dict[str, Any]) -> None:
    for name in ("sample_end_to_end", "sample_runtime_alone", "pipeline_camelbert_sorted"):
        assert f"| {run[name]['sentences_per_second']:.1f} |" in PAGE
    share = run["share_of_the_runtime_alone"]["median"]
    assert f"{share:.0%} of what its runtime does alone".replace("%", " %") in PAGE
    assert f"{run['times_camelbert_pipeline_unsorted']:.1f} times as fast with batches" in PAGE
    memory = run["whole_corpus"]["memory_mib"]
    for name in ("largest_after_that", "at_the_end"):
        growth = memory[name] / memory["after_10000_rows"] - 1
        assert f"by {growth:.0%}".replace("%", " %") in PAGE
