"""The menus of the header and the footer that every page of the shop has, error pages included."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import unquote

from flask import Flask, current_app, request
from sqlalchemy.exc import SQLAlchemyError

from storefront.app_state import AppState, Hook
from storefront.errors import StorefrontError

T = TypeVar("T", bound=Hashable)

RETRY = 5.0  # seconds until the links are read again after that has failed


class NavigationLink(Hashable, Protocol):
    """A link with the name of the page that it leads to."""

    @property
    def name(self) -> str:
        """What the link says."""
        ...

    @property
    def url(self) -> str:
        """Where it leads."""
        ...


class MenuLink(NavigationLink, Protocol):
    """A link of a menu with those below it. Without a URL it is a heading."""

    @property
    def children(self) -> Sequence[NavigationLink]:
        """The links below it."""
        ...


Links = tuple[NavigationLink, ...]


class SiteMenus(NamedTuple):
    """The menus that a merchant has made, and the merchant's pages.

    Attributes:
        header: the merchant's menu; None: the shop makes one of the categories.
        footer: the same in the footer; None: the shop makes one of the categories and pages.
        pages: links to all published pages.
        legal: those of them that the law asks for.
    """

    header: tuple[MenuLink, ...] | None = None
    footer: tuple[MenuLink, ...] | None = None
    pages: Links = ()
    legal: Links = ()

    @property
    def further_legal(self) -> Links:
        """Links to the pages that the law asks for and the footer's own menu does not have."""
        present = {each.url for link in self.footer or () for each in (link, *link.children)}
        return tuple(link for link in self.legal if link.url not in present)


load_links = Hook[[], Sequence[NavigationLink]]("web.navigation_links")
"""Returns links for the navigation of every page, in order. Called for each rendered page, so it must be cheap."""

load_menus = Hook[[], SiteMenus]("web.menus")
"""Returns the merchant's menus. Called like `load_links`; of several handlers the first counts."""


class _Latest(Generic[T]):
    """The result of the last successful look-up: pages about a database that is away print it, too."""

    def __init__(self, load: Callable[[], T], empty: T) -> None:
        self._load = load
        self._found = empty
        self._retry_at = 0.0

    def load(self) -> T:
        if time.monotonic() >= self._retry_at:
            if self._retry_at:  # one page asks again; the others do not wait for it
                self._retry_at = time.monotonic() + RETRY
            try:
                self._found = self._load()
                self._retry_at = 0.0
            except (SQLAlchemyError, StorefrontError):  # a page that says so must not wait for it again
                self._retry_at = time.monotonic() + RETRY
        return self._found


_latest_links = AppState[_Latest[Links]]("web.site_navigation")
_latest_menus = AppState[_Latest[SiteMenus]]("web.site_menus")


def init_app(app: Flask) -> None:
    """Offer `site_navigation()` and `site_menus()` to templates."""
    _latest_links.set(app, _Latest(lambda: tuple(link for links in load_links.fire() for link in links), ()))
    _latest_menus.set(app, _Latest(lambda: next(iter(load_menus.fire()), SiteMenus()), SiteMenus()))
    app.add_template_global(find_links, "site_navigation")
    app.add_template_global(find_menus, "site_menus")
    app.add_template_test(is_current, "current_url")


def is_installed(app: Flask) -> bool:
    """Return whether the application prints the frame of our pages: another Flask app may use single rooms."""
    return _latest_links.find(app) is not None


def find_links() -> Links:
    """Return the links, or if they cannot be read, those that were read last."""
    return _latest_links.get(current_app).load()


def is_current(url: str) -> bool:
    """Return whether a URL without a query is that of the page that is being rendered."""
    return unquote(url) == f"{request.script_root}{request.path}"


def find_menus() -> SiteMenus:
    """Return the merchant's menus, or if they cannot be read, those that were read last."""
    return _latest_menus.get(current_app).load()
