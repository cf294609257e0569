"""The page cache: whole public responses, answered in `before_request` and stored in `after_request`.

A view declared with `public_page` answers everybody the same. Its response is stored under the canonical form of its
address, so unknown query parameters cannot create entries.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from flask import Flask, Response, request
from werkzeug.datastructures import MultiDict

from storefront.cache import keys, page_builds, page_renderer, responses
from storefront.cache.etags import parse_if_none_match
from storefront.cache.invalidation import get_snapshot_time
from storefront.cache.keys import CacheEntry, EntryKind
from storefront.cache.page_renderer import PageAddress
from storefront.cache.state import CacheState
from storefront.cache.store import BuildTicket, CacheHit
from storefront.errors import StorefrontError
from storefront.languages import current_locale
from storefront.web import compression
from storefront.web.private import mark_private
from storefront.web.same_origin import get_origin

log = logging.getLogger(__name__)

_MOST_PARAMETERS = 20  # of a query, that are tried
_LONGEST_ADDRESS = 500

Canonical = Callable[[Mapping[str, Any], Mapping[str, str]], str]
View = TypeVar("View", bound=Callable[..., Any])


class NotPublicError(StorefrontError):
    """A view declared public returned a response that must not be shared; the text says why."""


@dataclass(frozen=True, slots=True)
class PagePolicy:
    """How a view's pages are cached; see `public_page`."""

    kind: EntryKind
    canonical: Canonical
    anonymous: bool = False
    lags: bool = False


def public_page(
    kind: EntryKind, canonical: Canonical | None = None, *, anonymous: bool = False, lags: bool = False
) -> Callable[[View], View]:
    """Declare that a view answers everybody the same, so that its pages are cached.

    Args:
        kind: the kind of entry, for TTL and counters.
        canonical: returns the canonical form of an address from the view's arguments and the query. Addresses with
            the same form share a page. It raises a StorefrontError for a query that the view refuses. By default the
            query is ignored.
        anonymous: requests with `Authorization` bypass the cache.
        lags: the pages follow some changes only at the end of their TTL, so the truth meter leaves them alone.
    """

    def declare(view: View) -> View:
        view.page_policy = PagePolicy(kind, canonical or _ignore_query, anonymous, lags)  # type: ignore[attr-defined]
        return view

    return declare


def init_app(app: Flask, state: CacheState) -> None:
    """Register the request hooks."""
    store, url_index, fingerprint = state.store, state.url_index, state.fingerprint
    state.truth_meter.is_compared = lambda endpoint: _is_compared(app, endpoint)

    @app.before_request
    def answer_from_cache() -> Response | None:
        policy = find_policy(app, request.endpoint)
        if policy is None or request.method not in ("GET", "HEAD") or app.debug or page_builds.is_private():
            return None
        if request.script_root != app.config["PREFIX"]:
            return None
        if policy.anonymous and "Authorization" in request.headers:
            return None
        try:
            entry = make_entry(
                policy, request.endpoint or "", fingerprint, request.view_args or {}, request.args
            )
        except StorefrontError:
            return None  # the view answers with an error page
        if (rendering := page_renderer.find_rendering(request.environ)) is not None:
            return page_renderer.begin_rendering(state, rendering, entry, _find_address(policy))
        if store.counters.count_request(request.full_path.rstrip("?")):
            state.hot_pages.count(entry.key, request.environ)
        encoding = compression.negotiate(request.accept_encodings)
        client_etags = parse_if_none_match(request.headers.get("If-None-Match", ""), encoding)
        result = store.look_up(entry, responses.variant_of(encoding), etags=client_etags, relaxed=True)
        if isinstance(result, BuildTicket):
            result = _renew_in_background(state, result, encoding, client_etags) or result
        if isinstance(result, CacheHit):
            if result.body is not None or result.etag in client_etags:
                if result.body is None:
                    store.counters.add(entry.kind.name, "not_modified")
                with contextlib.suppress(*responses.UNREADABLE):
                    answer = responses.make_answer(result, entry.key, encoding, client_etags, state.edge)
                    url_index.remember(request.environ, entry)
                    return page_builds.to_response(answer)
                store.counters.add(entry.kind.name, "undecodable")
            result = store.look_up(entry, force=True, relaxed=True)
            if isinstance(result, CacheHit):
                return None
        result.begin(get_snapshot_time())
        page_builds.begin_build(result, encoding, client_etags, _find_address(policy), state.visitor_builds)
        return None

    @app.after_request
    def store_response(response: Response) -> Response:
        build = page_builds.current_build()
        if build is None:
            if find_policy(app, request.endpoint) is not None:
                response.headers.setdefault("Cache-Status", "storefront; fwd=bypass")
            return mark_private(response) if page_builds.is_private() else response
        if (rendering := page_renderer.find_rendering(request.environ)) is not None:
            return page_renderer.end_rendering(state, rendering, build, response)
        if response.status_code >= 500:
            stale = build.ticket.find_stale(responses.variant_of(build.encoding))
            if stale is None:
                response.headers["Cache-Status"] = "storefront; fwd=miss"
                return response
            key = build.ticket.entry.key
            return page_builds.to_response(
                responses.make_answer(stale, key, build.encoding, build.client_etags, state.edge)
            )
        if reason := page_builds.find_unshareable(response):
            store.counters.add(build.ticket.entry.kind.name, "not_public")
            if app.testing:
                raise NotPublicError(f"{request.path} {reason}, and is declared public")
            log.error("%s %s, and is declared public: not stored", request.path, reason)
            return mark_private(response)
        if response.status_code not in page_builds.STORED_STATUSES or build.not_stored:
            response.headers["Cache-Status"] = "storefront; fwd=miss"
            return response
        return page_builds.store_response(state, build, response)

    @app.teardown_request
    def end_build(_: BaseException | None) -> None:
        page_builds.end_build()


