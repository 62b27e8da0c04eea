"""Splitting labelled data so that parts share no text, no document, and have alike labels."""

from __future__ import annotations

import collections
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conflict_nlp.errors import DataError
from conflict_nlp.learning.examples import Example
from conflict_nlp.learning.near import same_text, similar_pairs
from conflict_nlp.learning.read import labelled_rows, name_of

PARTS = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Split:
    """A data set in parts.

    Attributes:
        rows: of each part, the rows with all of their columns.
        examples: of each part, the same rows as labelled sentences.
        groups: number of groups that were kept whole.
        by: the column they were grouped by, or ``""`` for nearly equal texts alone.
        seed: seed of the order in which groups were dealt out.
        source: name of the data.
    """

    rows: dict[str, list[dict[str, Any]]]
    examples: dict[str, list[Example]]
    groups: int
    by: str
    seed: int
    source: str


def split(
    source: Any,
    *,
    dev: float = 0.1,
    test: float = 0.1,
    by: str = "",
    seed: int = 13,
    columns: Mapping[str, str] | None = None,
) -> Split:
    """Split labelled data into train, dev and test.

    Rows with one value in the column ``by`` (a document, an outlet) stay together, and so do rows
    with nearly the same text. Groups are dealt out so that every label has its share in every part
    (iterative stratification, Sechidis et al. 2011, over groups in place of rows).

    Args:
        source: what :func:`~conflict_nlp.learning.read.read_labelled` reads.
        dev: share of the rows for development, in [0, 1).
        test: share of the rows for the test, in [0, 1).
        by: column whose values are kept whole; ``""`` for none.
        seed: seed of the order.
        columns: what the source calls the columns; in the parts they have their own names.

    Raises:
        DataError: shares out of range, unreadable rows, or fewer groups than parts.

    Example:
        >>> places = ["حلب", "إدلب", "درعا", "حماة", "صعدة", "بنغازي", "غزة", "صور", "مأرب", "تعز"]
        >>> rows = [{"text": f"قصفت المدفعية {place}", "events": "shelling"} for place in places]
        >>> [len(part) for part in split(rows, dev=0.2, test=0.2).rows.values()]
        [6, 2, 2]
    """
    if min(dev, test) < 0 or not 0 < dev + test < 1:
        raise DataError(
            f"shares of {dev} for dev and {test} for test leave nothing to split; accepted are "
            "shares from 0 that add up to less than 1"
        )
    rows, examples = _readable(source, columns)
    groups = _grouped(rows, examples, _renamed(columns).get(by, by))
    shares = {"train": 1 - dev - test, "dev": dev, "test": test}
    shares = {part: share for part, share in shares.items() if share > 0}
    dealt = _dealt(groups, [_labels(example) for example in examples], shares, seed)
    places = {part: sorted(dealt.get(part, ())) for part in PARTS}
    for part in shares:
        if not places[part]:
            raise DataError(
                f"nothing is left for {part}: the rows fall into {len(groups)} groups that must "
                f"stay whole{f' (by {by!r} and nearly equal texts)' if by else ''}. Ask for fewer "
                "parts (a share of 0), or group by a finer column."
            )
    return Split(
        {part: [rows[i] for i in chosen] for part, chosen in places.items()},
        {part: [examples[i] for i in chosen] for part, chosen in places.items()},
        len(groups),
        by,
        seed,
        name_of(source),
    )


def _readable(
    source: Any, columns: Mapping[str, str] | None
) -> tuple[list[dict[str, Any]], list[Example]]:
    rows, examples, wrong, names = [], [], [], _renamed(columns)
    for record, example in labelled_rows(source, columns):
        if record.values is None or isinstance(example, str):
            wrong.append(record.line)
        else:
            # What is written must be read again without a mapping.
            kept = {name: v for name, v in record.values.items() if name not in (columns or {})}
            rows.append({names.get(name, name): value for name, value in kept.items()})
            examples.append(example)
    if wrong:
        raise DataError(
            f"{name_of(source)}: {len(wrong)} rows cannot be read, the first is row {wrong[0]}. "
            "See them all with: conflict-nlp data check"
        )
    return rows, examples


def _renamed(columns: Mapping[str, str] | None) -> dict[str, str]:
    """The name of each column that the source calls something else."""
    return {column: name for name, column in (columns or {}).items()}


def _grouped(
    rows: Sequence[dict[str, Any]], examples: Sequence[Example], by: str
) -> list[list[int]]:
    """Places of the rows that must stay together."""
    if by and not all(by in row for row in rows):
        known = ", ".join(sorted({name for row in rows for name in row}))
        raise DataError(f"by: not every row has a column {by!r}; there are: {known}")
    parent = list(range(len(rows)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for one, other in similar_pairs([same_text(example.text) for example in examples]):
        parent[root(other)] = root(one)
    if by:
        first: dict[str, int] = {}
        for i, row in enumerate(rows):
            parent[root(i)] = root(first.setdefault(str(row[by]), i))
    members = collections.defaultdict(list)
    for i in range(len(rows)):
        members[root(i)].append(i)
    return list(members.values())


def _labels(example: Example) -> list[str]:
    events = example.events or ("no event",)
    return [f"event {e}" for e in events] + [f"stance {s}" for s in example.stances]


def _dealt(
    groups: Sequence[list[int]],
    labels: Sequence[list[str]],
    shares: Mapping[str, float],
    seed: int,
) -> dict[str, list[int]]:
    """Deal out groups, those of the rarest labels first, each to the part that lacks them most."""
    counts = [collections.Counter(label for i in group for label in labels[i]) for group in groups]
    total = collections.Counter(label for row in labels for label in row)
    wanted = {part: {n: share * total[n] for n in total} for part, share in shares.items()}
    room = {part: share * len(labels) for part, share in shares.items()}
    order = list(range(len(groups)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda g: (min(total[n] for n in counts[g]), -len(groups[g])))
    dealt: dict[str, list[int]] = {part: [] for part in shares}
    for g in order:

        def lack(part: str, g: int = g) -> tuple[float, float]:
            # Each label counts alike, however rare; what is still to come is measured in shares.
            missing = sum(
                n * wanted[part][label] / (shares[part] * total[label])
                for label, n in counts[g].items()
            )
            return (missing, room[part] / shares[part])

        part = max(shares, key=lack)
        dealt[part] += groups[g]
        room[part] -= len(groups[g])
        for label, n in counts[g].items():
            wanted[part][label] -= n
    return dealt
