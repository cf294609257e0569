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

from flask import Flask, Response, current_app, g, request
from flask.globals import request_ctx

from storefront.cache import keys, responses
from storefront.cache.etags import compute_digest, parse_if_none_match
from storefront.cache.invalidation import collect_dependencies, get_snapshot_time
from storefront.cache.keys import CacheEntry, EntryKind
from storefront.cache.l2 import StoredValue
from storefront.cache.responses import PageAnswer
from storefront.cache.state import CacheState
from storefront.cache.store import BuildTicket, CacheHit
from storefront.errors import StorefrontError
from storefront.web import compression
from storefront.web.private import mark_private
from storefront.web.same_origin import get_origin

log = logging.getLogger(__name__)

Canonical = Callable[[Mapping[str, Any], Mapping[str, str]], str]
View = TypeVar("View", bound=Callable[..., Any])

_STORED_STATUSES = frozenset((200, 301, 404, 410))
_NEGATIVE_STATUSES = frozenset((404, 410))


class NotPublicError(StorefrontError):
    """A view declared public returned a response that must not be shared; the text says why."""


@dataclass(frozen=True, slots=True)
class PagePolicy:
    """How a view's pages are cached; see `public_page`."""

    kind: EntryKind
    canonical: Canonical
    anonymous: bool = False


@dataclass(slots=True)
class _PageBuild:
    """The page that the current request builds."""

    ticket: BuildTicket
    encoding: str | None
    client_etags: Mapping[str, str]
    collector: collect_dependencies
    tags: set[str]
    not_stored: bool = False


def public_page(
    kind: EntryKind, canonical: Canonical | None = None, *, anonymous: bool = False
) -> Callable[[View], View]:
    """Declare that a view answers everybody the same, so that its pages are cached.

    Args:
        kind: the kind of entry, for TTL and counters.
        canonical: returns the canonical form of an address from the view's arguments and the query. Addresses with
            the same form share a page. It raises a StorefrontError for a query that the view refuses. By default the
            query is ignored.
        anonymous: requests with `Authorization` bypass the cache.
    """

    def declare(view: View) -> View:
        view.page_policy = PagePolicy(kind, canonical or _ignore_query, anonymous)  # type: ignore[attr-defined]
        return view

    return declare


def do_not_store() -> None:
    """Keep the current response out of the cache, for example at an address that anybody can make up."""
    build: _PageBuild | None = g.get("cache_build")
    if build is not None:
        build.not_stored = True


def init_app(app: Flask, state: CacheState) -> None:
    """Register the request hooks."""
    store, url_index, fingerprint = state.store, state.url_index, state.fingerprint

    @app.before_request
    def answer_from_cache() -> Response | None:
        policy = find_policy(app, request.endpoint)
        if policy is None or request.method not in ("GET", "HEAD") or app.debug:
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
        store.counters.count_request(request.full_path.rstrip("?"))
        encoding = compression.negotiate(request.accept_encodings)
        client_etags = parse_if_none_match(request.headers.get("If-None-Match", ""), encoding)
        result = store.look_up(entry, responses.variant_of(encoding), etags=client_etags)
        if isinstance(result, CacheHit):
            if result.body is not None or result.etag in client_etags:
                if result.body is None:
                    store.counters.add(entry.kind.name, "not_modified")
                with contextlib.suppress(*responses.UNREADABLE):
                    answer = responses.make_answer(result, entry.key, encoding, client_etags)
                    url_index.remember(request.environ, entry)
                    return _to_response(answer)
                store.counters.add(entry.kind.name, "undecodable")
            result = store.look_up(entry, force=True)
            if isinstance(result, CacheHit):
                return None
        result.set_snapshot_time(get_snapshot_time())
        collector = collect_dependencies()
        g.cache_build = _PageBuild(result, encoding, client_etags, collector, collector.__enter__())
        return None

    @app.after_request
    def store_response(response: Response) -> Response:
        build: _PageBuild | None = g.get("cache_build")
        if build is None:
            if find_policy(app, request.endpoint) is not None:
                response.headers.setdefault("Cache-Status", "storefront; fwd=bypass")
            return response
        if response.status_code >= 500:
            stale = build.ticket.find_stale(responses.variant_of(build.encoding))
            if stale is None:
                response.headers["Cache-Status"] = "storefront; fwd=miss"
                return response
            return _to_response(
                responses.make_answer(stale, build.ticket.entry.key, build.encoding, build.client_etags)
            )
        if reason := find_unshareable(response):
            store.counters.add(build.ticket.entry.kind.name, "not_public")
            if app.testing:
                raise NotPublicError(f"{request.path} {reason}, and is declared public")
            log.error("%s %s, and is declared public: not stored", request.path, reason)
            return mark_private(response)
        if response.status_code not in _STORED_STATUSES or build.not_stored:
            response.headers["Cache-Status"] = "storefront; fwd=miss"
            return response
        return _store_response(state, build, response)

    @app.teardown_request
    def end_build(_: BaseException | None) -> None:
        build: _PageBuild | None = g.pop("cache_build", None)
        if build is not None:
            build.collector.__exit__()
            build.ticket.abandon()


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

    The shop's origin is part of it, since pages contain absolute addresses.
    """
    build = f"{fingerprint}-{keys.digest(get_origin())[:8]}"
    return keys.page(endpoint, policy.canonical(arguments, query), build, policy.kind)


def find_unshareable(response: Response) -> str | None:
    """Return why a response must not be shared, as the end of a sentence; None if it may be shared."""
    if "Set-Cookie" in response.headers:
        return "sets a cookie"
    # Flask's `session` proxy would mark the session as accessed.
    session = request_ctx._session
    if session is not None and (session.accessed or session.modified):
        return "touched the session"
    if response.cache_control.private or response.cache_control.no_store:
        return "is marked private"
    if "cookie" in response.vary:
        return "varies by cookie"
    return "is streamed" if response.is_streamed else None


def _store_response(state: CacheState, build: _PageBuild, response: Response) -> Response:
    body, entry = response.get_data(), build.ticket.entry
    meta = responses.encode_head(response)
    bodies = {
        "br": compression.encode(body, "br", quality=5),
        "gzip": compression.encode(body, "gzip", quality=6),
    }
    digest = compute_digest(body, meta)
    # Short TTL for pages that do not exist: anybody can make up such addresses.
    hard = keys.NEGATIVE_TTL if response.status_code in _NEGATIVE_STATUSES else keys.HARD_TTL
    ttl = min(state.store.ttl(entry), hard)
    tags = tuple(sorted({*build.tags, keys.EVERYTHING}))
    stale = keys.STALE in tags
    stored = build.ticket.fill(StoredValue(meta, digest, bodies), tags, ttl=ttl, hard=hard)
    if stored:  # the fast path may answer the next request
        state.url_index.remember(request.environ, entry)
    sent = None if digest in build.client_etags else bodies[responses.variant_of(build.encoding)]
    hit = CacheHit(meta, digest, sent, tags, 0 if stale else ttl, "stale" if stale else "")
    answer = responses.make_answer(
        hit, entry.key, build.encoding, build.client_etags, stored=None if stale else stored
    )
    return _to_response(answer)


def _to_response(answer: PageAnswer) -> Response:
    response = current_app.response_class(answer.body, status=answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    if answer.status != 304:
        response.headers["Content-Length"] = str(len(answer.body))
    return response


def _ignore_query(arguments: Mapping[str, Any], _query: Mapping[str, str]) -> str:
    return "/".join(f"{name}={value}" for name, value in sorted(arguments.items()))
