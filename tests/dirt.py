"""Texts as dirty as they come, for property tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

moderate = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)

DIRT = [
    "quot;", "&quot;", "&amp;quot;", "&amp;amp;quot;", "amp;", "&amp;", "&#38;", "#38;",
    "&lt;b&gt;", "&", ";", "lt;", "gt;", "br", "nbsp;", "&nbsp;", "&#x627;", "&#0;",
    "&shy;", "&zwj;", "zwnj;",
    "<br>", "</p>", "<b", ">", "<", "<!--", "-->", "http://t.co/a", "www.", "t.co/", "@USER", "@ab",
    "RT ", "RT", "@", "#", "_", "#حلب_الشرقية", "ـ", "ـــ", "ً", "ّ", "\u0670", "\u0654", "\u0653",
    "\u200f", "\u200b", "\ufeff", "\xad", "\u202e", "\x00", "\x85", "\xa0", "\u2028", "\r", "\n",
    " ", "  ", "\t", "ﻻ", "ﷺ", "ﺳﻮﺭﻳﺎ", "\ufe70", "ک", "ی", "ہ", "٣", "۴", "٫", "٬", "٪", "اااا",
    "للل", "!!!", "؟؟", "،،", "....", "…", "''", '"', "«", "»", "(", ")", "د.", "3.5", ".", "؟",
    "1.", "\ud800", "\udc00", "Ø§", "Ù„", "Ø", "§", "Ù\x85", "Ã˜Â§", "Ã", "â€\x8f", "â€œ", "قال",
    "ا", "و", "حلب", "ي", "a", "Z", "7", "U.S.", "😡",
]  # fmt: skip
anything = st.text(alphabet=st.characters(exclude_categories=()), max_size=25)
dirty = st.lists(st.sampled_from(DIRT) | anything.map(lambda s: s[:3]), max_size=12).map("".join)
texts = dirty | anything
