"""Split texts into words, and give the forms by which a word is found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from storefront.catalog.search.folding import UNSPACED, clean, fold
from storefront.catalog.search.stems import stems

MAX_WORD = 60
MAX_JOINED = 40
GRAM = 3  # characters of a script without spaces that make up one indexed word
_MAX_UNIT = 4
_GROUP = 3  # digits between the signs of thousands
_PUNCTUATION = re.compile("['-]+")
# Measures, one after the other: "700x25c" is "700x" and "25c", as "700 x 25 c" is.
_MEASURES = re.compile(r"\d+[a-z]{0,2}(?:x\d+[a-z]{0,3})+")
_FACTOR = re.compile(r"(?<=x)(?=\d)")
_RUN = re.compile(f"([{UNSPACED}]+)")
# How people write these letters who have no key for them. Those who leave the marks out find the folded word.
_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})


class Compound(NamedTuple):
    """Words that hyphens or apostrophes join.

    Attributes:
        parts: the clean words; not a single letter at an apostrophe ("women's", "l'eau").
        joined: all of it as one word, "" if it is one word already or consists of numbers.
    """

    parts: tuple[str, ...]
    joined: str


@dataclass(frozen=True, slots=True)
class Forms:
    """The forms by which a word is found.

    Attributes:
        plain: its folded words; several for a script without spaces.
        spelt: the word with "ae" for "ä" and so on, if that differs.
        stems: its stems, folded.
    """

    plain: tuple[str, ...]
    spelt: tuple[str, ...]
    stems: tuple[str, ...]


def compounds(text: str) -> Iterator[Compound]:
    """Yield the compounds of a text, in order; most are one word."""
    for token in clean(text).split():
        yield from split_token(token)


@lru_cache(maxsize=50_000)
def split_token(token: str) -> tuple[Compound, ...]:
    """Return the compound that a clean text has between two spaces; none if it is punctuation.

    A part of accents alone, such as the sign that colours an emoji, is left out: folding removes all of it.
    """
    if "-" not in token and "'" not in token:
        return (Compound(_split_measures(token), ""),) if fold(token) else ()
    parts: list[str] = []
    for piece in token.split("-"):
        pieces = [p for p in piece.split("'") if fold(p)]
        for part in [p for p in pieces if len(p) > 1] or pieces:
            parts += _split_measures(part)
    if not parts:
        return ()
    return (Compound(tuple(parts), join_words([p for p in _PUNCTUATION.split(token) if fold(p)])),)


def _split_measures(piece: str) -> tuple[str, ...]:
    return tuple(_FACTOR.split(piece)) if _MEASURES.fullmatch(piece) else (piece,)


def words(text: str) -> list[str]:
    """Return the folded words of a text, in order; they consist of letters, digits and marks that are letters."""
    return [word for found in compounds(text) for part in found.parts for word in split_runs(fold(part))]


def split_runs(folded: str) -> list[str]:
    """Return a folded word in parts of which each is written with spaces, or without."""
    if folded.isascii():
        return [folded[:MAX_WORD]]
    return [part if is_unspaced(part) else part[:MAX_WORD] for part in _RUN.split(folded) if part]


def is_unspaced(folded: str) -> bool:
    """Return whether a part of `split_runs` belongs to a script that is written without spaces."""
    return _RUN.match(folded) is not None


def grams(run: str) -> tuple[str, ...]:
    """Return what is indexed of a run of characters without spaces: from each one, it and the next two.

    A query of up to three characters is the beginning of one; a longer query consists of several.
    """
    return tuple(run[start : start + GRAM] for start in range(len(run)))


@lru_cache(maxsize=50_000)
def forms(word: str, language: str) -> Forms:
    """Return the forms of a clean word in a language ("": no stems)."""
    plain: list[str] = []
    for part in split_runs(fold(word)):
        plain += grams(part) if is_unspaced(part) else (part,)
    spelt = fold(word.translate(_SPELT_OUT))[:MAX_WORD]
    other = () if word.isascii() or spelt == fold(word)[:MAX_WORD] else (spelt,)
    return Forms(tuple(plain), other, stems(word, language))


def join_unit(number: str, unit: str) -> str:
    """Return a number and the unit behind it as one word ("500" and "ml", "2" and "m2"); "" if it is no unit."""
    is_unit = len(unit) <= _MAX_UNIT and unit.rstrip("23").isalpha()
    return number + unit if number.isdigit() and is_unit else ""


def join_thousands(number: str, more: str) -> str:
    """Return a number whose thousands are apart as one ("1" and "260" of "1,260"); "" if these are two numbers."""
    grouped = len(number) <= _GROUP and not number.startswith("0") and len(more) == _GROUP
    return number + more if grouped and number.isdigit() and more.isdigit() else ""


def join_words(parts: Sequence[str]) -> str:
    """Return neighbouring clean words as one; "" if it would be too long, or numbers would become another number."""
    joined = "".join(parts)
    if len(parts) < 2 or len(joined) > MAX_JOINED or not all(parts):
        return ""
    if any(a[-1].isdigit() and b[0].isdigit() for a, b in pairwise(parts)):
        return ""
    return "" if not joined.isascii() and _RUN.search(joined) else joined
