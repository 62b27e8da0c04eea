"""Which labels are probably wrong: confident learning (Northcutt et al. 2021), through cleanlab."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from conflict_nlp._parallel import cores
from conflict_nlp.classifier import Classifier
from conflict_nlp.errors import DataError, MissingExtraError
from conflict_nlp.learning.examples import Example, LabelScheme
from conflict_nlp.learning.tasks import Task
from conflict_nlp.learning.text_features import tfidf
from conflict_nlp.results import Result

Array = npt.NDArray[np.float64]
STRENGTH = 10.0  # of the regression: inverse of the regularisation
LEAST = 20  # sentences
LEAST_OF_A_CLASS = 2


def audit(
    examples: Sequence[Example],
    classifier: Classifier | None = None,
    folds: int = 5,
    seed: int = 13,
) -> list[Task]:
    """Rank the sentences whose labels are probably wrong.

    Args:
        examples: labelled sentences.
        classifier: a model that was not trained on these sentences; None takes, for each fifth of
            them, a TF-IDF regression trained on the others (out-of-fold predictions). Sentences
            that it has no answer for are left out.
        folds: number of parts, without a classifier.
        seed: seed of the parts.

    Returns:
        A task for each suspicious sentence, the worst first. Filled in is what the predictions say
        instead, ``note`` says what is labelled, ``score`` is 1 minus the label's quality.

    Raises:
        DataError: too few sentences, or no labels.
        MissingExtraError: cleanlab is not installed.

    Example:
        >>> audit(read_labelled("mine.csv"))[0].note  # doctest: +SKIP
        'labelled: shelling; in doubt: air_strike'
    """
    try:
        import cleanlab  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("cleanlab", "label", "auditing labels") from error
    predict: _OutOfFold | _Answers
    if classifier is None:
        scheme = LabelScheme.of(examples)
        predict = _OutOfFold(examples, scheme, folds, seed)
    else:
        scheme = LabelScheme.of_model(classifier.settings)
        examples, predict = _answered(examples, classifier, scheme)
    rows = {
        "events": [i for i, e in enumerate(examples) if e.events is not None and scheme.events],
        "stance": [i for i, e in enumerate(examples) if e.stance is not None and scheme.stances],
    }
    if max(map(len, rows.values())) < LEAST:
        raise DataError(
            f"{len(examples)} sentences with labels are too few to tell wrong ones from rare "
            f"ones; give at least {LEAST}."
        )
    found: dict[int, Task] = {}
    for head, doubt in (("events", _doubt_events), ("stance", _doubt_stances)):
        if len(rows[head]) >= LEAST:
            labelled = [examples[i] for i in rows[head]]
            doubt(found, labelled, predict(head, rows[head]), scheme)
    return sorted(found.values(), key=lambda task: -task.score)


class _Answers:
    """Probabilities of a model that has not seen the sentences."""

    def __init__(self, results: Sequence[Result], single_label: bool) -> None:
        self._results = results
        self._single_label = single_label

    def __call__(self, head: str, rows: Sequence[int]) -> Array:
        """Probabilities of one head's labels for some of the sentences, ``[rows, labels]``."""
        given = [self._results[i].probabilities or {} for i in rows]
        if head == "events" and self._single_label:
            return np.array([list(p["primary"].values())[:-1] for p in given])  # no event is last
        return np.array([list(p[head].values()) for p in given])


class _OutOfFold:
    """Probabilities of TF-IDF regressions, each part of the sentences from those on the others."""

    def __init__(
        self, examples: Sequence[Example], scheme: LabelScheme, folds: int, seed: int
    ) -> None:
        texts = [e.text for e in examples]
        # Fitted on all of them: it sees the words, not the labels.
        self._features = tfidf(texts).fit_transform(texts)
        self._examples, self._scheme = examples, scheme
        self._folds, self._seed = folds, seed

    def __call__(self, head: str, rows: Sequence[int]) -> Array:
        """As of :class:`_Answers`; a label too rare to learn is given as it is, so beyond doubt."""
        examples, features = [self._examples[i] for i in rows], self._features[list(rows)]
        if head == "stance":
            given = _given_stances(examples, self._scheme)
            probabilities = np.eye(len(self._scheme.stances))[given]
            present, counts = np.unique(given, return_counts=True)
            if len(present) > 1 and counts.min() >= LEAST_OF_A_CLASS:
                probabilities[:, present] = self._of(features, given)
            return probabilities
        events = _given_events(examples, self._scheme)
        probabilities = events.astype(float)
        for column, positive in enumerate(events.sum(0)):
            if LEAST_OF_A_CLASS <= positive <= len(events) - LEAST_OF_A_CLASS:
                probabilities[:, column] = self._of(features, events[:, column])[:, 1]
        return probabilities

    def _of(self, features: Any, labels: Any) -> Array:
        least = int(np.unique(labels, return_counts=True)[1].min())
        parts = StratifiedKFold(min(self._folds, least), shuffle=True, random_state=self._seed)
        model = LogisticRegression(C=STRENGTH, max_iter=1000)
        found: Array = cross_val_predict(
            model, features, labels, cv=parts, method="predict_proba", n_jobs=cores()
        )
        return found


