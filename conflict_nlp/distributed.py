"""Classification on a cluster, through Ray Data. Needs the ``ray`` extra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from conflict_nlp._flat import FLAT, arrow_array, flat, own_name, result_types
from conflict_nlp.classifier import Classifier
from conflict_nlp.errors import DataError, MissingExtraError
from conflict_nlp.results import EXTRAS

if TYPE_CHECKING:
    from ray.data import Dataset

BATCH = 256  # rows that an actor takes at a time


class BatchClassifier:
    """A model that lives in one of Ray's actors and classifies tables, one sentence at a time.

    Args:
        model: a shipped model's name or a directory, which every node must reach.
        text_column: column that holds the text.
        target_column: column that holds the target of the stance; None for every actor found.
        threshold: probability for events in place of the model's own, 0 to 1.
        extras: further columns (``results.EXTRAS``).
    """

    def __init__(
        self,
        model: str,
        text_column: str,
        target_column: str | None,
        threshold: float | None,
        extras: tuple[str, ...],
    ) -> None:
        self._classifier = Classifier.from_pretrained(model)
        self._text_column = text_column
        self._target_column = target_column
        self._threshold = threshold
        self._extras = extras

    def __call__(self, table: Any) -> Any:
        """The table with the columns of the results, a row for each of its rows, in order."""
        import pyarrow

        kind = table.schema.field(self._text_column).type
        if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
            raise DataError(
                f"column '{self._text_column}' is of type {kind}; accepted is text (string). Name "
                "another with text_column, or cast it."
            )
        texts = table[self._text_column].to_pylist()
        targets = [None] * len(texts)
        if self._target_column is not None:
            targets = [target or None for target in table[self._target_column].to_pylist()]
        rows = []
        for text, target in zip(texts, targets, strict=True):
            # By itself, on this actor's one core; the cluster's other cores have other actors.
            result = self._classifier.classify(
                text, target, threshold=self._threshold, extras=self._extras
            )
            rows.append(flat(result.to_dict()))
        types = result_types()
        ours = [name for name in FLAT if name not in EXTRAS or name in self._extras]
        own = [
            name if name == self._text_column else own_name(name, table.column_names)
            for name in table.column_names
        ]
        made = table.rename_columns(own)
        for name in ours:
            values = arrow_array([row[name] for row in rows], types[name])
            made = made.append_column(name, values)
        return made


def classify_dataset(
    dataset: Dataset,
    *,
    text_column: str = "text",
    target_column: str | None = None,
    model: str = "default",
    threshold: float | None = None,
    extras: Sequence[str] = (),
    concurrency: int | tuple[int, int] | None = None,
    batch_size: int = BATCH,
) -> Dataset:
    """Classify a Ray data set; one model an actor, one core an actor.

    An actor whose process dies is started again and its batch is done again; batches are whole or
    not at all, so no row is lost or doubled.

    Args:
        dataset: a Ray data set, from Parquet on any file system that Ray reads for instance.
        text_column: column that holds the text.
        target_column: column that holds the target of the stance; None for every actor found.
        model: a shipped model's name or a directory, which every node must reach.
        threshold: probability for events in place of the model's own, 0 to 1.
        extras: further columns (``results.EXTRAS``).
        concurrency: number of actors, or the least and the most; by default from 1 to the
            cluster's cores.
        batch_size: rows that an actor takes at a time.

    Returns:
        The data set with the columns of the results, lazily. A column of its own that is called
        like one of them gets ``input_`` before its name.

    Raises:
        MissingExtraError: Ray is not installed.
        DataError: an unknown extra.

    Example:
        >>> import ray  # doctest: +SKIP
        >>> classify_dataset(ray.data.read_parquet("s3://in/")).write_parquet("s3://out/")
        ... # doctest: +SKIP
    """
    try:
        import ray
    except ImportError as error:
        raise MissingExtraError("ray", "ray", "classification on a cluster") from error
    unknown = sorted(set(extras) - set(EXTRAS))
    if unknown:
        raise DataError(f"unknown extras {unknown}; accepted is a list of {', '.join(EXTRAS)}.")
    if concurrency is None:
        cluster: Any = ray  # parts of it are untyped
        if not cluster.is_initialized():
            cluster.init()
        concurrency = (1, max(1, int(cluster.cluster_resources().get("CPU", 1))))
    settings = (model, text_column, target_column, threshold, tuple(extras))
    return dataset.map_batches(
        BatchClassifier,
        fn_constructor_args=settings,
        batch_size=batch_size,
        batch_format="pyarrow",
        concurrency=concurrency,
        num_cpus=1,
    )
