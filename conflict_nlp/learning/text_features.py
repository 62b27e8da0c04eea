"""Sentences as sparse vectors, where an encoder would take too long."""

from __future__ import annotations

from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import FeatureUnion

from conflict_nlp.text import Normalizer, repair


def normal(text: str) -> str:
    """A text without dirt, diacritics and kashida."""
    return Normalizer()(repair(text)).text


def tfidf(texts: Sequence[str]) -> FeatureUnion:
    """TF-IDF of words (1-2) and of characters within words (2-5), for texts of this number.

    Args:
        texts: what it will be fitted on; features that only one of many texts has are left out.
    """
    least = 2 if len(texts) > 100 else 1
    return FeatureUnion(
        [
            (
                "words",
                TfidfVectorizer(
                    preprocessor=normal,
                    ngram_range=(1, 2),
                    min_df=least,
                    token_pattern=r"\w+",
                    sublinear_tf=True,
                ),
            ),
            (
                "characters",
                TfidfVectorizer(
                    preprocessor=normal,
                    analyzer="char_wb",
                    ngram_range=(2, 5),
                    min_df=least,
                    sublinear_tf=True,
                ),
            ),
        ]
    )
