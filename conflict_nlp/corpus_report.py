"""A page over a classified corpus: what happened when and where, and the stance toward whom."""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conflict_nlp._classified import ClassifiedRow, classified_rows
from conflict_nlp._report_plots import balance_plot, time_plot
from conflict_nlp.actors import Lexicon
from conflict_nlp.codebook import EVENTS, event_type
from conflict_nlp.errors import MissingExtraError

SAMPLES = 5  # sentences a cell
ACTORS = 30  # rows of the tables of actors
_TEMPLATE = Path(__file__).parent / "data" / "report.html.j2"


@dataclass
class Counts:
    """What is counted of a corpus, in memory that does not grow with it.

    Attributes:
        rows: sentences.
        errors: rows with an error.
        abstained: sentences by the reason for abstaining.
        events: sentences that report each event type.
        stances: sentences with each stance.
        by_month: for each month, sentences with each event type.
        by_country: for each country, sentences with each event type.
        by_actor: for each actor, sentences with each event type.
        toward: for each actor, sentences with each stance toward it.
        quads: events of each quad class; one of two classes counts for both.
        samples: for each cell of a table, some of its sentences.
    """

    rows: int = 0
    errors: int = 0
    abstained: Counter[str] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    stances: Counter[str] = field(default_factory=Counter)
    by_month: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_country: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    by_actor: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    toward: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    quads: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _seen: Counter[str] = field(default_factory=Counter)
    _chance: random.Random = field(default_factory=lambda: random.Random(0))

    def add(self, row: ClassifiedRow, date: str, country: str) -> None:
        """Count one sentence."""
        self.rows += 1
        if row.error is not None:
            self.errors += 1
            return
        if row.abstain is not None:
            self.abstained[row.abstain] += 1
        if row.stance is not None:
            self.stances[row.stance] += 1
        for event in row.events or ():
            self.events[event] += 1
            self._keep(f"event/{event}", row.text)
            if event in EVENTS:
                self.quads.update(event_type(event).quad)
            if date:
                self.by_month[date][event] += 1
            if country:
                self.by_country[country][event] += 1
                self._keep(f"country/{country}/{event}", row.text)
            for actor in row.actors:
                self.by_actor[actor][event] += 1
                self._keep(f"actor/{actor}/{event}", row.text)
        for _, target, stance in row.targets:
            if target is not None and stance is not None:
                self.toward[target][stance] += 1
                self._keep(f"toward/{target}/{stance}", row.text)

    def _keep(self, cell: str, text: Any) -> None:
        """Keep an even sample of a cell's sentences (reservoir sampling, Vitter 1985)."""
        self._seen[cell] += 1
        kept = self.samples[cell]
        if len(kept) < SAMPLES:
            kept.append(str(text))
        else:
            place = self._chance.randrange(self._seen[cell])
            if place < SAMPLES:
                kept[place] = str(text)


def corpus_report(
    classified: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    date_column: str = "date",
    country_column: str = "country",
    lexicon: Lexicon | None = None,
) -> Counts:
    """Write a self-contained HTML page over a classified corpus.

    Events over time, by actor and by country where the corpus has these columns, the stance
    toward every actor, the balance of the quad classes, and samples of the sentences behind each
    number. The page holds sentences of the corpus and needs no network.

    Args:
        classified: what ``conflict-nlp classify`` wrote.
        output: HTML file to write.
        date_column: column with dates that begin with year and month (``2014-05``).
        country_column: column with countries.
        lexicon: the actors that the corpus was classified with; the library's own by default.

    Returns:
        The counts behind the page.

    Raises:
        DataError: the corpus is not classified.
        MissingExtraError: jinja2 or matplotlib is not installed.

    Example:
        >>> corpus_report("out.parquet", "report.html").events.most_common(1)  # doctest: +SKIP
        [('armed_clash', 812)]
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise MissingExtraError("jinja2", "report", "a report") from error
    counts = Counts()
    for row in classified_rows(Path(classified)):
        date = str(row.columns.get(date_column) or "")[:7]
        counts.add(row, date, str(row.columns.get(country_column) or ""))
    names = {actor.id: actor.name for actor in (lexicon or Lexicon.load()).actors}
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text("utf-8"))
    shown = sorted(counts.events, key=lambda e: -counts.events[e])
    page = template.render(
        title=Path(classified).name,
        counts=counts,
        shown=shown,
        english={e: event_type(e).english if e in EVENTS else e for e in shown},
        names=names,
        actors=_most(counts.by_actor),
        towards=_most(counts.toward),
        countries=_most(counts.by_country),
        stance_names=sorted(counts.stances | _total(counts.toward)),
        time_plot=time_plot(counts.by_month, shown),
        balance_plot=balance_plot(counts.quads),
    )
    Path(output).write_text(page, "utf-8")
    return counts


def _most(table: dict[str, Counter[str]]) -> list[tuple[str, Counter[str]]]:
    return sorted(table.items(), key=lambda item: (-item[1].total(), item[0]))[:ACTORS]


def _total(table: dict[str, Counter[str]]) -> Counter[str]:
    return sum(table.values(), Counter[str]())
