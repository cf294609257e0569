"""X-Request-ID: one name for a request in logs, error pages and the answer."""

from __future__ import annotations

import random
import re

from flask import Flask, Response, g, request

_SANE = re.compile(r"[A-Za-z0-9._-]{8,64}")


def init_app(app: Flask) -> None:
    """Give every request an id: that of a proxy that we trust, if it is sane, else a new one."""
    trusted = app.config["TRUSTED_PROXIES"] > 0

    @app.before_request
    def name_request() -> None:
        g.request_id = name(request.headers.get("X-Request-ID", ""), trusted=trusted)

    @app.after_request
    def tell_request_id(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id") or _new()
        return response


def name(given: str, *, trusted: bool) -> str:
    """Return a request's id: the given one from a proxy that we trust, if it is sane, else a new one."""
    return given if trusted and _SANE.fullmatch(given) else _new()


def _new() -> str:
    return f"{random.getrandbits(64):016x}"  # a name that no other request has, not a secret
