"""Answers a page from this process's own copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from flask import Flask
from werkzeug.datastructures import Accept
from werkzeug.http import HTTP_STATUS_CODES, parse_accept_header

from storefront import rate_limiting, web
from storefront.cache import responses
from storefront.cache.addresses import Addresses
from storefront.cache.polish import Polish
from storefront.cache.store import Hit, Store
from storefront.edge import direct
from storefront.web import compression
from storefront.web.environ import SAID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Pages:
    """The layer. It answers what it can and hands everything else on."""

    def __init__(self, app: Flask, inner: WSGIApplication) -> None:
        self._inner = inner
        self._store: Store = app.extensions["cache"]
        self._addresses: Addresses = app.extensions["cache_addresses"]
        self._polish: Polish = app.extensions["cache_polish"]
        self._headers = web.Headers(app)
        self._admit = rate_limiting.in_front_of(app)
        self._give_way = _give_way()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: D102
        self._give_way()
        found = self._addresses.find(environ)
        if found is None:
            return self._inner(environ, start_response)
        key, kind, endpoint = found
        encoding = _encoding(environ.get("HTTP_ACCEPT_ENCODING", ""))
        held = responses.held(environ.get("HTTP_IF_NONE_MATCH", ""), encoding)
        hit = self._store.held(key, responses.variant_of(encoding), held)
        if hit is None:
            return self._inner(environ, start_response)
        decided = self._admit(environ, endpoint)
        if not decided.allowed:
            return self._inner(environ, start_response)  # which answers with a page
        self._store.counters.add(kind, "hit_local" if hit.body is not None else "not_modified")
        query = environ["QUERY_STRING"]
        if self._store.counters.asked(f"{environ['PATH_INFO']}?{query}" if query else environ["PATH_INFO"]):
            self._polish.want(key)
        if hit.body is not None and encoding and environ["REQUEST_METHOD"] == "GET":
            response = direct.response_of(environ, start_response)
            secure = environ["wsgi.url_scheme"] == "https"
            if response is not None and (prepared := self._prepared(hit, encoding, secure=secure)):
                status, head = prepared
                moving = [*responses.moving(hit, key), *decided.headers, self._headers.name(environ)]
                direct.send(response, status, head + direct.lines(moving), hit.body)
                environ[SAID] = (status, [*moving, ("Content-Length", str(len(hit.body)))])
                return ()
        answer = responses.answer(hit, key, encoding, held)
        headers = [*answer.headers, *decided.headers, *self._headers.of(environ)]
        if answer.status != 304:
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(_status(answer.status), headers)
        return [answer.body] if environ["REQUEST_METHOD"] == "GET" else []

    def _prepared(self, hit: Hit, encoding: str, *, secure: bool) -> tuple[str, str] | None:
        """Return the status and those lines of the head that are always the same; None if they cannot be sent so."""
        if hit.copy is None:
            return None
        name = f"head:{encoding}:{secure}"
        found = hit.copy.prepared.get(name, ())
        if found == ():
            headers = [*responses.fixed(hit, encoding), *self._headers.fixed(secure=secure)]
            sound = all(direct.is_one_line(value) for _, value in headers)
            found = (_status(responses.head(hit).status), direct.lines(headers)) if sound else None
            hit.copy.prepared[name] = found
        return cast("tuple[str, str] | None", found)


def _status(number: int) -> str:
    return f"{number} {HTTP_STATUS_CODES[number].upper()}"


@lru_cache(maxsize=500)
def _encoding(accepted: str) -> str | None:
    return compression.negotiate(parse_accept_header(accepted, Accept))


def _give_way() -> Callable[[], object]:
    """Return what lets other connections of this worker run.

    A worker that never has to wait would answer one busy connection for as long as that asks, and starve the rest.
    """
    from gevent import monkey, sleep  # costs a start of `flask` nothing

    return (lambda: sleep(0)) if monkey.is_module_patched("socket") else (lambda: None)
