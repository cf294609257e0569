"""Shorter queries for a search that finds nothing: its words without one of them, then each alone.

Words that join others ("for", "the") are left out first. A number that is joined to its unit is split: products that
have both, though not side by side, are better than none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

MAX_RELAXED_WORDS = 5  # of a query; the first ones count
_MIN_ALONE = 3  # letters
_UNIT = re.compile(r"(?<!\d)(\d+)([^\W\d_]{1,4})")
# The words that join others, in the languages of most shops: they say nothing about a product.
_FUNCTION_WORDS = frozenset(
    "a an and at by for from in of on or the to with "
    "am an auf aus bei das dem den der des die ein eine einen für im in mit oder ohne und von zu zum "
    "au aux avec dans de des du en et la le les ou par pour sans sur un une "
    "con de del el en la las los o para por sin un una y "
    "al con da dal dalla del della delle di e gli i il in la lo per un una "
    "de een en het in met of op te van voor zonder "
    "com da das de do dos e em o os para sem um uma".split()
)


def shorten(words: Sequence[str]) -> list[list[str]]:
    """Return shorter queries in levels; a level is needed only if those before it find nothing.

    Args:
        words: those of a query that finds nothing; hyphens join the parts of a compound, which is never split.
    """
    content = [word for word in dict.fromkeys(words) if word not in _FUNCTION_WORDS][:MAX_RELAXED_WORDS]
    alone = [word for word in content if _says_something(word)]
    whole = " ".join(_UNIT.sub(r"\1 \2", word) if _UNIT.fullmatch(word) else word for word in content)
    levels = [[whole]] if whole and whole != " ".join(words) else []
    if len(content) > 2:
        shorter = [some for some in combinations(content, len(content) - 1) if {*some} & {*alone}]
        levels.append([" ".join(some) for some in shorter])
    if len(content) > 1:
        levels.append(alone)
    return levels


def _says_something(word: str) -> bool:
    """Return whether a word can be looked for alone: not a number, a unit or a syllable."""
    is_number = word.replace("-", "").isdigit() or _UNIT.fullmatch(word)
    return not is_number and (len(word) >= _MIN_ALONE or not word.isascii())
