"""Stems: what singular, plural and other forms of a word share, by the Snowball stemmer of the shop's language."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, lru_cache

import snowballstemmer

from storefront.catalog.search.folding import fold

_ALGORITHMS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "eo": "esperanto",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}
# English plurals that change the word itself: no stemmer by rules finds them.
_IRREGULAR = {
    "women": "woman",
    "men": "man",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "geese": "goose",
    "mice": "mouse",
}
_MIN, _MAX = 3, 40  # letters of a word that has a stem

_lock = threading.Lock()  # a stemmer keeps the word that it works on


def language_of(locale: str) -> str:
    """Return the language of a locale if it has a stemmer: "de" for "de_AT"; else the empty text."""
    language = locale.replace("-", "_").partition("_")[0].lower()
    return language if language in _ALGORITHMS else ""


@lru_cache(maxsize=50_000)
def stems(word: str, language: str) -> tuple[str, ...]:
    """Return the folded stems of a clean word. There may be two, since a query may lack the accents of the word."""
    if not language or not _MIN <= len(word) <= _MAX or not word.isalpha():
        return ()
    found: dict[str, None] = {}
    for form in dict.fromkeys((word, fold(word))):
        stem = fold(_stem(form, language))
        found[stem] = None
        if language == "en":
            found |= dict.fromkeys(_irregular(form, stem))
    return tuple(found)


def _irregular(word: str, stem: str) -> tuple[str, ...]:
    if word.endswith("ves") and len(word) > 4:
        return word[:-3] + "f", word[:-3] + "fe"  # shelves, knives
    singular = _IRREGULAR.get(word) or _IRREGULAR.get(stem)
    return (singular,) if singular else ()


def _stem(word: str, language: str) -> str:
    with _lock:
        return _load(language)(word)


@cache
def _load(language: str) -> Callable[[str], str]:
    stem: Callable[[str], str] = snowballstemmer.stemmer(_ALGORITHMS[language]).stemWord
    return stem
