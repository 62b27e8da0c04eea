"""Settings of a training run, checked before anything is loaded."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from conflict_nlp._model_files import SETTINGS_FILE
from conflict_nlp._resources import model_path
from conflict_nlp.errors import DataError, ModelError, ModelNotFoundError
from conflict_nlp.learning.backbones import backbone_config
from conflict_nlp.text import Normalizer

_KINDS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
_ABOVE_ZERO = (
    "epochs",
    "batch_size",
    "gradient_accumulation",
    "learning_rate",
    "head_learning_rate",
    "max_length",
)
_SHARES = ("warmup", "dropout", "encoder_dropout", "word_dropout", "average", "keep_start")


def toml_value(text: str) -> Any:
    """What TOML reads in a text; a bare word is a string.

    Example:
        >>> toml_value("2e-4"), toml_value("mine.jsonl")
        (0.0002, 'mine.jsonl')
    """
    try:
        return tomllib.loads(f"x = {text}")["x"]
    except tomllib.TOMLDecodeError:
        return text.strip()


def settings_of(pairs: Sequence[str]) -> dict[str, Any]:
    """Settings out of ``NAME=VALUE`` pairs, as commands take them.

    Raises:
        DataError: one is no such pair.

    Example:
        >>> settings_of(["epochs=2", "output=mine"])
        {'epochs': 2, 'output': 'mine'}
    """
    parted = [pair.partition("=") for pair in pairs]
    for pair, (name, equals, _) in zip(pairs, parted, strict=True):
        if not name or not equals:
            raise DataError(f"--set {pair}: accepted is NAME=VALUE, such as epochs=2")
    return {name: toml_value(value) for name, _, value in parted}


def _is(value: object, kind: str) -> bool:
    """Whether a value is of a kind; a whole number is a float too, and True no number."""
    if isinstance(value, bool):
        return kind == "bool"
    return isinstance(value, _KINDS[kind]) or (kind == "float" and isinstance(value, int))


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides the outcome of a training run.

    Attributes:
        base: the encoder to fine-tune: a directory, a name of ``models/backbones.toml`` such as
            ``camelbert-msa``, or a name on the Hugging Face hub; or a model to train onward: the
            directory of a checkpoint or exported model, or the name of a shipped one, ``default``.
        train: files of labelled sentences to train on, of any kind that
            :func:`~conflict_nlp.learning.read.read_labelled` reads.
        dev: file of labelled sentences to report on and to calibrate on; never trained on.
        output: directory of the checkpoint.
        name: name of the model, as results report it.
        base_name: name of the encoder, as `doctor` and cards report it; by default the hub's or the
            directory's. A directory whose ``base_name`` is in ``models/backbones.toml`` gets
            normalisation and prefix from there.
        labels: ``codebook`` for this library's event types and stances, ``data`` for the labels
            that the data use. A checkpoint trained onward with ``data`` keeps the heads of the
            labels that it knows and gets new ones for others.
        auxiliary: files of sentences labelled with stance toward a topic only.
        layers: keep the encoder's first so many layers; None for all.
        drop_layers: layers of a checkpoint's encoder to leave out when training it onward, counted
            from 0 (Sajjad et al. 2023); training makes good most of what a middle one did.
        normalizer: what to take out of sentences or to unify before the encoder reads them, by the
            names of :class:`~conflict_nlp.text.Normalizer`'s settings; None for what `base` knows.
        actor_names: whether the model reads the names of actors; False leaves of each the word that
            says what it is, so that no answer hangs on a name; None for what `base` is used to.
        pooling: ``mean`` or ``label`` (attention for each event type); None for that of the model
            that `base` is, and ``mean`` over a bare encoder.
        max_length: longest training sentence in tokens; longer ones are cut.
        epochs: passes over the training data.
        batch_size: sentences a step.
        learning_rate: peak rate of the encoder's last layer.
        head_learning_rate: peak rate of the heads.
        layer_decay: factor on the learning rate from one layer to the one below it.
        warmup: share of the steps over which the rate rises from 0.
        weight_decay: AdamW's, on matrices only.
        dropout: on pooled features.
        encoder_dropout: on the encoder's hidden states, after the embeddings and in each layer.
        word_dropout: share of the tokens that training replaces by the mask token at random.
        primary_weight: weight of the primary head's loss.
        stance_weight: weight of the stance head's loss.
        positive_power: a class with n positives gets the factor (median / n) ** power, at least 1.
        stance_power: the same for stances.
        focus: asymmetric-loss exponent on easy negatives; 0 for plain cross-entropy.
        topic_share: share of sentences also shown with a target as second segment.
        lora_rank: rank of low-rank updates that are trained in place of the encoder's weights; 0
            trains the weights themselves. For encoders too big for that; needs the ``tune`` extra.
        gradient_accumulation: batches whose gradients make one step.
        bf16: train in bfloat16, faster where GPU or processor multiply in it (AMX, on Intel).
        patience: stop once the development macro-F1 has not risen for so many epochs, and keep the
            best epoch; 0 trains them all and keeps the last.
        keep_start: share of the weights that a model is trained onward from in the mean with those
            that training ends with, which is saved (Wortsman et al. 2022): few sentences teach
            without undoing what was known. Where heads are new, nothing is kept.
        average: decay of the running mean of the weights that is saved; 0 saves the last ones.
        seed: seed of initialisation, order and dropout.
        data_seed: seed of the order alone; `seed` by default. Runs that differ in it alone start
            from the same heads, so that their weights can be averaged.
        rows: train on a seeded sample of so many sentences; None for all.
    """

    base: str
    train: tuple[str, ...]
    dev: str
    output: str
    name: str = "conflict-nlp"
    base_name: str = ""
    labels: str = "codebook"
    auxiliary: tuple[str, ...] = ()
    layers: int | None = None
    drop_layers: tuple[int, ...] = ()
    normalizer: tuple[str, ...] | None = None
    actor_names: bool | None = None
    pooling: str | None = None
    max_length: int = 192
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 2e-4
    head_learning_rate: float = 1e-3
    layer_decay: float = 0.9
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.1
    encoder_dropout: float = 0.0
    word_dropout: float = 0.0
    primary_weight: float = 1.0
    stance_weight: float = 1.0
    positive_power: float = 0.0
    stance_power: float = 0.0
    focus: float = 0.0
    topic_share: float = 0.0
    lora_rank: int = 0
    gradient_accumulation: int = 1
    bf16: bool = False
    patience: int = 0
    keep_start: float = 0.0
    average: float = 0.0
    seed: int = 13
    data_seed: int | None = None
    rows: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The settings as JSON gives them back, to compare with those of an earlier run."""
        values: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(self)))
        return values

    @property
    def onward(self) -> bool:
        """Whether a model of this library is trained further, rather than a bare encoder."""
        try:
            return (model_path(self.base) / SETTINGS_FILE).exists()
        except ModelNotFoundError:
            return False

    def problems(self) -> list[str]:
        """Everything wrong with the settings, one line each."""
        found = self._type_problems()
        if found:
            return found
        try:
            found += self._layer_problems(backbone_config(self.base))
        except (ModelError, ModelNotFoundError) as error:
            found.append(f"base: {error}")
        for path in (*self.train, *self.auxiliary, self.dev):
            if not pathlib.Path(path).exists():
                found.append(f"train/dev/auxiliary: no file {path!r}")
        if self.labels not in ("codebook", "data"):
            found.append(f"labels: {self.labels!r} is not 'codebook' or 'data'")
        unknown = sorted(set(self.normalizer or ()) - set(Normalizer.__dataclass_fields__))
        if unknown:
            accepted = ", ".join(Normalizer.__dataclass_fields__)
            found.append(f"normalizer: {', '.join(unknown)}; accepted are {accepted}")
        if self.pooling not in (None, "mean", "label"):
            found.append(f"pooling: {self.pooling!r} is not 'mean' or 'label'")
        for name in _ABOVE_ZERO:
            if getattr(self, name) <= 0:
                found.append(f"{name}: {getattr(self, name)!r} is not above 0")
        if self.rows is not None and self.rows < 1:
            found.append(f"rows: {self.rows} is not above 0")
        for name in ("lora_rank", "patience"):
            if getattr(self, name) < 0:
                found.append(f"{name}: {getattr(self, name)!r} is below 0")
        for name in _SHARES:
            if not 0 <= getattr(self, name) < 1:
                found.append(f"{name}: {getattr(self, name)!r} is not in [0, 1)")
        if self.keep_start and not self.onward:
            found.append(f"keep_start: {self.base!r} is a bare encoder; leave it out")
        if not 0 <= self.topic_share <= 1:
            found.append(f"topic_share: {self.topic_share!r} is not in [0, 1]")
        return found

    def _type_problems(self) -> list[str]:
        found = []
        for entry in dataclasses.fields(self):
            value, wanted = getattr(self, entry.name), str(entry.type)
            kinds = {kind for kind in _KINDS if re.search(rf"\b{kind}\b", wanted)}
            given = value if isinstance(value, tuple) else (value,)
            if (value is None and "None" in wanted) or all(
                any(_is(one, kind) for kind in kinds) for one in given
            ):
                continue
            found.append(f"{entry.name}: {value!r} is no {' or '.join(sorted(kinds))}")
        return found

    def _layer_problems(self, config: dict[str, Any]) -> list[str]:
        there = config.get("num_hidden_layers")
        if there is None:
            return []
        found = []
        if self.onward:
            if self.layers not in (None, there):
                found.append(
                    f"layers: {self.layers} asked for, but {self.base!r} is a checkpoint of "
                    f"{there}, whose heads read its last layer; name layers in drop_layers instead"
                )
            left = set(range(there)) - set(self.drop_layers)
            if not left or not set(self.drop_layers) <= set(range(there)):
                found.append(
                    f"drop_layers: {sorted(self.drop_layers)}; the encoder in {self.base!r} has "
                    f"layers 0 to {there - 1}, of which some must stay"
                )
        else:
            if self.layers is not None and not 1 <= self.layers <= there:
                found.append(
                    f"layers: {self.layers} asked for; the encoder in {self.base!r} has {there}"
                )
            if self.drop_layers:
                found.append(
                    f"drop_layers: {self.base!r} is a bare encoder, which has not learnt where its "
                    "layers can be spared; use layers, which keeps the first ones"
                )
        return found

    def checked(self) -> TrainConfig:
        """These settings, if nothing is wrong with them.

        Raises:
            DataError: with all problems, one a line.
        """
        found = self.problems()
        if found:
            raise DataError("the training configuration cannot be used:\n  " + "\n  ".join(found))
        return self

    @classmethod
    def from_toml(cls, path: str | pathlib.Path | None, **overrides: Any) -> TrainConfig:
        """Read settings from a TOML file, or from none; keyword arguments replace what it says.

        Raises:
            DataError: unknown or missing settings.
        """
        try:
            text = "" if path is None else pathlib.Path(path).read_text("utf-8")
            values = tomllib.loads(text) | overrides
        except (OSError, ValueError) as error:
            raise DataError(f"no settings can be read from {path}: {error}") from error
        fields = {entry.name: entry for entry in dataclasses.fields(cls)}
        unknown = sorted(set(values) - set(fields))
        missing = sorted(
            name
            for name, entry in fields.items()
            if name not in values and entry.default is dataclasses.MISSING
        )
        if unknown or missing:
            raise DataError(
                f"{path or 'settings'}: unknown settings {unknown}, missing settings {missing}. "
                f"Known are: {', '.join(fields)}."
            )
        sequences = {"train": (), "auxiliary": (), "drop_layers": (), "normalizer": None}
        for name, default in sequences.items():
            given = values.get(name, default)
            if given is None:
                continue
            values[name] = (given,) if isinstance(given, (str, int)) else tuple(given)
        return cls(**values)
