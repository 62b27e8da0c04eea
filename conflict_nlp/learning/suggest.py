"""What to label next: sentences that the model is unsure of, and that differ from each other."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.decomposition import TruncatedSVD

from conflict_nlp.classifier import Classifier
from conflict_nlp.errors import DataError, MissingExtraError
from conflict_nlp.learning.near import same_text
from conflict_nlp.learning.tasks import Task, task_of
from conflict_nlp.learning.text_features import tfidf
from conflict_nlp.results import Result

UNSURE = 10  # sentences that diversity chooses from, for each one wanted
DIMENSIONS = 64


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Sentences to label, and what became of the others.

    Attributes:
        tasks: the sentences, most different from what is there first, with answers filled in.
        left_out: sentences of the pool that are already labelled or repeated.
        unusable: sentences that the classifier gave no answer for.
    """

    tasks: tuple[Task, ...]
    left_out: int
    unusable: int


def uncertainty(result: Result, thresholds: npt.NDArray[np.float64]) -> float:
    """How near the closest calls of an answer were, from 0 (sure) to 1.

    The mean of two: for the event types, how near the nearest probability came to its threshold,
    in shares of the way from the threshold to 0 or 1; for the stance, and for event types of which
    a sentence has one at most, how near the second came to the first (margin sampling, Scheffer et
    al. 2001).

    Args:
        result: classified with the extra ``probabilities``.
        thresholds: of the event types.
    """
    assert result.probabilities is not None
    calls = []
    if "events" in result.probabilities:
        p = np.array(list(result.probabilities["events"].values()))
        away = np.where(p >= thresholds, (p - thresholds) / (1 - thresholds), 1 - p / thresholds)
        calls.append(1 - float(away.min()))
    heads = ("stance",) if "events" in result.probabilities else ("primary", "stance")
    for head in heads:
        likeliest = sorted(result.probabilities.get(head, {}).values())
        if len(likeliest) > 1:
            calls.append(1 - (likeliest[-1] - likeliest[-2]))
    return sum(calls) / max(len(calls), 1)


def suggest(
    pool: Sequence[tuple[str, str]],
    classifier: Classifier,
    count: int,
    labelled: Sequence[str] = (),
    seed: int = 13,
) -> Suggestions:
    """Choose the sentences whose labels would teach a model most.

    Of the sentences that the classifier is least sure of, ten times as many as wanted, those are
    chosen that lie farthest from each other and from what is labelled already (core-set selection,
    Sener and Savarese 2018, as scikit-activeml has it), by their words.

    Args:
        pool: id and text of each sentence without labels.
        classifier: the model to be improved.
        count: number of sentences wanted.
        labelled: texts that have labels already.
        seed: seed of the choice.

    Returns:
        The sentences with the classifier's answers filled in.

    Raises:
        DataError: no sentence can be suggested.
        MissingExtraError: scikit-activeml is not installed.

    Example:
        >>> classifier = Classifier.from_pretrained()
        >>> pool = [("1", "قصفت الطائرات البلدة."), ("2", "طالب الوفد بالإفراج عن المعتقلين.")]
        >>> len(suggest(pool, classifier, 1).tasks)
        1
    """
    try:
        from skactiveml.pool import CoreSet
    except ImportError as error:
        raise MissingExtraError("skactiveml", "label", "suggesting what to label") from error
    known = {same_text(text) for text in labelled}
    fresh: dict[str, tuple[str, str]] = {}
    for id_, text in pool:
        key = same_text(text)
        if key and key not in known:
            fresh.setdefault(key, (id_, text))
    rows = list(fresh.values())
    results = classifier.classify([text for _, text in rows], extras=("probabilities",))
    thresholds = classifier.calibration.thresholds
    tasks = [
        task_of(id_, result, uncertainty(result, thresholds))
        for (id_, _), result in zip(rows, results, strict=True)
        if result.probabilities is not None
    ]
    if not tasks:
        raise DataError(
            f"none of the {len(pool)} sentences of the pool can be suggested: they are labelled "
            "already, or no Arabic sentences. Give others."
        )
    tasks.sort(key=lambda task: -task.score)
    unsure = tasks[: UNSURE * count]
    texts = [*(task.text for task in unsure), *labelled]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a pool of equal sentences has no variance to explain
        vectors = tfidf(texts).fit_transform(texts)
        dimensions = min(DIMENSIONS, *(size - 1 for size in vectors.shape))
        if dimensions > 0:
            vectors = TruncatedSVD(dimensions, random_state=seed).fit_transform(vectors)
        else:
            vectors = vectors.toarray()
    labels = np.r_[np.full(len(unsure), np.nan), np.zeros(len(labelled))]
    chosen = CoreSet(random_state=seed).query(
        vectors, labels, batch_size=min(count, len(unsure)), candidates=np.arange(len(unsure))
    )
    return Suggestions(
        tuple(unsure[int(i)] for i in chosen),
        left_out=len(pool) - len(rows),
        unusable=len(rows) - len(tasks),
    )
