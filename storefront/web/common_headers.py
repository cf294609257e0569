"""The headers that every response has, for layers that answer before Flask; this room's hooks set the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask

from storefront.web import request_id, security_headers

Header = tuple[str, str]
# Measures a response. Called with the WSGI environment, the status, the headers and the seconds it took.
Measure = Callable[[dict[str, Any], str, list[Header], float], None]


class CommonHeaders:
    """The headers of every response of an application."""

    def __init__(self, app: Flask) -> None:
        self._trusted = app.config["TRUSTED_PROXIES"] > 0
        self._plain, self._secure = (
            list(security_headers.get_headers(secure=secure).items()) for secure in (False, True)
        )

    def for_request(self, environ: Mapping[str, Any]) -> list[Header]:
        """Return the headers of the response to a request."""
        return [
            self.request_id_header(environ),
            *self.constant(secure=environ.get("wsgi.url_scheme") == "https"),
        ]

    def request_id_header(self, environ: Mapping[str, Any]) -> Header:
        """Return the X-Request-ID header, which differs for each request."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        return "X-Request-ID", request_id.choose_request_id(given, trusted=self._trusted)

    def constant(self, *, secure: bool) -> list[Header]:
        """Return the headers that are always the same, for TLS or plain HTTP."""
        return self._secure if secure else self._plain
