"""What a refused client gets: a page that counts down, a problem for programs (RFC 9457), a line for streams."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Flask, Response, render_template, request
from flask.globals import request_ctx

from storefront.rate_limiting.decision import Decision

MOST_PAGES = 200
_KINDS = ("text/html", "application/json", "text/event-stream")
_SAFE = frozenset(("GET", "HEAD"))


class Refusals:
    """The answers to refused requests; pages are rendered once for each number of seconds."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pages: dict[tuple[int, bool], str] = {}

    def response(self, decision: Decision) -> Response:
        """Return the answer to the current request."""
        if decision.status == 403:
            body, kind = "Requests from this network are not answered.\n", "text/plain"
        else:
            body, kind = self._body(decision)
        response: Response = self._app.response_class(body, status=decision.status, mimetype=kind)
        response.headers["Cache-Control"] = "no-store"
        return response

    def _body(self, decision: Decision) -> tuple[str, str]:
        seconds = decision.retry_after
        best = request.accept_mimetypes.best_match(_KINDS) if request.accept_mimetypes else _KINDS[0]
        if request.path.startswith("/api/") or best == "application/json":
            return _problem(decision), "application/problem+json"
        # Without an adapter the host is none of ours, and no link can be made.
        if best == "text/html" and "stream" not in decision.policies and request_ctx.url_adapter is not None:
            return self._page(seconds, again=request.method in _SAFE), "text/html"
        return f"Too many requests. Try again in {_seconds(seconds)}.\n", "text/plain"

    def _page(self, seconds: int, *, again: bool) -> str:
        key = (seconds, again)
        page = self._pages.get(key)
        if page is None or self._app.debug:
            page = render_template("errors/429.html", seconds=seconds, again=again)
            self._pages[key] = page
            if len(self._pages) > MOST_PAGES:
                del self._pages[next(iter(self._pages))]
        return page


def _seconds(number: int) -> str:
    return "1 second" if number == 1 else f"{number} seconds"


def _problem(decision: Decision) -> str:
    about: dict[str, Any] = {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": f"Try again in {_seconds(decision.retry_after)}.",
        "retry_after": decision.retry_after,
        "policies": decision.policies,
    }
    return msgspec.json.encode(about).decode()
