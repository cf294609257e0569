"""The build of a page within a request: its tags, whether it may be stored, and its storing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import Response, current_app, g, request
from flask.globals import request_ctx

from storefront.cache import keys, responses
from storefront.cache.build_context import Dependencies, collect_dependencies, is_in_background
from storefront.cache.etags import compute_digest
from storefront.cache.l2 import StoredValue
from storefront.cache.responses import PageAnswer
from storefront.cache.store import BuildTicket, CacheHit
from storefront.pauses import begin_pausing, give_way
from storefront.web import compression

if TYPE_CHECKING:
    from storefront.cache.state import CacheState
    from storefront.cache.visitor_builds import VisitorBuilds

_PRIVATE = "storefront.cache.is_private"  # in the environ of a request
STORED_STATUSES = frozenset((200, 301, 404, 410))


@dataclass(slots=True)
class PageBuild:
    """The page that the current request builds."""

    ticket: BuildTicket
    encoding: str | None
    client_etags: Mapping[str, str]
    collector: collect_dependencies
    tags: Dependencies
    address: str
    visitors: VisitorBuilds
    not_stored: bool = False
    was_stored: bool = False


def begin_build(
    ticket: BuildTicket,
    encoding: str | None,
    client_etags: Mapping[str, str],
    address: str,
    visitors: VisitorBuilds,
) -> None:
    """Begin the build of the current request's page at this address (path and query, for people).

    If a visitor waits for it, `visitors` counts it; else it lets those that are counted go first.
    """
    collector = collect_dependencies()
    g.cache_build = PageBuild(
        ticket, encoding, client_etags, collector, collector.__enter__(), address, visitors
    )
    if is_in_background():
        begin_pausing(visitors.let_them_go_first)
    else:
        begin_pausing(lambda: None)
        visitors.begin()


def answer_privately() -> None:
    """Answer the current request past the page cache, and keep the answer out of all others: it is one person's.

    Call it in a hook. If the build of a page has begun for everybody, it is given up.
    """
    request.environ[_PRIVATE] = True
    end_build()


def is_private() -> bool:
    """Return whether the current request is answered past the page cache (`answer_privately`)."""
    return _PRIVATE in request.environ


def current_build() -> PageBuild | None:
    """Return the build of the current request's page; None if this request builds none."""
    build: PageBuild | None = g.get("cache_build")
    return build


def end_build() -> None:
    """End the build of the current request's page, if there is one; a ticket that was not filled is given up."""
    build: PageBuild | None = g.pop("cache_build", None)
    if build is not None:
        if not is_in_background():
            build.visitors.end()
        build.collector.__exit__()
        build.ticket.abandon()


def do_not_store() -> None:
    """Keep the current response out of the cache, for example at an address that anybody can make up."""
    if (build := current_build()) is not None:
        build.not_stored = True


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


def is_storable(build: PageBuild, response: Response) -> bool:
    """Return whether the cache may keep a page that was built without a failure."""
    if build.not_stored or response.status_code not in STORED_STATUSES:
        return False
    return find_unshareable(response) is None


def store_response(state: CacheState, build: PageBuild, response: Response) -> Response:
    """Store the response, unless a write came first, and return it as it is sent."""
    body, entry = response.get_data(), build.ticket.entry
    meta = responses.encode_head(response)
    bodies = {}
    for name, quality in (("br", 5), ("gzip", 6)):
        give_way()
        bodies[name] = compression.encode(body, name, quality=quality)
    digest = compute_digest(body, meta)
    # Short TTL for pages that do not exist: anybody can make up such addresses.
    hard = keys.NEGATIVE_TTL if response.status_code in responses.NEGATIVE_STATUSES else keys.HARD_TTL
    ttl = min(state.store.ttl(entry), hard)
    tags = state.store.tag_modes.complete_tags(build.tags)
    stale, until = keys.STALE in tags, build.tags.valid_until
    value = StoredValue(meta, digest, bodies, until, build.address)
    stored = build.was_stored = build.ticket.fill(value, tags, ttl=ttl, hard=hard, older=build.tags.older)
    if stored:  # the fast path may answer the next request
        state.url_index.remember(request.environ, entry)
    sent = None if digest in build.client_etags else bodies[responses.variant_of(build.encoding)]
    fresh_for = 0 if stale else min(ttl, until - time.time())
    hit = CacheHit(meta, digest, sent, tags, fresh_for, "stale" if stale else "", None, until)
    answer = responses.make_answer(
        hit, entry.key, build.encoding, build.client_etags, state.edge, stored=None if stale else stored
    )
    return to_response(answer)


def to_response(answer: PageAnswer) -> Response:
    """Return an answer as Flask's response."""
    response = current_app.response_class(answer.body, status=answer.status)
    response.headers.clear()
    response.headers.extend(answer.headers)
    if answer.status != 304:
        response.headers["Content-Length"] = str(len(answer.body))
    return response
