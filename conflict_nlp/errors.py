"""Everything that can go wrong, said so that the reader can mend it.

Every error subclasses :class:`ConflictNLPError` and the builtin that fits, so that both
``except ConflictNLPError`` and ``except ValueError`` work.
"""

from __future__ import annotations

__all__ = [
    "ConflictNLPError",
    "DataError",
    "LexiconError",
    "MissingExtraError",
    "ModelError",
    "ModelNotFoundError",
]


class ConflictNLPError(Exception):
    """Base class of all errors of this library."""


class DataError(ConflictNLPError, ValueError):
    """Input data (text, target, labels, a file's content) that cannot be used as given."""


class LexiconError(ConflictNLPError, ValueError):
    """An actor lexicon file with rows that cannot be read; the message lists each row."""


class ModelError(ConflictNLPError, ValueError):
    """A model directory that is incomplete, damaged or of an unknown format."""


class ModelNotFoundError(ConflictNLPError, FileNotFoundError):
    """No model under the name or path given."""


class MissingExtraError(ConflictNLPError, ImportError):
    """A feature needs packages that a plain install leaves out.

    Args:
        package: the module that could not be imported.
        extra: the extra of this library that installs it.
        purpose: what it is needed for, as the start of a sentence.
    """

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package '{package}', which is not installed. "
            f'Install it with: pip install "conflict-nlp[{extra}]"'
        )
        self.package = package
        self.extra = extra
