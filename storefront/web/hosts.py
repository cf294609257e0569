"""The hosts that a shop answers to outside production, and which requests come from a browser on its own machine.

In production Flask itself checks `TRUSTED_HOSTS`. In development the shop answers to loopback names and addresses,
and to the names in `TRUSTED_HOSTS`: under a foreign name that leads to this machine (DNS rebinding), the page of
another site would count as one of the shop's own.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path

from flask import Flask, Response, current_app, request

# An IPv6 address in brackets or a name, and perhaps a port (RFC 3986, 3.2.2).
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?", re.ASCII | re.IGNORECASE)
# Headers that proxies and tunnels add.
_FORWARDED = re.compile(
    "Forwarded|X-Forwarded-.*|X-Real-IP|X-Original-.*|Via|True-Client-IP|CF-.*|Client-IP", re.IGNORECASE
)
_FALLBACK = "127.0.0.1:8000"
_REFUSAL = (
    "This shop runs for development and answers to localhost only. To let it answer to another name, "
    "start it with that name in TRUSTED_HOSTS: TRUSTED_HOSTS=shop.test make run\n"
)


def init_app(app: Flask) -> None:
    """Refuse foreign hosts, unless the shop is in production."""
    if app.config["ENV"] == "production":
        return

    @app.before_request
    def refuse_foreign_host() -> Response | None:
        return None if _is_admitted(request.host) else Response(_REFUSAL, 400, mimetype="text/plain")


def is_loopback(host: str) -> bool:
    """Return whether a `Host` (with or without a port) is localhost or a loopback address.

    Browsers send names below `localhost` to this machine without asking DNS (RFC 6761, 6.3).
    """
    name = _name_of(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def is_from_own_machine() -> bool:
    """Return whether a browser on this machine sent the current request, without a proxy or a tunnel between.

    Anybody can send such a request through a proxy that hides itself. So it only limits where a secret is accepted,
    and is never a reason to trust.
    """
    return is_loopback(request.host) and not is_forwarded()


def is_forwarded() -> bool:
    """Return whether the current request has a header that proxies and tunnels add."""
    return any(_FORWARDED.fullmatch(name) for name, _value in request.headers)


def listening_at(bind: str = "") -> tuple[str, str]:
    """Return host and port at which the shop answers on its own machine, outside production.

    Args:
        bind: where it listens from now on, as HOST:PORT; by default where it listened last.
    """
    file = Path(current_app.instance_path) / "served-at"
    if bind:
        file.write_text(bind)
    elif file.exists():
        bind = file.read_text().strip()
    host, port = split_address(bind or _FALLBACK)
    return "127.0.0.1" if _is_every_address(host) else host, port


def join_address(host: str, port: int | str) -> str:
    """Return HOST:PORT, with an IPv6 address in brackets (RFC 3986, 3.2.2)."""
    bare = host.strip("[]")
    return f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}"


def split_address(bind: str) -> tuple[str, str]:
    """Return the parts of HOST:PORT; an IPv6 address loses its brackets."""
    host, _colon, port = bind.rpartition(":")
    return host.strip("[]"), port


def _is_every_address(host: str) -> bool:
    """Return whether a server bound to this host listens at all addresses of its machine."""
    try:
        return not host or ip_address(host).is_unspecified
    except ValueError:
        return False


def _is_admitted(host: str) -> bool:
    name, trusted = _name_of(host), current_app.config["TRUSTED_HOSTS"] or []
    return is_loopback(host) or any(
        name == one.lower().lstrip(".") or (one.startswith(".") and name.endswith(one.lower()))
        for one in trusted
    )


def _name_of(host: str) -> str:
    """Return the host's name in lower case without its port; empty if it is malformed."""
    found = _HOST.fullmatch(host)
    return found[1].lower() if found else ""
