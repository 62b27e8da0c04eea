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
    if classifier is not None:
        examples = _judged(examples, classifier)
    scheme = (
        LabelScheme.of(examples)
        if classifier is None
        else LabelScheme.of_model(classifier.settings)
    )
    with_events = [e for e in examples if e.events is not None and scheme.events]
    with_stance = [e for e in examples if e.stance is not None and scheme.stances]
    if max(len(with_events), len(with_stance)) < LEAST:
        raise DataError(
            f"{len(examples)} sentences with labels are too few to tell wrong ones from rare "
            f"ones; give at least {LEAST}."
        )
    found: dict[int, Task] = {}
    if len(with_events) >= LEAST:
        given = np.array([scheme.event_vector(e.events) for e in with_events]) > 0.5
        probabilities = (
            _out_of_fold_events(with_events, given, folds, seed)
            if classifier is None
            else _predicted(classifier, with_events, "events")
        )
        _doubt_events(found, with_events, given, probabilities, scheme)
    if len(with_stance) >= LEAST:
        stances = np.array([scheme.stance_index(e.stance) for e in with_stance])
        probabilities = (
            _out_of_fold_stances(with_stance, stances, len(scheme.stances), folds, seed)
            if classifier is None
            else _predicted(classifier, with_stance, "stance")
        )
        _doubt_stances(found, with_stance, stances, probabilities, scheme)
    return sorted(found.values(), key=lambda task: -task.score)


def _judged(examples: Sequence[Example], classifier: Classifier) -> list[Example]:
    """The sentences that a classifier answers about, with the labels that it knows of."""
    scheme = LabelScheme.of_model(classifier.settings)
    answered = []
    results = classifier.classify([e.text for e in examples])
    for example, result in zip(examples, results, strict=True):
        known = replace(
            example,
            events=example.events if scheme.events else None,
            stance=example.stance if scheme.stances else None,
            targets=example.targets if scheme.stances else (),
        )
        scheme.check(known)
        if result.events is not None or result.stance is not None:
            answered.append(known)
    return answered


def _predicted(classifier: Classifier, examples: Sequence[Example], head: str) -> Array:
    results = classifier.classify([e.text for e in examples], extras=("probabilities",))
    rows = []
    for result in results:
        assert result.probabilities is not None
        if head == "events" and classifier.settings.single_label:
            rows.append(list(result.probabilities["primary"].values())[:-1])  # no event is last
        else:
            rows.append(list(result.probabilities[head].values()))
    return np.array(rows)


def _out_of_fold_events(
    examples: Sequence[Example], given: npt.NDArray[np.bool_], folds: int, seed: int
) -> Array:
    features = _features(examples)
    probabilities = given.astype(float)  # what cannot be learnt puts nothing in doubt
    for column in range(given.shape[1]):
        positive = int(given[:, column].sum())
        if LEAST_OF_A_CLASS <= positive <= len(given) - LEAST_OF_A_CLASS:
            found = _out_of_fold(features, given[:, column].astype(int), folds, seed)
            probabilities[:, column] = found[:, 1]
    return probabilities


def _out_of_fold_stances(
    examples: Sequence[Example], given: npt.NDArray[np.int64], classes: int, folds: int, seed: int
) -> Array:
    present, counts = np.unique(given, return_counts=True)
    probabilities = np.eye(classes)[given]
    if len(present) > 1 and counts.min() >= LEAST_OF_A_CLASS:
        probabilities[:, present] = _out_of_fold(_features(examples), given, folds, seed)
    return probabilities


def _features(examples: Sequence[Example]) -> Any:
    # Fitted on all of them: it sees the words, not the labels.
    texts = [e.text for e in examples]
    return tfidf(texts).fit_transform(texts)


def _out_of_fold(features: Any, labels: Any, folds: int, seed: int) -> Array:
    least = int(np.unique(labels, return_counts=True)[1].min())
    parts = StratifiedKFold(min(folds, least), shuffle=True, random_state=seed)
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    found: Array = cross_val_predict(
        model, features, labels, cv=parts, method="predict_proba", n_jobs=cores()
    )
    return found


def _doubt_events(
    found: dict[int, Task],
    examples: Sequence[Example],
    given: npt.NDArray[np.bool_],
    probabilities: Array,
    scheme: LabelScheme,
) -> None:
    from cleanlab.multilabel_classification.filter import find_multilabel_issues_per_class
    from cleanlab.multilabel_classification.rank import get_label_quality_scores

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
        found[id(example)] = Task(
            example.id,
            example.text,
            tuple(dict.fromkeys(events)),
            example.stance,
            example.targets,
            1 - float(quality[row]),
            "audit",
            note,
        )


def _doubt_stances(
    found: dict[int, Task],
    examples: Sequence[Example],
    given: npt.NDArray[np.int64],
    probabilities: Array,
    scheme: LabelScheme,
) -> None:
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

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
        before = found.get(id(example))
        note = f"stance labelled: {example.stance}"
        found[id(example)] = Task(
            example.id,
            example.text,
            before.events if before else example.events,
            scheme.stances[present[int(among[row].argmax())]],
            example.targets,
            max(1 - float(quality[row]), before.score if before else 0.0),
            "audit",
            f"{before.note}; {note}" if before else note,
        )
