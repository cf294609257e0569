"""The links of the header and the footer that every page of the shop has, error pages included."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from typing import Protocol

from flask import Flask, current_app
from sqlalchemy.exc import SQLAlchemyError

from storefront.app_state import AppState, Hook
from storefront.errors import StorefrontError

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


Links = tuple[NavigationLink, ...]

load_links = Hook[[], Sequence[NavigationLink]]("web.navigation_links")
"""Returns links for the navigation of every page, in order. Called for each rendered page, so it must be cheap."""

load_footer_links = Hook[[], Sequence[NavigationLink]]("web.footer_links")
"""Like `load_links`, for links that the footer alone has."""


class _LatestLinks:
    """The links of the last successful look-up: pages about a database that is away have them, too."""

    def __init__(self, load: Hook[[], Sequence[NavigationLink]]) -> None:
        self._load = load
        self._links: Links = ()
        self._retry_at = 0.0

    def load(self) -> Links:
        if time.monotonic() >= self._retry_at:
            if self._retry_at:  # one page asks again; the others do not wait for it
                self._retry_at = time.monotonic() + RETRY
            try:
                self._links = tuple(link for links in self._load.fire() for link in links)
                self._retry_at = 0.0
            except (SQLAlchemyError, StorefrontError):  # a page that says so must not wait for it again
                self._retry_at = time.monotonic() + RETRY
        return self._links


_latest = AppState[_LatestLinks]("web.site_navigation")
_latest_of_footer = AppState[_LatestLinks]("web.footer_navigation")


def init_app(app: Flask) -> None:
    """Offer `site_navigation()` and `footer_navigation()` to templates."""
    _latest.set(app, _LatestLinks(load_links))
    _latest_of_footer.set(app, _LatestLinks(load_footer_links))
    app.add_template_global(find_links, "site_navigation")
    app.add_template_global(find_footer_links, "footer_navigation")


def is_installed(app: Flask) -> bool:
    """Return whether the application prints the frame of our pages: another Flask app may use single rooms."""
    return _latest.find(app) is not None


def find_links() -> Links:
    """Return the links, or if they cannot be read, those that were read last."""
    return _latest.get(current_app).load()


def find_footer_links() -> Links:
    """Return the links that the footer alone has, or if they cannot be read, those that were read last."""
    return _latest_of_footer.get(current_app).load()
