"""Dirt, spelling and typing as people's texts have them, put into clean sentences.

Each perturbation changes every second word that it can change, so that a model's figures with and
without it tell what it costs. The same seed gives the same text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import ftfy.bad_codecs  # noqa: F401 - brings the codec sloppy-windows-1252

_DIACRITICS = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"
_LETTER = re.compile(r"[\u0621-\u064a]")
_TO_INDIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
_UNSPELT = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي"})
# Keys that lie beside each other on the Arabic keyboard.
_BESIDE = {
    "ض": "ص", "ص": "ث", "ث": "ق", "ق": "ف", "ف": "غ", "غ": "ع", "ع": "ه", "ه": "خ", "خ": "ح",
    "ح": "ج", "ج": "د", "ش": "س", "س": "ي", "ي": "ب", "ب": "ل", "ل": "ا", "ا": "ت", "ت": "ن",
    "ن": "م", "م": "ك", "ك": "ط", "ر": "ى", "ى": "ة", "ة": "و", "و": "ز", "ز": "ظ", "د": "ج",
}  # fmt: skip
_EMOJI = ("😡", "💔", "🔥", "😭")

Change = Callable[[str, random.Random], str]


def _diacritics(word: str, chance: random.Random) -> str:
    return _LETTER.sub(lambda letter: letter[0] + chance.choice(_DIACRITICS), word)


def _kashida(word: str, chance: random.Random) -> str:
    places = [m.end() for m in re.finditer(r"[بتثجحخسشصضطظعغفقكلمنهي](?=[\u0621-\u064a])", word)]
    if not places:
        return word
    place = chance.choice(places)
    return word[:place] + "ـ" * chance.randint(1, 4) + word[place:]


def _spelling(word: str, chance: random.Random) -> str:
    return word.translate(_UNSPELT)


def _typing(word: str, chance: random.Random) -> str:
    if len(word) < 4:
        return word
    place = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(4)
    if kind == 0:  # two letters change places
        return word[: place - 1] + word[place] + word[place - 1] + word[place + 1 :]
    if kind == 1:  # one is left out
        return word[:place] + word[place + 1 :]
    if kind == 2:  # one comes twice
        return word[:place] + word[place] + word[place:]
    return word[:place] + _BESIDE.get(word[place], word[place]) + word[place + 1 :]


def _clitics(word: str, chance: random.Random) -> str:
    return re.sub(r"^([وفبلك])(?=\w{3,})", r"\1 ", word)


def _noise(word: str, chance: random.Random) -> str:
    kind = chance.randrange(3)
    if kind == 0 and _LETTER.search(word):  # a letter drawn out
        place = chance.randrange(len(word))
        return word[:place] + word[place] * 3 + word[place + 1 :]
    return f"#{word}" if kind == 1 else f"{word} {chance.choice(_EMOJI)}"


def _entities(word: str, chance: random.Random) -> str:
    marks = ("quot;{}quot;", "&amp;quot;{}&amp;quot;", "&nbsp;{}", "\u200f{}\u200e")
    return chance.choice(marks).format(word)


def _mojibake(word: str, chance: random.Random) -> str:
    return word.encode("utf-8").decode("sloppy-windows-1252")  # as browsers read it


def _digits(word: str, chance: random.Random) -> str:
    return word.translate(_TO_INDIC)


def _punctuation(word: str, chance: random.Random) -> str:
    return re.sub(r"[^\w\s]+", "", word)


PERTURBATIONS: dict[str, Change] = {
    "entities": _entities,
    "mojibake": _mojibake,
    "diacritics": _diacritics,
    "kashida": _kashida,
    "spelling": _spelling,
    "arabic_indic_digits": _digits,
    "no_punctuation": _punctuation,
    "typing_errors": _typing,
    "split_clitics": _clitics,
    "social_media_noise": _noise,
}
"""What can be done to a word, by name."""


def perturb(text: str, name: str, seed: int = 0) -> str:
    """Change every second word of a text that can be changed.

    Args:
        text: a sentence.
        name: one of :data:`PERTURBATIONS`.
        seed: seed of the changes.

    Example:
        >>> perturb("أعلن القائد أن الهدنة انتهت", "spelling")
        'اعلن القائد ان الهدنة انتهت'
    """
    return " ".join(perturbed_words(text, name, seed))


def perturbed_words(text: str, name: str, seed: int = 0) -> list[str]:
    """The same, as what stands for each of the words that single spaces part.

    Example:
        >>> perturbed_words("سيطر الجيش والحلفاء", "split_clitics")
        ['سيطر', 'الجيش', 'و الحلفاء']
    """
    change, chance = PERTURBATIONS[name], random.Random(f"{seed}:{name}:{text}")
    words, turn = [], True
    for word in text.split(" "):
        changed = change(word, chance)
        if changed == word:
            words.append(word)
            continue
        words.append(changed if turn else word)
        turn = not turn
    return words
