"""The closed shop: strangers get a kind page with 503, staff who are signed in see the shop as if it were open.

The page cache keeps nothing that is built meanwhile: the hook below answers before it, also what the cache renders by
itself. A change of the setting drops every page that was kept before.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from math import ceil
from typing import NamedTuple

from flask import Flask, render_template, request
from werkzeug.wrappers import Response

from storefront import cache, moments
from storefront.app_state import Hook
from storefront.i18n import gettext as _
from storefront.shop_settings.announcement import moment_of
from storefront.shop_settings.current_settings import current
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
    """Return how the shop is closed now; None while it is open."""
    settings = current()
    if not settings.closed:
        return None
    reopens_at = moment_of(settings.reopens_at) if settings.reopens_at else None
    if reopens_at is not None and reopens_at <= moments.now():
        return None
    return Closing(settings.closed_text, reopens_at)


def init_app(app: Flask) -> None:
    """Close the shop while its setting says so. The page cache is registered later, so it is asked later."""
    app.before_request(_refuse_strangers)
    app.add_template_global(find_closing, "shop_closing")
    app.add_template_global(_has_entered, "is_inside_closed_shop")
    compression.printed_on_every_page.register(app, _has_entered)


def _refuse_strangers() -> Response | None:
    rule = request.url_rule.rule if request.url_rule else request.path
    if rule.split("/", 2)[1] in OPEN_PARTS or (closing := find_closing()) is None:
        return None
    if any(may_enter.fire()):
        request.environ[_ENTERED] = True
        cache.answer_privately()
        return None
    return _answer(closing)


def _has_entered() -> bool:
    """Return whether this page of the closed shop is shown to somebody of the staff."""
    return _ENTERED in request.environ


def _answer(closing: Closing) -> Response:
    own = error_pages.render_for_path(503, _("The shop is closed at the moment."))
    page = render_template("errors/closed.html", closing=closing) if own is None else ""
    response = own or Response(page, 503, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    if closing.reopens_at is not None:
        left = (closing.reopens_at - moments.now()).total_seconds()
        response.headers["Retry-After"] = str(max(1, ceil(left)))
    return response
