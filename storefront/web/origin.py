"""The shop's own address, for what must say it in full and is kept for everybody: never what a request claims."""

from __future__ import annotations

from flask import current_app


def origin() -> str:
    """Return scheme and host, e.g. "https://shop.example": the first of the trusted hosts, or a laptop's own."""
    hosts, production = current_app.config["TRUSTED_HOSTS"], current_app.config["ENV"] == "production"
    host = hosts[0].lstrip(".") if hosts else "localhost:8000"
    return f"{'https' if production else 'http'}://{host}"
