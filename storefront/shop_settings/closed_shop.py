"""The closed shop: strangers get a kind page with 503, staff who are signed in see the shop as if it were open.

The page cache keeps nothing that is built meanwhile, and a change of the setting drops every page that was kept. So a
cached page was built while the shop was open, and is answered without a look at the settings. A page that has to be
built reads them, and depends on them. While a worker has the setting in its memory, strangers are refused before
the cache is asked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from math import ceil
from typing import NamedTuple

from flask import Flask, current_app, render_template, request
from werkzeug.wrappers import Response

from storefront import cache, moments
from storefront.app_state import Hook
from storefront.config import ShopSettings
from storefront.i18n import gettext as _
from storefront.shop_settings.announcement import moment_of
from storefront.shop_settings.current_settings import current, find_in_memory, translate
from storefront.shop_settings.translated_texts import CLOSED_TEXT, NOTICE
from storefront.web import compression, error_pages

may_enter = Hook[[], bool]("shop_settings.may_enter")
"""Returns whether the person who makes the current request may see the shop while it is closed."""

# The first parts of the addresses that go on: probes, files, the office, accounts, orders that were placed, events of
# payment providers, and the merchant's own pages, some of which the law wants.
OPEN_PARTS: Collection[str] = frozenset(
    "healthz readyz metrics .well-known robots.txt static look media favicon.ico apple-touch-icon.png "
    "apple-touch-icon-precomposed.png speculation-rules.json me admin ops account orders payments pages".split()
)
_ENTERED = "storefront.closed_shop.entered"  # in the environ of a request


class Closing(NamedTuple):
    """How the shop is closed: the merchant's text, and when it opens by itself; None: when somebody opens it."""

    text: str
    reopens_at: datetime | None


def find_closing() -> Closing | None:
    """Return how the shop is closed now; None while it is open. What is being built depends on it."""
    return _closing_of(current())


def _closing_of(settings: ShopSettings) -> Closing | None:
    if not settings.closed:
        return None
    reopens_at = moment_of(settings.reopens_at) if settings.reopens_at else None
    if reopens_at is not None and reopens_at <= moments.now():
        return None
    return Closing(translate(NOTICE, CLOSED_TEXT, settings.closed_text), reopens_at)


def init_app(app: Flask) -> None:
    """Close the shop, before the page cache is asked, while this worker knows that it is closed."""
    app.before_request(_refuse_at_once)
    app.add_template_global(find_closing, "shop_closing")
    app.add_template_global(_has_entered, "is_inside_closed_shop")
    compression.printed_on_every_page.register(app, _has_entered)


def guard_builds(app: Flask) -> None:
    """Close the shop for requests that the page cache does not answer. Call it when the cache has been registered."""
    app.before_request(_refuse_strangers)


def _refuse_at_once() -> Response | None:
    settings = find_in_memory(current_app)
    if settings is None or _is_open_address() or (closing := _closing_of(settings)) is None:
        return None
    return _answer(closing)


def _refuse_strangers() -> Response | None:
    if _has_entered() or _is_open_address() or (closing := find_closing()) is None:
        return None
    return _answer(closing)


def _is_open_address() -> bool:
    rule = request.url_rule.rule if request.url_rule else request.path
    return rule.split("/", 2)[1] in OPEN_PARTS


def _answer(closing: Closing) -> Response | None:
    """Return the page of the closed shop; None for somebody who may see the shop."""
    cache.answer_privately()
    if any(may_enter.fire()):
        request.environ[_ENTERED] = True
        return None
    return _render(closing)


def _has_entered() -> bool:
    """Return whether this page of the closed shop is shown to somebody of the staff."""
    return _ENTERED in request.environ


def _render(closing: Closing) -> Response:
    own = error_pages.render_for_path(503, _("The shop is closed at the moment."))
    page = render_template("errors/closed.html", closing=closing) if own is None else ""
    response = own or Response(page, 503, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    if closing.reopens_at is not None:
        left = (closing.reopens_at - moments.now()).total_seconds()
        response.headers["Retry-After"] = str(max(1, ceil(left)))
    return response
