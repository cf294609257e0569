"""Addresses in the shop's languages: `/de/products/mug` is the page of `/products/mug` in German.

The first part of the path sets the request's language, once. `request.path` keeps it, so everything that is kept by
address (the cache's index of URLs, nginx, an edge, browsers) keeps each language apart. `url_for` keeps the language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import Flask, Request, current_app
from werkzeug.routing import Map, MapAdapter

from storefront import languages
from storefront.app_state import AppState
from storefront.languages import Language

# Returns the further languages of the shop. Called without an application context, if an address may begin with one.
Reader = Callable[[Flask], Sequence[Language]]
further_languages = AppState[Reader]("web.further_languages")
_MAX_TAG = 16  # characters


class MultilingualFlask(Flask):
    """An application whose addresses may begin with a language."""

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what matches the request's path and builds URLs, in the language of the address."""
        adapter = super().create_url_adapter(request)
        if adapter is None or request is None:
            return adapter
        tag = languages.first_part(request.path)
        language = find_language(self, tag)
        if language is None:
            return adapter
        languages.note(request.environ, language)
        rest = request.path[len(tag) + 1 :]
        # `/de/admin` is no address of the shop: the back office has one.
        return LanguageAdapter(
            adapter, language, rest if languages.is_translated(rest or "/") else request.path
        )


class LanguageAdapter(MapAdapter):
    """Matches a path without its language, and builds the URLs of pages with it; those of files have none."""

    def __init__(self, plain: MapAdapter, language: Language, path: str = "/") -> None:
        super().__init__(
            plain.map,
            plain.server_name,
            f"{plain.script_name}{language.tag}/",
            plain.subdomain,
            plain.url_scheme,
            path,
            plain.default_method,
            plain.query_args,
        )
        self._plain = plain

    def build(self, endpoint: str, *args: Any, **kwargs: Any) -> str:
        """Return the URL of an endpoint."""
        if _is_translated(self.map, endpoint):
            return super().build(endpoint, *args, **kwargs)
        return self._plain.build(endpoint, *args, **kwargs)


def find_language(app: Flask, tag: str) -> Language | None:
    """Return the further language with this tag, if the shop has it; the shop's own paths take no look-up."""
    if not 2 <= len(tag) <= _MAX_TAG or tag in _own_parts(app):
        return None
    return next((each for each in list_languages(app) if each.tag == tag), None)


def list_languages(app: Flask) -> Sequence[Language]:
    """Return the further languages of the shop; most shops have none."""
    read = further_languages.find(app)
    return read(app) if read else ()


@contextmanager
def use_locale(locale: str) -> Iterator[None]:
    """Build in the further language with this locale, or in the shop's own if it has none such."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's own way
    found = next((each for each in list_languages(app) if each.locale == locale), None) if locale else None
    with languages.use(found):
        yield


def _is_translated(url_map: Map, endpoint: str) -> bool:
    try:
        return languages.is_translated(next(url_map.iter_rules(endpoint)).rule)
    except KeyError:  # there is no such endpoint, as `build` will say
        return False


_parts = AppState[frozenset[str]]("web.own_parts")


def _own_parts(app: Flask) -> frozenset[str]:
    """Return the first parts of the shop's own paths: none of them is a language."""
    known = _parts.find(app)
    if known is None:
        known = frozenset(languages.first_part(rule.rule) for rule in app.url_map.iter_rules())
        _parts.set(app, known)
    return known
