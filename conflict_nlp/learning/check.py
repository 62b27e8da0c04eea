"""Every problem of labelled data at once, with row numbers and what to do about each."""

from __future__ import annotations

import collections
import difflib
import pathlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ftfy import badness

from conflict_nlp import codebook
from conflict_nlp._targets import mended
from conflict_nlp.learning.examples import Example
from conflict_nlp.learning.near import same_text, similar_pairs
from conflict_nlp.learning.read import labelled_rows, name_of
from conflict_nlp.text import has_arabic, repair

ERROR, WARNING = "error", "warning"
LIKE = 0.75  # similarity (difflib) from which one name is taken for a slip of another
FEW = 10  # positives under which a class is hardly learnt
_LOST = re.compile("[\ufffd\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with labelled data.

    Attributes:
        file: the source it is in.
        row: number of the row in it (its line in a text file), from 1; None for all of it.
        kind: one word for what is wrong, such as ``unknown_label``.
        severity: ``error`` (training would stop or learn something false) or ``warning``.
        message: what is wrong.
        fix: what to do.
    """

    file: str
    row: int | None
    kind: str
    severity: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Located:
    """A labelled sentence and where it stands."""

    file: str
    row: int
    example: Example

    def problem(self, kind: str, severity: str, message: str, fix: str) -> Problem:
        """Something wrong with this row."""
        return Problem(self.file, self.row, kind, severity, message, fix)


def check(
    sources: Sequence[Any], columns: Mapping[str, str] | None = None
) -> tuple[list[Problem], list[Located]]:
    """Find all problems of labelled data, within a source and across several.

    Labels are held against the codebook's; data of which most event types or most stances are not
    in it are taken to have a label set of their own, and only likely slips are named.

    Args:
        sources: what :func:`~conflict_nlp.learning.read.read_labelled` reads; several are taken
            for the splits of one data set, which must not share sentences.
        columns: what the sources call the columns.

    Returns:
        The problems, by source and row, and the sentences that could be read.

    Raises:
        DataError: a source cannot be read at all.

    Example:
        >>> rows = [{"text": "قصفت المدفعية البلدة.", "events": "sheling", "stance": "none"}]
        >>> check([rows])[0][0].fix
        "Did you mean 'shelling'?"
    """
    problems: list[Problem] = []
    rows: list[Located] = []
    names = [_shown(source, place) for place, source in enumerate(sources, 1)]
    for name, source in zip(names, sources, strict=True):
        for record, example in labelled_rows(source, columns):
            if isinstance(example, str):
                fix = "Mend the row or leave it out."
                problems.append(Problem(name, record.line, "unreadable", ERROR, example, fix))
            else:
                rows.append(Located(name, record.line, example))
    for row in rows:
        problems += _text_problems(row)
        problems += _target_problems(row)
    problems += _label_problems(rows)
    problems += _repeated(rows)
    problems.sort(key=lambda p: (names.index(p.file), p.row is None, p.row or 0))
    return problems, rows


def _shown(source: Any, place: int) -> str:
    if isinstance(source, (str, pathlib.Path)):
        return str(source)
    return f"{name_of(source)} {place}"


def _text_problems(row: Located) -> Iterator[Problem]:
    text = row.example.text
    mended_text = repair(text).text
    if not re.search(r"\w", mended_text):
        yield row.problem("empty", ERROR, "the text holds no letter or digit", "Leave it out.")
    elif not has_arabic(mended_text):
        yield row.problem(
            "not_arabic",
            ERROR,
            f"no Arabic letter in {_short(text)}",
            "Leave it out: classify abstains on such text.",
        )
    if _LOST.search(text) or badness.is_bad(mended_text):
        yield row.problem(
            "encoding",
            ERROR,
            f"characters were lost or mangled in {_short(text)}",
            "Export it again as UTF-8.",
        )


def _target_problems(row: Located) -> Iterator[Problem]:
    text = row.example.text
    for target in row.example.targets:
        if target.span is None:
            yield row.problem(
                "target_not_found",
                WARNING,
                f"the text does not name the target {target.text!r}",
                "Write it as the text does; else it is learnt as a topic beside the text.",
            )
        elif mended(text[slice(*target.span)]) != mended(target.text):
            found = text[slice(*target.span)]
            if difflib.SequenceMatcher(None, found, target.text).ratio() < 0.6:
                yield row.problem(
                    "target_offsets",
                    ERROR,
                    f"at {target.span[0]} to {target.span[1]} stands {found!r}, "
                    f"not {target.text!r}",
                    "Count offsets in characters of the text as it stands, or leave them out.",
                )


def _label_problems(rows: Sequence[Located]) -> Iterator[Problem]:
    yield from _names(rows, "event type", codebook.EVENTS, lambda e: e.events or ())
    yield from _names(rows, "stance", codebook.STANCES, lambda e: e.stances)
    for row in rows:
        example = row.example
        if example.events is None and not example.stances and example.soft is None:
            yield row.problem("unlabelled", WARNING, "no label", "Label it or leave it out.")


def _names(
    rows: Sequence[Located],
    kind: str,
    known: Sequence[str],
    labels: Callable[[Example], Iterable[str]],
) -> Iterator[Problem]:
    """Names that are not in the label set, and names in it with too few examples."""
    counts = collections.Counter(name for row in rows for name in labels(row.example))
    of_codebook = sum(n for name, n in counts.items() if _nearest(name, known))
    own = 2 * of_codebook < counts.total()
    accepted = [name for name, n in counts.items() if n >= FEW] if own else known
    for row in rows:
        for name in labels(row.example):
            near = _nearest(name, accepted)
            if near == name or (own and not near):
                continue
            severity = WARNING if own else ERROR
            said = f"{name!r} is a rare {kind}" if own else f"{name!r} is no {kind}"
            fix = f"Did you mean {near!r}?" if near else f"Use one of: {', '.join(known)}."
            yield row.problem("unknown_label", severity, said, fix)
    for name in sorted(counts) if own else known:
        if 0 < counts[name] < FEW:
            said = f"{kind} {name!r} has {counts[name]} examples, too few to be learnt"
            fix = f"Label more, {FEW} at the least."
            yield Problem(rows[0].file, None, "rare", WARNING, said, fix)


def _nearest(name: str, known: Collection[str]) -> str | None:
    """The name itself where it is known, else one that it is likely a slip of."""
    if name in known:
        return name
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=LIKE)), None)


def _repeated(rows: Sequence[Located]) -> Iterator[Problem]:
    """Texts that stand in the data twice, alike or nearly alike."""
    keys = [same_text(row.example.text) for row in rows]
    first: dict[str, int] = {}
    repeated = set()
    for place, (key, row) in enumerate(zip(keys, rows, strict=True)):
        earlier = rows[first.setdefault(key, place)]
        if earlier is row or not key:
            continue
        repeated.add(place)
        where = f"row {earlier.row} of {earlier.file}"
        clash = _clash(earlier.example, row.example)
        if clash:
            message, fix = f"the text of {where}, with other labels: {clash}", "Decide on one."
            yield row.problem("contradiction", ERROR, message, fix)
        elif earlier.file != row.file:
            fix = "Keep it in one split: a model that has seen it is scored too well."
            yield row.problem("leak", ERROR, f"the text of {where}", fix)
        elif earlier.example.targets == row.example.targets:
            fix = "Keep one of them."
            yield row.problem("duplicate", WARNING, f"the text of {where}", fix)
    for one, other in similar_pairs(keys):
        if one in repeated or other in repeated:
            continue
        earlier, row = rows[one], rows[other]
        kind = "near_leak" if earlier.file != row.file else "near_duplicate"
        yield row.problem(
            kind,
            WARNING,
            f"nearly the text of row {earlier.row} of {earlier.file}",
            "Keep both in one split (conflict-nlp data split does), or keep one of them.",
        )


def _clash(one: Example, other: Example) -> str:
    """In which labels two examples of one text differ; empty where they agree."""
    if one.events is not None and other.events is not None and set(one.events) != set(other.events):
        return f"events {_list(one.events)} and {_list(other.events)}"
    if one.stance and other.stance and one.stance != other.stance:
        return f"stance {one.stance} and {other.stance}"
    toward = {mended(target.text): target.stance for target in one.targets}
    for target in other.targets:
        before = toward.get(mended(target.text), target.stance)
        if before != target.stance:
            return f"stance toward {target.text!r}, {before} and {target.stance}"
    return ""


def _list(events: Sequence[str]) -> str:
    return ", ".join(events) or codebook.NO_EVENT


def _short(text: str, length: int = 40) -> str:
    return repr(text if len(text) <= length else f"{text[:length]}…")
