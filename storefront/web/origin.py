"""The shop's own origin, for absolute URLs in shared pages and in mail; never taken from a request."""

from __future__ import annotations

from flask import current_app


def get_origin() -> str:
    """Return scheme and host of the first trusted host, e.g. "https://shop.example"; without one, of localhost."""
    hosts, production = current_app.config["TRUSTED_HOSTS"], current_app.config["ENV"] == "production"
    host = hosts[0].lstrip(".") if hosts else "localhost:8000"
    return f"{'https' if production else 'http'}://{host}"
