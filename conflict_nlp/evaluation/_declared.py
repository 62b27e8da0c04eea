"""Objects out of TOML tables: every key known, every value of the right kind."""

from __future__ import annotations

import dataclasses
import pathlib
import tomllib
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints

from conflict_nlp.errors import DataError

_WORDS: dict[Any, str] = {
    str: "text in quotes",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


def read_toml(path: pathlib.Path) -> dict[str, Any]:
    """The tables of a file.

    Raises:
        DataError: the file is missing or no TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read as TOML ({error}). A benchmark file has tables such as "
            "[tasks.mine] and [variants.mine]."
        ) from error


def declared(kind: Any, own: Mapping[str, Any], values: Any, **given: Any) -> Any:
    """An object of a dataclass.

    Args:
        kind: the dataclass.
        own: fields that a table cannot set, such as its name.
        values: the table.
        given: fields over those of the table.

    Raises:
        DataError: a key is unknown or missing, or a value of another kind; one problem a line.
    """
    if not isinstance(values, Mapping):
        raise DataError("is no table of settings")
    fields = {entry.name: entry for entry in dataclasses.fields(kind)}
    unknown = sorted(set(values) - set(fields) | (set(values) & set(own)))
    values = {**own, **values, **given}
    missing = sorted(
        key
        for key, entry in fields.items()
        if key not in values
        and entry.default is dataclasses.MISSING
        and entry.default_factory is dataclasses.MISSING
    )
    if unknown or missing:
        raise DataError(f"unknown {unknown}, missing {missing}; known: {', '.join(fields)}")
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    hints = get_type_hints(kind)
    wrong = [
        f"{key} is {value!r}, but must be {words}"
        for key, value in values.items()
        if (words := _not(value, hints[key]))
    ]
    if wrong:
        raise DataError("\n".join(wrong))
    return kind(**values)


def _not(value: Any, hint: Any) -> str:
    """What a value had to be, and is not; nothing where it is."""
    inner = get_args(hint)
    if get_origin(hint) is tuple:
        fits = isinstance(value, tuple) and all(isinstance(one, inner[0]) for one in value)
        return "" if fits else "a list of texts" if inner[0] is str else "a list of tables"
    if inner and isinstance({}, get_origin(hint)):
        whole = isinstance(value, Mapping)
        fits = whole and (inner[1] is not str or all(isinstance(v, str) for v in value.values()))
        return "" if fits else "a table of texts" if inner[1] is str else "a table"
    if hint is float:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    else:  # true is a whole number to Python, and to nobody else
        fits = type(value) is hint or hint not in _WORDS
    return "" if fits else _WORDS[hint]
