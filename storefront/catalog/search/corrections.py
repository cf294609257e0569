"""Correct the words of a query that no product has: words one edit apart, or two words in place of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice, product
from typing import NamedTuple

from storefront.catalog.search import near_words
from storefront.catalog.search.folding import fold
from storefront.catalog.search.stems import stems
from storefront.catalog.search.text_words import is_unspaced

MAX_CORRECTIONS = 3
_MAX_LOOKED_UP = 6  # words of a query
_PER_WORD = 3
# Fewer matches are few. A short word has many neighbours that mean something else, so it must find nothing at all.
_FEW, _SHORT, _MIN_HALF = 3, 5, 3

KnownWords = dict[str, set[str]]


class Corrections(NamedTuple):
    """What a query may have meant.

    Attributes:
        queries: the query in other words, the likeliest first.
        few: they are looked for only if the typed words match fewer products.
        likeliest: the words of the query, each unknown one in its likeliest correction.
    """

    queries: tuple[str, ...]
    few: int
    likeliest: tuple[str, ...]


def looked_up_keys(parts: Sequence[str], language: str) -> list[str]:
    """Return the keys of the table of words that `correct` needs, for the clean words of a query."""
    words = [each for part in parts if (each := _single_word(part))][:_MAX_LOOKED_UP]
    keys: set[str] = set()
    for word in words:
        keys.update(*(near_words.deletion_keys(form) for form in _forms(word, language)), *_splits(word))
    return sorted(keys)


def correct(parts: Sequence[str], known: KnownWords, language: str) -> Corrections:
    """Correct a query. A word that a product has is right; if all are, each is replaced alone if nothing is found.

    Args:
        parts: the clean words of the query.
        known: the known words by key, for `looked_up_keys`.
        language: of the stems.
    """
    words = [_single_word(part) for part in parts]
    options = [_alternatives(word, known, language) if word else [] for word in words]
    unknown = [
        place
        for place, word in enumerate(words)
        if options[place] and not _is_known(word, parts[place], known, language)
    ]
    queries: dict[str, None] = {}
    replaced: set[int] = set()
    for places in (
        [tuple(unknown)] if unknown else [(place,) for place in range(len(words)) if options[place]]
    ):
        replaced.update(places)
        for choice in islice(product(*(options[place] for place in places)), _PER_WORD):
            changed = dict(zip(places, choice, strict=True))
            queries[" ".join(changed.get(place, part) for place, part in enumerate(parts))] = None
    short = any(len(words[place]) <= _SHORT for place in replaced)
    likeliest = tuple(options[place][0] if place in unknown else part for place, part in enumerate(parts))
    return Corrections(
        tuple(islice(queries, MAX_CORRECTIONS)), 1 if short or not unknown else _FEW, likeliest
    )


def _single_word(part: str) -> str:
    """Return the folded word if it may be corrected: it consists of letters of a script with spaces; else ""."""
    word = fold(part)
    correctable = near_words.is_word(word) and len(word) >= near_words.MIN_NEAR
    return word if correctable and not is_unspaced(word) else ""


def _forms(word: str, language: str) -> list[str]:
    """Return a word and its stems: people mistype plurals of words that the shop has in the singular."""
    return [
        word,
        *(stem for stem in stems(word, language) if stem != word and len(stem) >= near_words.MIN_NEAR),
    ]


def _splits(word: str) -> list[tuple[str, str]]:
    return [(word[:i], word[i:]) for i in range(_MIN_HALF, len(word) - _MIN_HALF + 1)]


def _is_known(word: str, part: str, known: KnownWords, language: str) -> bool:
    return any(form in known.get(form, ()) for form in (word, *stems(part, language)))


def _alternatives(word: str, known: KnownWords, language: str) -> list[str]:
    """Return what a word may have meant: two known words, or known words one edit apart."""
    split = [f"{a} {b}" for a, b in _splits(word) if a in known.get(a, ()) and b in known.get(b, ())]
    forms = _forms(word, language)
    candidates: Iterable[str] = set().union(
        *(known.get(key, set()) for form in forms for key in near_words.deletion_keys(form))
    )
    return [*split, *near_words.sort_near(forms, candidates)][:_PER_WORD]
