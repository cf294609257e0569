"""The headers that every response has, for layers that answer before Flask; this room's hooks set the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from storefront.web import request_id, security_headers


class Headers:
    """The headers of every response of an application."""

    def __init__(self, app: Flask) -> None:
        self._trusted = app.config["TRUSTED_PROXIES"] > 0
        self._plain, self._secure = (
            list(security_headers.headers(secure=secure).items()) for secure in (False, True)
        )

    def of(self, environ: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return the headers of the response to a request."""
        return [self.name(environ), *self.fixed(secure=environ.get("wsgi.url_scheme") == "https")]

    def name(self, environ: Mapping[str, Any]) -> tuple[str, str]:
        """Return the X-Request-ID header, which differs for each request."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        return "X-Request-ID", request_id.name(given, trusted=self._trusted)

    def fixed(self, *, secure: bool) -> list[tuple[str, str]]:
        """Return the headers that are always the same, for TLS or plain HTTP."""
        return self._secure if secure else self._plain
