"""The headers of every response, for the layer that answers before Flask: the same as this room's hooks set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask

from storefront.web import request_id, security_headers


class Headers:
    """What every response of an application has."""

    def __init__(self, app: Flask) -> None:
        self._trusted = app.config["TRUSTED_PROXIES"] > 0
        self._plain, self._secure = (
            list(security_headers.headers(secure=secure).items()) for secure in (False, True)
        )

    def of(self, environ: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Return the headers of the response to a request."""
        return [self.name(environ), *self.fixed(secure=environ.get("wsgi.url_scheme") == "https")]

    def name(self, environ: Mapping[str, Any]) -> tuple[str, str]:
        """Return the one that is another each time."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        return "X-Request-ID", request_id.name(given, trusted=self._trusted)

    def fixed(self, *, secure: bool) -> list[tuple[str, str]]:
        """Return those that are always the same, over TLS or not."""
        return self._secure if secure else self._plain
