"""Responses to refused requests: a page that counts down, a problem (RFC 9457) for programs, a line for streams."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec
from flask import Flask, Response, render_template, request
from flask.globals import request_ctx

from storefront.i18n import gettext as _
from storefront.i18n import ngettext
from storefront.rate_limiting.decision import Decision
from storefront.web import site_navigation
from storefront.web.compression import PreparedPages

_MEDIA_TYPES = ("text/html", "application/json", "text/event-stream")
_SAFE = frozenset(("GET", "HEAD"))


class RefusalResponses:
    """Builds the responses to refused requests. A page is rendered once for each number of seconds."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._pages = PreparedPages()

    def build_response(self, decision: Decision) -> Response:
        """Return the response to the current request."""
        if decision.status == 403 and request.path.startswith("/api/"):
            response = self._app.response_class(_denied_problem(), mimetype="application/problem+json")
        elif decision.status == 403:
            response = self._build_text(_("Requests from this network are blocked.") + "\n")
        else:
            response = self._build_too_many(decision)
        response.status_code = decision.status
        response.headers["Cache-Control"] = "no-store"
        return response

    def _build_too_many(self, decision: Decision) -> Response:
        seconds = decision.retry_after
        best = (
            request.accept_mimetypes.best_match(_MEDIA_TYPES) if request.accept_mimetypes else _MEDIA_TYPES[0]
        )
        sentence = _("Too many requests. Try again in %(time)s.", time=_in_seconds(seconds))
        is_api = request.path.startswith("/api/")
        if is_api or best == "application/json":
            # A script of a page shows the sentence; the API is in English.
            problem = _too_many_problem(decision, None if is_api else sentence)
            return self._app.response_class(problem, mimetype="application/problem+json")
        # Without a URL adapter the host is not one of ours, and no link can be built.
        is_page = best == "text/html" and "stream" not in decision.policies and self._has_page
        if is_page and request_ctx.url_adapter is not None:
            return self._build_page(seconds, again=request.method in _SAFE)
        return self._build_text(f"{sentence}\n")

    @cached_property
    def _has_page(self) -> bool:
        # Another Flask app may use the limits without the page: its clients get the sentence.
        return site_navigation.is_installed(self._app)

    def _build_text(self, sentence: str) -> Response:
        return self._app.response_class(sentence, mimetype="text/plain")

    def _build_page(self, seconds: int, *, again: bool) -> Response:
        return self._pages.build_response(
            (seconds, again, request.script_root),
            lambda: render_template("errors/429.html", seconds=seconds, wait=_wait(seconds), again=again),
        )


def _in_seconds(number: int) -> str:
    return ngettext("%(num)d second", "%(num)d seconds", number)


def _wait(seconds: int) -> str:
    # Rounded up, so that the time is over when the page says so.
    if seconds < 120:
        return _in_seconds(seconds)
    return ngettext("%(num)d minute", "%(num)d minutes", -(-seconds // 60))


def _denied_problem() -> str:
    about = {"type": "about:blank", "title": "Forbidden", "status": 403}
    return msgspec.json.encode(about | {"detail": "Requests from this network are not answered."}).decode()


def _too_many_problem(decision: Decision, sentence: str | None) -> str:
    seconds = decision.retry_after
    about: dict[str, Any] = {
        "type": "about:blank",
        "title": "Too Many Requests",
        "status": 429,
        "detail": sentence or f"Try again in {seconds} second{'s' * (seconds != 1)}.",
        "retry_after": decision.retry_after,
        "policies": decision.policies,
    }
    return msgspec.json.encode(about).decode()
