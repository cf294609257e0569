"""Unicode normalisation whose cost is proportional to the text's length."""

from __future__ import annotations

import unicodedata
from typing import Literal

# UAX #15, section 13 (Stream-Safe Text Format): no text in any language has more combining marks in a row.
MAX_MARKS = 30
# Marks of combining class 0 that decompose into combining marks.
_ALSO_MARKS = "\u0f73\u0f75\u0f81"


def normalize(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Return the text in this normal form, without the marks after the 30th in a row.

    Normalisation sorts the marks of each letter, in quadratic time: Python needs a second for 16,000 marks.
    """
    if text.isascii():
        return text
    if len(text) > MAX_MARKS and max(text) >= "\u0300":  # the first combining mark
        text = _limit_marks(text)
    return unicodedata.normalize(form, text)


def _limit_marks(text: str) -> str:
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) or character in _ALSO_MARKS else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)
