"""Answers a page from this process's own copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast

from flask import Flask
from werkzeug.datastructures import Accept
from werkzeug.http import HTTP_STATUS_CODES, parse_accept_header

from storefront import rate_limiting, web
from storefront.cache import responses
from storefront.cache.etags import parse_if_none_match
from storefront.cache.state import CacheState
from storefront.cache.store import CacheHit
from storefront.edge import wire
from storefront.edge.wire import Header
from storefront.web import compression

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _PageHit(NamedTuple):
    key: str
    kind: str
    endpoint: str
    encoding: str | None
    client_etags: Mapping[str, str]  # what the client has
    hit: CacheHit


class CachedPageLayer:
    """The layer. It answers what it can and hands everything else on."""

    def __init__(self, app: Flask, cache: CacheState, inner: WSGIApplication) -> None:
        self._inner = inner
        self._store, self._url_index = cache.store, cache.url_index
        self._recompressor = cache.recompressor
        self._headers = web.Headers(app)
        self._admit = rate_limiting.in_front_of(app)
        self._admit_at_once = rate_limiting.at_once(app)
        self._yield = find_yield()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: D102
        self._yield()
        found = self._find(environ)
        decided = self._admit(environ, found.endpoint) if found else None
        if found is None or decided is None or not decided.allowed:
            return self._inner(environ, start_response)  # which answers a refusal with a page
        self._count(environ, found)
        answer = responses.make_answer(found.hit, found.key, found.encoding, found.client_etags)
        headers = [*answer.headers, *decided.headers, *self._headers.of(environ)]
        if answer.status != 304:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(_status_line(answer.status), headers)
        return [answer.body] if environ["REQUEST_METHOD"] == "GET" else []

    def answer_raw(self, environ: WSGIEnvironment) -> tuple[str, list[Header], bytes] | None:
        """Return a held page as it goes over the wire, if all that it takes is in memory.

        Returns:
            Its status, those of its headers that say what became of the request, and the bytes to be sent.
        """
        found = self._find(environ)
        if found is None or environ["REQUEST_METHOD"] != "GET":
            return None
        hit, encoding = found.hit, found.encoding
        head = self._head(found, secure=environ["wsgi.url_scheme"] == "https")
        decided = self._admit_at_once(environ, found.endpoint) if head else None
        if head is None or decided is None:
            return None
        self._count(environ, found)
        moving = [*responses.changing_headers(hit, found.key), *decided.headers, self._headers.name(environ)]
        body = responses.body_of(hit, encoding)
        if hit.body is not None:
            moving.append(("Content-Length", str(len(body))))
        told = wire.format_headers(moving)
        return (head[0], moving, wire.format_response(head[0], head[1] + told, body)) if told else None

    def _find(self, environ: WSGIEnvironment) -> _PageHit | None:
        known = self._url_index.find(environ)
        if known is None:
            return None
        encoding = _negotiate(environ.get("HTTP_ACCEPT_ENCODING", ""))
        held = parse_if_none_match(environ.get("HTTP_IF_NONE_MATCH", ""), encoding)
        hit = self._store.find_in_l1(known.key, responses.variant_of(encoding), held)
        return _PageHit(*known, encoding, held, hit) if hit else None

    def _head(self, found: _PageHit, *, secure: bool) -> tuple[str, str] | None:
        """Return the status and those lines of the head that are always the same; None if they cannot be sent so."""
        hit, encoding = found.hit, found.encoding
        name = f"head:{encoding}:{secure}" if hit.body is not None else None
        kept = hit.l1_entry.memo if hit.l1_entry is not None and name else {}
        if name in kept:
            return cast("tuple[str, str] | None", kept[name])
        lines = wire.format_headers([
            *responses.constant_headers(hit, encoding, found.client_etags), *self._headers.fixed(secure=secure)
        ])  # fmt: skip
        head = (_status_line(responses.status_of(hit)), lines) if lines else None
        if name:
            kept[name] = head
        return head

    def _count(self, environ: WSGIEnvironment, found: _PageHit) -> None:
        counters = self._store.counters
        counters.add(found.kind, "hit_local" if found.hit.body is not None else "not_modified")
        query = environ["QUERY_STRING"]
        if counters.count_request(f"{environ['PATH_INFO']}?{query}" if query else environ["PATH_INFO"]):
            self._recompressor.enqueue(found.key)


@lru_cache(maxsize=20)
def _status_line(number: int) -> str:
    return f"{number} {HTTP_STATUS_CODES[number].upper()}"


@lru_cache(maxsize=500)
def _negotiate(accepted: str) -> str | None:
    return compression.negotiate(parse_accept_header(accepted, Accept))


def find_yield() -> Callable[[], object]:
    """Return what lets other connections of this worker run.

    A worker that never has to wait would answer one busy connection for as long as that asks, and starve the rest.
    """
    from gevent import monkey, sleep  # costs a start of `flask` nothing

    return (lambda: sleep(0)) if monkey.is_module_patched("socket") else (lambda: None)
