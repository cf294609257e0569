"""The fast path: pages in L1 are answered before Flask sees the request.

`CachedPageLayer` is a WSGI layer for any server. `FastPath` answers in the worker before there is a WSGI request; its
answers are measured, and trusted proxies are believed, as if they had passed all layers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from flask import Flask
from werkzeug.datastructures import Accept
from werkzeug.http import HTTP_STATUS_CODES, parse_accept_header
from werkzeug.middleware.proxy_fix import ProxyFix

from storefront import rate_limiting, web
from storefront.app_state import AppState
from storefront.cache import responses
from storefront.cache.etags import parse_if_none_match
from storefront.cache.state import CacheState
from storefront.cache.store import CacheHit
from storefront.edge import wire
from storefront.pauses import has_greenlets
from storefront.rate_limiting.decision import Decision
from storefront.web import compression
from storefront.web.bounded_request import MAX_LIST
from storefront.web.common_headers import Header, Measure
from storefront.web.shared_caches import REQUEST_ID, create_check

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PLAIN = "identity"  # the variant of a body without compression, in this process alone


class _PageHit(NamedTuple):
    """A page in L1 that answers a request."""

    key: str
    kind: str
    endpoint: str
    encoding: str | None
    client_etags: Mapping[str, str]
    hit: CacheHit


class CachedPageLayer:
    """Answers requests for pages that are in L1, and passes all others on to the application."""

    def __init__(self, app: Flask, cache: CacheState, inner: WSGIApplication) -> None:
        self._inner = inner
        self._store, self._url_index = cache.store, cache.url_index
        self._recompressor, self._edge = cache.recompressor, cache.edge
        self._hot_pages = cache.hot_pages
        self._common_headers = web.CommonHeaders(app)
        self._is_shared = create_check(app)
        self._admit = rate_limiting.create_fast_path_check(app)
        self._admit_at_once = rate_limiting.create_nonblocking_check(app)
        self._yield = find_yield()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: D102
        self._yield()
        page = self._find(environ)
        decision = self._admit(environ, page.endpoint) if page else None
        if page is None or decision is None or not decision.allowed:
            return self._inner(environ, start_response)  # the application answers a refusal with a page
        self._count(environ, page)
        answer = responses.make_answer(page.hit, page.key, page.encoding, page.client_etags, self._edge)
        headers = [*answer.headers, *self._own_headers(environ, decision)]
        headers += self._common_headers.constant(secure=environ.get("wsgi.url_scheme") == "https")
        if answer.status != 304:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(_status_line(answer.status), headers)
        return [answer.body] if environ["REQUEST_METHOD"] == "GET" else []

    def answer_raw(self, environ: WSGIEnvironment) -> tuple[str, list[Header], bytes] | None:
        """Return a cached page as bytes for the wire, if it can be answered without waiting.

        Returns:
            The status, the headers that change from request to request, and the whole response as bytes. None if the
            application has to answer.
        """
        page = self._find(environ)
        if page is None or environ["REQUEST_METHOD"] != "GET":
            return None
        hit = page.hit
        head = self._head(page, secure=environ["wsgi.url_scheme"] == "https")
        decision = self._admit_at_once(environ, page.endpoint) if head else None
        if head is None or decision is None:
            return None
        self._count(environ, page)
        changing = [
            *responses.changing_headers(hit, page.key, self._edge),
            *self._own_headers(environ, decision),
        ]
        body = self._body(page)
        if hit.body is not None:
            changing.append(("Content-Length", str(len(body))))
        lines = wire.format_headers(changing)
        return (head[0], changing, wire.format_response(head[0], head[1] + lines, body)) if lines else None

    def _own_headers(self, environ: WSGIEnvironment, decision: Decision) -> Sequence[Header]:
        """Return the headers that belong to this request alone, unless a shared cache may store the answer."""
        own = self._common_headers.request_id_header(environ)
        if self._is_shared(environ):
            environ[REQUEST_ID] = own[1]
            return ()
        return (*decision.headers, own)

    def _find(self, environ: WSGIEnvironment) -> _PageHit | None:
        indexed = self._url_index.find(environ)
        if indexed is None:
            return None
        encoding = _negotiate(environ.get("HTTP_ACCEPT_ENCODING", "")[:MAX_LIST])
        client_etags = parse_if_none_match(environ.get("HTTP_IF_NONE_MATCH", ""), encoding)
        hit = self._store.find_in_l1(indexed.key, responses.variant_of(encoding), client_etags, relaxed=True)
        return _PageHit(*indexed, encoding, client_etags, hit) if hit else None

    def _head(self, page: _PageHit, *, secure: bool) -> tuple[str, str] | None:
        """Return the status and the constant header lines of an answer; None if a header cannot be sent safely."""
        hit, encoding = page.hit, page.encoding
        name = f"head:{encoding}:{secure}:{hit.grace_left is None}" if hit.body is not None else None
        memo = hit.l1_entry.memo if hit.l1_entry is not None and name else {}
        if name in memo:
            return cast("tuple[str, str] | None", memo[name])
        constant = responses.constant_headers(hit, encoding, page.client_etags, self._edge)
        lines = wire.format_headers([*constant, *self._common_headers.constant(secure=secure)])
        head = (_status_line(responses.status_of(hit)), lines) if lines else None
        if name:
            memo[name] = head
        return head

    def _body(self, page: _PageHit) -> bytes:
        """Return the body of an answer. A page that is often asked for without compression is kept so."""
        hit, entry = page.hit, page.hit.l1_entry
        if page.encoding or hit.body is None or entry is None:
            return responses.body_of(hit, page.encoding)
        plain = entry.bodies.get(_PLAIN)
        if plain is None:
            plain = responses.body_of(hit, None)
            # Not at the first request: a crawler that reads each page once would fill the memory.
            if _PLAIN in entry.memo:
                self._store.l1.add_variant(page.key, entry, _PLAIN, plain)
            entry.memo[_PLAIN] = True
        return plain

    def _count(self, environ: WSGIEnvironment, page: _PageHit) -> None:
        counters = self._store.counters
        if page.hit.body is None:
            counters.add(page.kind, "not_modified")
        else:
            counters.add(page.kind, "hit_local" if page.hit.grace_left is None else "hit_stale")
        query = environ["QUERY_STRING"]
        if counters.count_request(f"{environ['PATH_INFO']}?{query}" if query else environ["PATH_INFO"]):
            self._recompressor.enqueue(page.key)
            self._hot_pages.count(page.key, environ)


class FastPath:
    """Answers a request whose head the worker has parsed.

    Args:
        pages: the layer that answers cached pages.
        measure: called with each answer.
        hops: the number of trusted proxies (TRUSTED_PROXIES).
        mount: moves the shop's prefix out of the path (PrefixLayer); None for a shop without a prefix.
    """

    def __init__(
        self,
        pages: CachedPageLayer,
        measure: Measure,
        hops: int,
        mount: Callable[[dict[str, Any]], bool] | None = None,
    ) -> None:
        self._pages, self._measure, self._mount = pages, measure, mount
        answer: Callable[..., Any] = self._answer
        self._call = ProxyFix(answer, x_for=hops, x_proto=hops, x_host=hops) if hops else answer

    def answer(self, environ: WSGIEnvironment) -> bytes | None:
        """Return the response to a GET request on a keep-alive connection; None if the application has to answer.

        It never waits. If it returns None, nothing was counted and no rate limit was spent.
        """
        if self._mount is not None and not self._mount(environ):
            return None
        answer: bytes | None = self._call(environ, None)  # type: ignore[arg-type,assignment]
        return answer

    def _answer(self, environ: WSGIEnvironment, _start_response: object) -> bytes | None:
        started_at = time.perf_counter()
        response = self._pages.answer_raw(environ)
        if response is None:
            return None
        status, headers, answer = response
        self._measure(environ, status, headers, time.perf_counter() - started_at)
        return answer


# The layer with the pages, and the fast path to it. An application without a cache has neither.
cached_pages = AppState[CachedPageLayer]("edge.cached_pages")
fast_path = AppState[FastPath]("edge.fast_path")


@lru_cache(maxsize=20)
def _status_line(number: int) -> str:
    return f"{number} {HTTP_STATUS_CODES[number].upper()}"


@lru_cache(maxsize=500)
def _negotiate(accepted: str) -> str | None:
    return compression.negotiate(parse_accept_header(accepted, Accept))


def find_yield() -> Callable[[], object]:
    """Return a function that lets other greenlets of this worker run; it does nothing without gevent.

    A worker that never waits would answer one busy connection for as long as it sends, and starve the others.
    """
    if not has_greenlets():
        return lambda: None
    from gevent import sleep

    return lambda: sleep(0)
