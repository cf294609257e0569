"""The languages of a shop, and the one in which the present request is answered, or the present letter written.

The shop's own language has no prefix in its addresses; a further one has its tag: `/de/products/mug`. Code that
builds texts asks `i18n.shop_locale()`, which knows both; code that builds addresses asks `add_language`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from babel import Locale
from flask import has_request_context, request

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# The first parts of the paths that answer in each language. The back office, the API and files have one address.
TRANSLATED = frozenset(
    {
        "",
        "account",
        "cart",
        "categories",
        "checkout",
        "collections",
        "orders",
        "pages",
        "previews",
        "products",
    }
)
_FIRST = re.compile(r"/([^/?#]*)")
_KEY = "storefront.language"  # in the WSGI environment: the language of the address


@dataclass(frozen=True, slots=True)
class Language:
    """A language beside the shop's own.

    Attributes:
        tag: the first part of its addresses, such as "de".
        locale: of its texts and amounts, such as "de_DE".
    """

    tag: str
    locale: str

    @property
    def name(self) -> str:
        """What the language calls itself, for people: "Deutsch"."""
        return name_of(self.locale)


class _Unset:
    """Nobody has chosen a language with `use`: the request's holds."""


_UNSET: Final = _Unset()
_chosen: ContextVar[Language | _Unset | None] = ContextVar("storefront.language", default=_UNSET)


@lru_cache(maxsize=64)
def parse(own: str, further: str) -> tuple[Language, ...]:
    """Return the further languages of a shop, by its own locale and a list of locales such as "de_DE, ja_JP".

    The tag is the language alone; of a second locale of the same language ("de_AT"), the whole locale.
    """
    found: list[Language] = []
    tags = {own.partition("_")[0]}
    for locale in filter(None, map(str.strip, further.split(","))):
        if locale == own:
            continue
        tag = locale.partition("_")[0]
        tag = tag if tag not in tags else locale.replace("_", "-").lower()
        tags.add(tag)
        found.append(Language(tag, locale))
    return tuple(found)


def is_own(tag: str, own: str) -> bool:
    """Return whether a tag that somebody names is that of the shop's own locale: "ja" or "ja-jp" in ja_JP, or empty.

    Addresses have none, and no further language gets this one (`parse`).
    """
    return tag.lower() in ("", own.partition("_")[0], own.replace("_", "-").lower())


@lru_cache(maxsize=64)
def name_of(locale: str) -> str:
    """Return what a language calls itself: "Deutsch", "日本語"."""
    name = Locale.parse(locale).language_name or locale
    own = Locale.parse(locale).get_language_name(locale) or name
    return f"{own[0].upper()}{own[1:]}"


def current() -> Language | None:
    """Return the language of what is being built; None: the shop's own."""
    chosen = _chosen.get()
    if not isinstance(chosen, _Unset):
        return chosen
    return request.environ.get(_KEY) if has_request_context() else None


def current_locale() -> str:
    """Return the locale of the present language if it is not the shop's own; else the empty text."""
    language = current()
    return language.locale if language else ""


@contextmanager
def use(language: Language | None) -> Iterator[None]:
    """Build in this language, whatever the request's is: letters, and work in another thread."""
    token = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(token)


def note(environ: WSGIEnvironment, language: Language) -> None:
    """Note the language of a request's address."""
    environ[_KEY] = language


def first_part(path: str) -> str:
    """Return the first part of a path: "products" of "/products/mug"; empty for "/"."""
    found = _FIRST.match(path)
    return found[1] if found else ""


def is_translated(path: str) -> bool:
    """Return whether a path of the shop, without any prefix, answers in each language."""
    return path.startswith("/") and first_part(path) in TRANSLATED


def add_language(path: str, language: Language | None) -> str:
    """Return a path of the shop in a language; as it is, if it answers in the shop's own alone."""
    return f"/{language.tag}{path}" if language and is_translated(path) else path


def remove_language(path: str) -> str:
    """Return the path of a request without the tag of its language, if that is not the shop's own."""
    language = current()
    if language is None or not path.startswith(f"/{language.tag}/"):
        return path
    rest = path[len(language.tag) + 1 :]
    return rest if is_translated(rest) else path
