"""Answers to requests that are refused whatever they ask: forms of other sites, and bodies that are too large.

The application builds such an answer once a second. Those between repeat it with headers of their own in front of
Flask, since a refusal must not cost much more than a cached page.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask
from werkzeug.datastructures import Accept
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_accept_header
from werkzeug.wsgi import get_content_length, get_host

from storefront import languages, rate_limiting, web
from storefront.web import ROUTE, same_origin
from storefront.web.body_limits import PAGES, UPLOADS, find_exceeded
from storefront.web.bounded_request import MAX_LIST
from storefront.web.common_headers import Header
from storefront.web.compression import negotiate
from storefront.web.language_routes import find_language

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MAX_ANSWERS = 100
LIFETIME = 1.0  # seconds; the page contains settings that the merchant may change


class _Refusal(NamedTuple):
    """All that an answer depends on; `reason` is the kind of limit that a body exceeds, or empty."""

    status: str
    reason: str
    host: str
    scheme: str
    root: str
    is_api: bool
    tag: str  # of a further language
    encoding: str | None


class _Answer(NamedTuple):
    """What the application answered, without the headers that differ from request to request."""

    status: str
    headers: list[Header]
    body: bytes
    expires_at: float  # monotonic seconds


class RefusalLayer:
    """Refuses such requests, and passes all others on to the application.

    Args:
        app: the application.
        inner: the application or layer behind this one.
    """

    def __init__(self, app: Flask, inner: WSGIApplication) -> None:
        self._app, self._inner = app, inner
        self._url_map = app.url_map
        self._admit = rate_limiting.create_refusal_check(app)
        self._common_headers = web.CommonHeaders(app)
        self._answers: dict[_Refusal, _Answer] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: D102
        refusal = self._find_refusal(environ)
        decision = self._admit(environ) if refusal else None
        if refusal is None or decision is None or not decision.allowed:
            return self._inner(environ, start_response)  # which says of a limit when to try again
        answer = self._answers.get(refusal)
        if answer is None or answer.expires_at < time.monotonic():
            return self._ask(refusal, environ, start_response)
        changing = [self._common_headers.request_id_header(environ), *decision.headers]
        start_response(answer.status, answer.headers + changing)
        return [answer.body]

    def _ask(
        self, refusal: _Refusal, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Let the application answer, and keep its answer if it is the expected one."""
        started: list[tuple[str, list[Header]]] = []

        def start(status: str, headers: list[Header], *exc_info: Any) -> Any:
            started.append((status, headers))
            return start_response(status, headers, *exc_info)

        parts = self._inner(environ, start)
        try:
            body = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        status, headers = started[-1]
        if status.startswith(refusal.status) and not any(name == "Set-Cookie" for name, _ in headers):
            kept = [header for header in headers if not _is_changing(header[0])]
            self._answers[refusal] = _Answer(status, kept, body, time.monotonic() + LIFETIME)
            if len(self._answers) > MAX_ANSWERS:
                del self._answers[next(iter(self._answers))]
        return [body]

    def _find_refusal(self, environ: WSGIEnvironment) -> _Refusal | None:
        """Return the refusal of a request; None if it is not refused, or if the application has to look at it."""
        declared = get_content_length(environ)
        is_cross_site = same_origin.is_refused(environ)
        if not is_cross_site and (declared is None or declared <= PAGES.most):
            return None  # no route accepts less
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if "\x00" in path or method == "HEAD":
            return None
        language = find_language(self._app, languages.first_part(path))
        rest = path[len(language.tag) + 1 :] if language else path
        route = environ[ROUTE] = self._find_route(rest if languages.is_translated(rest) else path, method)
        limit = None if is_cross_site else find_exceeded(declared, route[1])
        if not is_cross_site and (limit is None or limit is UPLOADS):
            return None
        return _Refusal(
            "403" if is_cross_site else "413",
            limit.kind if limit else "",
            get_host(environ),
            environ["wsgi.url_scheme"],
            environ.get("SCRIPT_NAME", ""),
            path.startswith("/api/"),
            language.tag if language else "",
            negotiate(parse_accept_header(environ.get("HTTP_ACCEPT_ENCODING", "")[:MAX_LIST], Accept)),
        )

    def _find_route(self, path: str, method: str) -> tuple[str, str | None]:
        decoded = path.encode("latin-1").decode("utf-8", "replace")
        try:
            rule, _values = self._url_map.bind("").match(decoded, method, return_rule=True)
        except HTTPException:  # of another page, another method, or a redirect
            return "none", None
        return rule.endpoint, rule.rule


def _is_changing(name: str) -> bool:
    return name == "X-Request-ID" or name.startswith(("RateLimit", "X-RateLimit"))
