"""Arabic text before a model sees it: repair, normalisation, sentences, with offsets kept.

Everything here gives back where it stood in the original, so that a span found in mended text
can be shown in the text that the user has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from pyarabic import araby

from conflict_nlp import _letters
from conflict_nlp._mapped import Draft, MappedText
from conflict_nlp._repair import repair
from conflict_nlp._sentences import Sentence, split_sentences
from conflict_nlp.errors import ModelError

__all__ = [
    "MappedText",
    "Normalizer",
    "Sentence",
    "has_arabic",
    "repair",
    "split_sentences",
]

_ALEFS = (araby.ALEF_MADDA, araby.ALEF_HAMZA_ABOVE, araby.ALEF_HAMZA_BELOW, araby.ALEF_WASLA)
_UNIFIED = {
    "alef": {ord(alef): ord(araby.ALEF) for alef in _ALEFS},
    "ya": {ord(araby.ALEF_MAKSURA): ord(araby.YEH)},
    "ta_marbuta": {ord(araby.TEH_MARBUTA): ord(araby.HEH)},
}


@dataclass(frozen=True)
class Normalizer:
    """The spelling that a backbone was pretrained on.

    It is stored with the checkpoint and is the same in training, evaluation and use.

    Args:
        diacritics: take out diacritics.
        kashida: take out kashida (tatweel).
        alef: write آ أ إ ٱ as ا.
        ya: write ى as ي.
        ta_marbuta: write ة as ه.
        digits: write Arabic-Indic digits and separators in ASCII.
        quotes: take out quotation marks, which dirt puts and loses anywhere.

    Example:
        >>> Normalizer(alef=True)("أُعلِنَ عن ٣ هُدَن").text
        'اعلن عن 3 هدن'
    """

    diacritics: bool = True
    kashida: bool = True
    alef: bool = False
    ya: bool = False
    ta_marbuta: bool = False
    digits: bool = True
    quotes: bool = False

    def __call__(self, text: str | MappedText) -> MappedText:
        """Normalise a text; offsets point at the original, through an earlier repair too.

        Args:
            text: a string, or what :func:`repair` made.

        Returns:
            The normalised text with its offsets.

        Example:
            >>> Normalizer(ya=True)(repair("  على")).offsets
            (2, 3, 4)
        """
        draft = Draft(text)
        if self.diacritics or self.kashida:
            edits = _letters.mark_edits(draft.text, marks=self.diacritics, kashida=self.kashida)
            draft.apply(edits, attach=True)
        if self.quotes:
            draft.apply(_letters.quote_edits(draft.text))
        if self.digits and _letters.DIGIT.search(draft.text):
            draft.apply(_letters.separator_edits(draft.text))
            draft.translate(_letters.DIGITS)
        for name, table in _UNIFIED.items():
            if getattr(self, name):
                draft.translate(table)
        return draft.done()

    @classmethod
    def only(cls, *names: str) -> Self:
        """Those of the settings that are named, and no other.

        Example:
            >>> Normalizer.only("kashida", "quotes").digits
            False
        """
        return cls(**{field.name: field.name in names for field in fields(cls)})

    def to_dict(self) -> dict[str, bool]:
        """Give the settings as JSON data.

        Example:
            >>> Normalizer(alef=True).to_dict()["alef"]
            True
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read settings; those left out keep their defaults.

        Args:
            data: what :meth:`to_dict` gave.

        Raises:
            ModelError: a key is unknown or a value is not a boolean.

        Example:
            >>> Normalizer.from_dict({"ya": True}).ya
            True
        """
        accepted = [field.name for field in fields(cls)]
        unknown = sorted(str(key) for key in data if key not in accepted)
        if unknown:
            raise ModelError(
                f"Unknown normalisation settings: {', '.join(unknown)}. "
                f"Accepted: {', '.join(accepted)}."
            )
        wrong = sorted(key for key, value in data.items() if not isinstance(value, bool))
        if wrong:
            raise ModelError(f"Normalisation settings must be true or false: {', '.join(wrong)}.")
        return cls(**data)


def has_arabic(text: str) -> bool:
    """Say whether a text holds an Arabic letter, in any of its forms.

    Example:
        >>> has_arabic("Aleppo حلب"), has_arabic("Aleppo 12، ٣")
        (True, False)
    """
    return _letters.ARABIC_LETTER.search(text) is not None
