"""The words of people's names, as staff look for them: without accents and case."""

from __future__ import annotations

import re
import unicodedata

LONGEST_WORD = 100
# Letters that have no accent to take off; people without them on the keyboard type these.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def words_of(*names: str) -> list[str]:
    """Return the words of names: the parts of "García-López" and "O’Brien", and also both in one."""
    found: dict[str, None] = {}
    for name in names:
        for token in fold_name(name).split():
            parts = split_name(token)
            found |= dict.fromkeys((*parts, "".join(parts)))
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in found if word))


def split_name(text: str) -> list[str]:
    """Return the words of a text, without what stands between them."""
    return re.findall(r"\w+", text)


def fold_name(text: str) -> str:
    """Return a text without accents and case."""
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    return "".join(sign for sign in folded if not unicodedata.combining(sign))
