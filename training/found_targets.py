"""Stance toward the actors that the lexicon finds, scored against the annotated targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from conflict_nlp import actors, metrics
from conflict_nlp.evaluation.scores import Decisions
from conflict_nlp.evaluation.spans import match
from conflict_nlp.learning.examples import Example, LabelScheme, Target

Ints = npt.NDArray[np.int64]


def with_found_targets(examples: Sequence[Example]) -> list[Example]:
    """The sentences with the actors found in place of the annotated targets, unlabelled."""
    return [
        replace(
            example,
            targets=tuple(
                Target(mention.text, (mention.start, mention.end), "none")
                for mention in actors.find(example.text)
            ),
        )
        for example in examples
    ]


@dataclass(frozen=True)
class Pairs:
    """True and found stance of targets, with the sentence of each."""

    sentences: Ints
    true: Ints
    found: Ints

    def macro_f1(self, rows: Ints, classes: int) -> float:
        """Macro-F1 over the targets of the given sentences (which may repeat)."""
        times = np.bincount(rows, minlength=int(self.sentences.max(initial=0)) + 1)
        chosen = np.repeat(np.arange(len(self.sentences)), times[self.sentences])
        true, found = (metrics.one_hot(x[chosen], classes) for x in (self.true, self.found))
        return metrics.macro_f1(true, found)


def pair_up(
    annotated: Sequence[Example],
    found: Sequence[Example],
    decisions: Decisions,
    scheme: LabelScheme,
) -> tuple[Pairs, Pairs, dict[str, Any]]:
    """Stances on the matched targets, on all of them strictly, and how many match.

    Strictly, an annotated target that was not found counts as predicted ``none``, and a found one
    that is not annotated as truly ``none``.

    Args:
        annotated: sentences with their annotated targets.
        found: the same sentences with the found ones.
        decisions: on ``found``.
        scheme: the labels.
    """
    none = scheme.stance_index("none")
    first = np.r_[True, decisions.rows[1:] != decisions.rows[:-1]]
    starts = np.flatnonzero(first)
    matched: list[tuple[int, int, int]] = []
    strict: list[tuple[int, int, int]] = []
    counts = {"annotated": 0, "found": 0, "matched": 0}
    for i, (labelled, seen) in enumerate(zip(annotated, found, strict=True)):
        targets = [t for t in labelled.targets if t.span is not None]
        spans = [t.span for t in seen.targets if t.span is not None]
        answers = decisions.stance[starts[i] + 1 : starts[i] + 1 + len(spans)]
        pairs = match(labelled.text, [t.span for t in targets if t.span is not None], spans)
        for place, target in enumerate(targets):
            true = scheme.stance_index(target.stance)
            if place in pairs:
                matched.append((i, true, int(answers[pairs[place]])))
                strict.append(matched[-1])
            else:
                strict.append((i, true, none))
        spare = set(range(len(spans))) - set(pairs.values())
        strict += [(i, none, int(answers[j])) for j in sorted(spare)]
        counts["annotated"] += len(targets)
        counts["found"] += len(spans)
        counts["matched"] += len(pairs)
    shares = {
        "found_of_annotated": counts["matched"] / max(counts["annotated"], 1),
        "annotated_of_found": counts["matched"] / max(counts["found"], 1),
    }
    both = [Pairs(*np.array(rows, np.int64).reshape(-1, 3).T) for rows in (matched, strict)]
    return both[0], both[1], counts | shares