def _answered(
    examples: Sequence[Example], classifier: Classifier, scheme: LabelScheme
) -> tuple[list[Example], _Answers]:
    """The sentences that a classifier answers about, with the labels that it knows of."""
    answered, kept = [], []
    results = classifier.classify([e.text for e in examples], extras=("probabilities",))
    for example, result in zip(examples, results, strict=True):
        known = replace(
            example,
            events=example.events if scheme.events else None,
            stance=example.stance if scheme.stances else None,
            targets=example.targets if scheme.stances else (),
        )
        scheme.check(known)
        if result.probabilities is not None:
            answered.append(known)
            kept.append(result)
    return answered, _Answers(kept, scheme.single_label)


def _given_events(examples: Sequence[Example], scheme: LabelScheme) -> npt.NDArray[np.bool_]:
    return np.array([scheme.event_vector(e.events) for e in examples]) > 0.5


def _given_stances(examples: Sequence[Example], scheme: LabelScheme) -> npt.NDArray[np.int64]:
    return np.array([scheme.stance_index(e.stance) for e in examples])


def _as_labelled(example: Example) -> Task:
    return Task(
        example.id, example.text, example.events, example.stance, example.targets, 0.0, "audit"
    )


def _doubt_events(
    found: dict[int, Task],
    examples: Sequence[Example],
    probabilities: Array,
    scheme: LabelScheme,
) -> None:
    from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
    from cleanlab.multilabel_classification.rank import get_label_quality_scores

    given = _given_events(examples, scheme)
    if given.shape[1] == 1:  # cleanlab takes one column for no multi-label task
        given, probabilities = np.c_[given, given & False], np.c_[probabilities, given & False]
    labels = [list(np.flatnonzero(row)) for row in given]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a rare class not every error can be found
        masks = np.asarray(find_multilabel_issues_per_class(labels, probabilities, n_jobs=1))
    quality = get_label_quality_scores(labels, probabilities)
    for row in map(int, np.flatnonzero(masks.any(1))):
        doubtful = np.flatnonzero(masks[row])
        instead = given[row].copy()
        instead[doubtful] = ~instead[doubtful]
        order = np.argsort(-probabilities[row])
        example = examples[row]
        kept = [name for name in example.events or () if instead[scheme.events.index(name)]]
        events = [*kept, *(scheme.events[c] for c in order if instead[c])]
        names = ", ".join(scheme.events[c] for c in doubtful)
        note = f"labelled: {', '.join(example.events or ()) or 'no_event'}; in doubt: {names}"
        found[id(example)] = replace(
            _as_labelled(example),
            events=tuple(dict.fromkeys(events)),
            score=1 - float(quality[row]),
            note=note,
        )


def _doubt_stances(
    found: dict[int, Task],
    examples: Sequence[Example],
    probabilities: Array,
    scheme: LabelScheme,
) -> None:
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    given = _given_stances(examples, scheme)
    present = np.unique(given)
    if len(present) < 2:
        return
    # cleanlab wants every class to be there.
    numbered, among = np.searchsorted(present, given), probabilities[:, present]
    among = among / among.sum(1, keepdims=True)
    masks = find_label_issues(numbered, among, n_jobs=1)
    quality = get_label_quality_scores(numbered, among)
    for row in map(int, np.flatnonzero(masks)):
        example = examples[row]
        before = found.get(id(example), _as_labelled(example))
        note = f"stance labelled: {example.stance}"
        found[id(example)] = replace(
            before,
            stance=scheme.stances[present[int(among[row].argmax())]],
            score=max(1 - float(quality[row]), before.score),
            note=f"{before.note}; {note}" if before.note else note,
        )
