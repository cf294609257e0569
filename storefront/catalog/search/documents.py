"""The search document of a product: all words by which it is found, those of its title apart."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, islice, pairwise

from storefront.catalog.gtin import other_isbn
from storefront.catalog.search.folding import clean, fold
from storefront.catalog.search.stems import language_of
from storefront.catalog.search.text_words import forms, join_thousands, join_unit, join_words, split_token

# Stands before a word that the text does not contain in this form: a stem, or two words as one. No word contains it,
# so the beginning of a typed word finds only what the text contains.
DERIVED = "≈"
# Around the locale, before a word of a translation: only searches in that language look for such words.
_MARK = "§"
_MAX_WORDS = 3000  # of a product beside its title
_TAG = re.compile(r"<[^>]*>")
_NOT_CODE = re.compile(r"[\s'-]+")


@dataclass(frozen=True, slots=True)
class SearchedTexts:
    """What is searched of a product.

    Attributes:
        product_id: the product.
        title: its title.
        names: short texts, of which neighbouring words are also found as one: tags, options, the category.
        codes: SKUs.
        barcodes: numbers such as GTINs.
        body: long texts.
        translations: title and long text in each further language, with its locale.
        is_hidden: whether the shop does not show it: only the back office finds it.
    """

    product_id: int
    title: str
    names: Sequence[str] = ()
    codes: Sequence[str] = ()
    barcodes: Sequence[str] = ()
    body: str = ""
    translations: Sequence[tuple[str, str, str]] = ()
    is_hidden: bool = False

    @property
    def key(self) -> int:
        """The key of its document: the product's id, negative if it is hidden."""
        return -self.product_id if self.is_hidden else self.product_id


@dataclass(frozen=True, slots=True)
class Document:
    """The words of one product, as the index stores them; each is there once. `key`: as `SearchedTexts` has it."""

    key: int
    title: str
    body: str

    @property
    def plain_words(self) -> set[str]:
        """The words of the shop's own language without those that were derived; of a hidden product none."""
        if self.key < 0:
            return set()
        return {word for word in (*self.title.split(), *self.body.split()) if word[0] not in (DERIVED, _MARK)}


def text_of_html(sanitised: str) -> str:
    """Return the text of sanitised HTML, for searches: in it each "<" begins a tag that ends."""
    return html.unescape(_TAG.sub(" ", sanitised))


def mark_of(locale: str) -> str:
    """Return what stands before the words of a translation: "§dede§" for "de_DE"."""
    return f"{_MARK}{locale.replace('_', '').lower()}{_MARK}"


def build_document(texts: SearchedTexts, language: str) -> Document:
    """Return the search document of a product; each word is kept once."""
    heading = dict.fromkeys(_words(texts.title, language, pairs=True))
    rest: dict[str, None] = {}
    for name in texts.names:
        rest.update(dict.fromkeys(_name_words(name, language)))
    for code in texts.codes:
        rest.update(dict.fromkeys(_words(code, language)))
        rest[DERIVED + _compact(code)] = None
    for barcode in texts.barcodes:
        rest.update(dict.fromkeys(_barcode_words(barcode)))
    rest.update(dict.fromkeys(_words(texts.body, language)))
    for locale, title, body in texts.translations:
        mark, of_locale = mark_of(locale), language_of(locale)
        heading.update(dict.fromkeys(mark + word for word in _words(title, of_locale, pairs=True)))
        rest.update(dict.fromkeys(mark + word for word in islice(_words(body, of_locale), _MAX_WORDS)))
    words = [word for word in rest if word not in heading][: _MAX_WORDS * (1 + len(texts.translations))]
    return Document(texts.key, " ".join(heading), " ".join(words))


def _words(text: str, language: str, *, pairs: bool = False) -> Iterator[str]:
    """Return the indexed words of a text; `pairs`: also each two neighbours as one word.

    This runs for each word of each product, so all that a word gives comes from a table.
    """
    tokens = clean(text).split()
    indexed = chain.from_iterable(map(_table(language), dict.fromkeys(tokens)))
    if not pairs and not any(map(str.isdigit, tokens)):
        return indexed
    return chain(indexed, _neighbours(tokens, language, pairs=pairs))


@lru_cache(maxsize=5_000)
def _name_words(name: str, language: str) -> tuple[str, ...]:
    """Return the indexed words of a short text; many products have the same tags, options and vendors."""
    return tuple(dict.fromkeys(_words(name, language, pairs=True)))


@cache
def _table(language: str) -> Callable[[str], tuple[str, ...]]:
    """Return the function that gives the indexed words of a token, for a language."""

    @lru_cache(maxsize=100_000)
    def index_token(token: str) -> tuple[str, ...]:
        plain: dict[str, None] = {}
        derived: dict[str, None] = {}
        for found in split_token(token):
            joined = (found.joined,) if found.joined else ()
            for word in found.parts:
                known = forms(word, language)
                plain.update(dict.fromkeys(known.plain))
                derived.update(dict.fromkeys((*known.spelt, *known.stems)))
            for word in joined:
                known = forms(word, language)
                derived.update(dict.fromkeys((fold(word), *known.spelt, *known.stems)))
        return (*plain, *(DERIVED + word for word in derived if word not in plain))

    return index_token


def _neighbours(tokens: Sequence[str], language: str, *, pairs: bool) -> Iterator[str]:
    parts = [part for token in tokens for found in split_token(token) for part in found.parts]
    before = ""  # the thousands of a number such as "1,260"
    for first, second in pairwise(parts):
        if before and join_unit(first, second):
            yield DERIVED + before + fold(second)
        before = join_thousands(first, second)
        if before:
            yield DERIVED + before
        if join_words((first, second)) if pairs else join_unit(first, second):
            # With the stems of the second word: quicker than to work out the stems of each pair.
            begin = DERIVED + fold(first)
            yield from (begin + end for end in (fold(second), *forms(second, language).stems))


def _barcode_words(text: str) -> Iterator[str]:
    """Yield a number as one word, however it is grouped; without the zeros that it begins with; as the other ISBN."""
    if code := _compact(text):
        yield code
        yield DERIVED + code.lstrip("0")
        for isbn in other_isbn(code):
            yield from (DERIVED + isbn, DERIVED + isbn.lstrip("0"))


def _compact(code: str) -> str:
    return fold(_NOT_CODE.sub("", clean(code)))
