"""X-Request-ID: the id of a request in logs, error pages and the response."""

from __future__ import annotations

import random
import re

from flask import Flask, Response, g, request

_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")


def init_app(app: Flask) -> None:
    """Give every request an id, and send it with the response."""
    trusted = app.config["TRUSTED_PROXIES"] > 0

    @app.before_request
    def set_request_id() -> None:
        g.request_id = choose_request_id(request.headers.get("X-Request-ID", ""), trusted=trusted)

    @app.after_request
    def send_request_id(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.get("request_id") or _make_request_id()
        return response


def choose_request_id(given: str, *, trusted: bool) -> str:
    """Return the id that a trusted proxy sent, if it is well-formed, else a new one."""
    return given if trusted and _WELL_FORMED.fullmatch(given) else _make_request_id()


def _make_request_id() -> str:
    return f"{random.getrandbits(64):016x}"  # unique, not a secret