def find_policy(app: Flask, endpoint: str | None) -> PagePolicy | None:
    """Return how an endpoint's pages are cached; None if they are not."""
    return getattr(app.view_functions.get(endpoint or ""), "page_policy", None)


def make_entry(
    policy: PagePolicy,
    endpoint: str,
    fingerprint: str,
    arguments: Mapping[str, Any],
    query: Mapping[str, str],
) -> CacheEntry:
    """Return the entry of a view's page for these arguments and this query.

    The app's origin is part of it, since pages contain absolute addresses; so is a language that the address names.
    """
    build = f"{fingerprint}-{keys.digest(get_origin())[:8]}"
    if locale := current_locale():
        build = f"{build}-{locale}"
    return keys.page(endpoint, policy.canonical(arguments, query), build, policy.kind)


def _find_address(policy: PagePolicy) -> str:
    """Return the path and query of the current request's page, without parameters that it does not depend on."""
    arguments, pairs = request.view_args or {}, list(request.args.items(multi=True))
    path = quote(request.script_root + request.path)
    if policy.canonical is _ignore_query or not pairs:
        return path
    wanted = policy.canonical(arguments, request.args)
    for pair in pairs[:_MOST_PARAMETERS]:
        fewer = [other for other in pairs if other is not pair]
        with contextlib.suppress(StorefrontError):
            if policy.canonical(arguments, MultiDict(fewer)) == wanted:
                pairs = fewer
    address = f"{path}?{urlencode(pairs)}".rstrip("?")
    return address if len(address) <= _LONGEST_ADDRESS else f"{path}?…"


def _renew_in_background(
    state: CacheState, ticket: BuildTicket, encoding: str | None, client_etags: Mapping[str, str]
) -> CacheHit | None:
    """Return the old page, and have the new one built in the background; None if the visitor must wait for it."""
    if not state.renewer.task.is_running:
        return None
    old = ticket.find_permitted(responses.variant_of(encoding), client_etags)
    if old is None or (old.body is None and old.etag not in client_etags):
        return None
    address = PageAddress.of_request(request.environ)
    return old if state.renewer.hand_over(ticket, address, old.tags, old.grace_left) else None


def _is_compared(app: Flask, endpoint: str) -> bool:
    policy = find_policy(app, endpoint)
    return policy is not None and not policy.lags


def _ignore_query(arguments: Mapping[str, Any], _query: Mapping[str, str]) -> str:
    return "/".join(f"{name}={value}" for name, value in sorted(arguments.items()))
