"""A benchmark's summary as its pages read it: a task's results best first, and numbers as text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

SHIPPED = "shipped"
"""The variant that a reader has already, so the one that is shown in detail."""

ABSENT = "–"
KINDS = {
    "events": "event types",
    "sentence_stance": "sentence stance",
    "target_stance": "target stance",
}
_NAMES = {
    "event_macro_f1": "event macro-F1",
    "event_micro_f1": "event micro-F1",
    "event_subset_accuracy": "event sets all right",
    "event_mean_average_precision": "event mean average precision",
    "sentence_stance_macro_f1": "sentence stance macro-F1",
    "target_stance_macro_f1": "target stance macro-F1",
    "sentence_stance_f_avg": "sentence stance F(favor, against)",
    "topic_f_avg": "F(favor, against), mean of the topics",
    "event_ece_predicted": "event ECE, predicted labels",
    "event_ece_classwise": "event ECE, class-wise",
    "event_brier": "event Brier score",
    "stance_ece": "stance ECE",
    "risk_coverage_area": "area under risk and coverage",
    "selective_accuracy_80": "accuracy, surest 80 %",
    "stance_ece_classwise": "stance ECE, class-wise",
    "stance_brier": "stance Brier score",
    "stance_risk_coverage_area": "stance, area under risk and coverage",
    "stance_selective_accuracy_80": "stance accuracy, surest 80 %",
}
_LOWER = frozenset(("ece", "brier", "risk"))  # words in the name of a measure of errors

Result = Mapping[str, Any]


@dataclass(frozen=True)
class TaskView:
    """One task of a summary.

    Attributes:
        name: the task's name.
        about: what the summary says of the task.
        done: its results, best first.
        missing: variants without a result: ``variant``, ``status`` and ``reason``.
        groups: names of variants that are not told apart, best group first.
        comparisons: of pairs of variants.
        variants: what the summary says of the variants.
        order: a number for each variant with results on any task, the same on all of them, so
            that a variant has one colour throughout.
    """

    name: str
    about: Mapping[str, Any]
    done: tuple[Result, ...]
    missing: tuple[Result, ...]
    groups: tuple[tuple[str, ...], ...]
    comparisons: tuple[Mapping[str, Any], ...]
    variants: Mapping[str, Mapping[str, Any]]
    order: Mapping[str, int]

    @classmethod
    def of(cls, summary: Mapping[str, Any], name: str) -> TaskView:
        """The view of a summary's task."""
        about, variants = summary["tasks"][name], summary.get("variants", {})
        everywhere = summary.get("results", ())
        results = [result for result in everywhere if result["task"] == name]
        ran = {result["variant"] for result in results}
        silent = [
            {"variant": variant, "status": "not run", "reason": "no result in this benchmark"}
            for variant in variants
            if variant not in ran
        ]
        main = about.get("main", "")
        sign = -1 if lower_is_better(main) else 1

        def worse(result: Result) -> tuple[float, str]:
            value = result.get("figures", {}).get(main, {}).get("value")
            return (-sign * value if is_number(value) else math.inf), result["variant"]

        done = sorted((r for r in results if r["status"] == "done"), key=worse)
        with_results = {r["variant"] for r in everywhere if r["status"] == "done"}
        known = [*variants, *sorted(with_results - set(variants))]
        return cls(
            name=name,
            about=about,
            done=tuple(done),
            missing=(*(r for r in results if r["status"] != "done"), *silent),
            groups=tuple(map(tuple, summary.get("groups", {}).get(name, ()))),
            comparisons=tuple(summary.get("comparisons", {}).get(name, ())),
            variants=variants,
            order={name: i for i, name in enumerate(v for v in known if v in with_results)},
        )

    @property
    def title(self) -> str:
        """The task for people."""
        return str(self.about.get("title", self.name))

    @property
    def main(self) -> str:
        """The measure that variants are ranked by."""
        return str(self.about.get("main", ""))

    def having(self, key: str) -> list[Result]:
        """Results that have something under a key, best first."""
        return [result for result in self.done if result.get(key)]

    def detailed(self, key: str) -> Result | None:
        """The result to show in detail: the shipped variant's, or else the best one's."""
        having = self.having(key)
        shipped = [result for result in having if result["variant"] == SHIPPED]
        return next(iter(shipped + having), None)

    def best_and_shipped(self, key: str) -> list[Result]:
        """The best result and the shipped variant's, where these have something under a key."""
        having = self.having(key)
        return [r for r in having if r is having[0] or r["variant"] == SHIPPED]

    def letters(self, variant: str) -> str:
        """The letters of the groups that a variant is in; a is the best group."""
        return "".join(
            chr(ord("a") + place % 26) * (place // 26 + 1)
            for place, group in enumerate(self.groups)
            if variant in group
        )


def lower_is_better(measure: str) -> bool:
    """Whether a measure counts errors."""
    return not _LOWER.isdisjoint(measure.split("_"))


def measure_name(measure: str) -> str:
    """A measure for people, with an arrow where less is better."""
    if measure.startswith("f1_"):
        name = f"F1 of {measure.removeprefix('f1_')}"
    else:
        name = _NAMES.get(measure, measure.replace("_", " "))
    return f"{name} ↓" if lower_is_better(measure) else name


def is_number(value: Any) -> bool:
    """Whether there is a number to show."""
    return isinstance(value, int | float) and math.isfinite(value)


def number(value: Any, *, signed: bool = False, digits: int = 3) -> str:
    """A number with so many decimals.

    Example:
        >>> number(0.71349), number(-0.5, signed=True), number(None)
        ('0.713', '−0.500', '–')
    """
    if not is_number(value):
        return ABSENT
    return f"{value:{'+' if signed else ''}z.{digits}f}".replace("-", "−")


def amount(value: Any) -> str:
    """A quantity of any size: whole numbers as they are, others with three digits at least.

    Example:
        >>> amount(1234.5), amount(12.345), amount(0.012345), amount(7.0)
        ('1,234', '12.3', '0.0123', '7')
    """
    if not is_number(value):
        return ABSENT
    digits = 0 if value == int(value) else max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}".replace("-", "−")


def interval(figure: Mapping[str, Any] | None, **how: Any) -> str:
    """A figure with its interval in brackets, as far as there is one.

    Example:
        >>> interval({"value": 0.7, "low": 0.65, "high": 0.75})
        '0.700 [0.650, 0.750]'
    """
    if not figure or not is_number(figure.get("value")):
        return ABSENT
    value = number(figure["value"], **how)
    if not (is_number(figure.get("low")) and is_number(figure.get("high"))):
        return value
    return f"{value} [{number(figure['low'], **how)}, {number(figure['high'], **how)}]"


def points(figure: Mapping[str, Any] | None) -> str:
    """A difference of shares, in points (hundredths), with its interval."""
    scaled = {k: 100 * v for k, v in (figure or {}).items() if is_number(v)}
    return interval(scaled, signed=True, digits=1)


def probability(value: Any) -> str:
    """A p-value."""
    return "<0.001" if is_number(value) and value < 0.001 else number(value)


def keys_of(tables: Iterable[Mapping[str, Any]]) -> list[str]:
    """Keys of several tables, each once, in the order in which they come."""
    return list(dict.fromkeys(key for table in tables for key in table))
