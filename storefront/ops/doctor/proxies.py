"""The way in, as shoppers take it: a request through every proxy shows which address, scheme and worker it meets."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import current_app

from storefront.ops.doctor import proxy_echo
from storefront.ops.doctor.finding import Finding, ok, warn, wrong

MADE_UP = "192.0.2.77"  # of TEST-NET-1 (RFC 5737): nobody's address, so no proxy can have added it
TIMEOUT = 5  # seconds
PROMPT = 2.0  # seconds in which a stream has to begin


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the shop saw of our request."""

    address: str | None
    forwarded: list[str]
    scheme: str
    host: str
    protocol: str
    worker: str


def look(url: str) -> Iterator[Finding]:
    """Ask the shop at this URL what it sees of us."""
    try:
        seen = _ask(url)
    except (OSError, ValueError, TypeError) as error:
        why = getattr(error, "reason", error)
        level = wrong if isinstance(error, urllib.error.HTTPError) else warn
        yield level(
            "front",
            f"{url} does not show us this shop ({why}); its proxies and workers were not looked at. "
            "Start the shop, or name where shoppers reach it: flask doctor --url https://shop.example",
        )
        return
    yield _hops(url, seen)
    yield _worker(seen)
    yield _scheme(url, seen)
    yield _stream(url)


def default_url() -> str:
    """Return where the shop most likely is: its first host, in production."""
    hosts = current_app.config["TRUSTED_HOSTS"]
    if current_app.config["ENV"] == "production" and hosts:
        return f"https://{hosts[0].lstrip('.')}"
    return "http://127.0.0.1:8000"


def _ask(url: str) -> Seen:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("it does not begin with http:// or https://")
    request = urllib.request.Request(  # noqa: S310  # checked above
        f"{url.rstrip('/')}/ops/mirror",
        headers={proxy_echo.HEADER: proxy_echo.token(), "X-Forwarded-For": MADE_UP},
    )
    with _opener.open(request, timeout=TIMEOUT) as answer:
        return Seen(**json.loads(answer.read(10_000)))


def _hops(url: str, seen: Seen) -> Finding:
    trusted = current_app.config["TRUSTED_PROXIES"]
    # A proxy appends who asked it, or replaces all that was there before.
    passed = len(seen.forwarded) - (seen.forwarded[:1] == [MADE_UP])
    found = f"A request to {url} passes {passed} {'proxy' if passed == 1 else 'proxies'}"
    if seen.address == MADE_UP:
        return wrong(
            "proxies",
            f"{found}, and anybody can make up an address: rate limits hold nobody. Set TRUSTED_PROXIES={passed}.",
        )
    if passed > trusted:
        return wrong(
            "proxies",
            f"{found}, but TRUSTED_PROXIES is {trusted}: all shoppers share the rate limits of {seen.address}. "
            f"If they are all yours, set TRUSTED_PROXIES={passed}.",
        )
    if passed < trusted:
        return wrong("proxies", f"{found}, but TRUSTED_PROXIES is {trusted}. Set TRUSTED_PROXIES={passed}.")
    return ok("proxies", f"{found}, as TRUSTED_PROXIES says.")


def _worker(seen: Seen) -> Finding:
    if seen.worker == "sync":
        return wrong(
            "worker class",
            "gunicorn runs sync workers: one open page with live stock stops one. "
            "Serve with: gunicorn --config deploy/gunicorn.conf.py wsgi:app",
        )
    if seen.worker == "threads":
        return warn(
            "worker class",
            "gunicorn runs threads: each open page with live stock takes one. Use worker_class gevent.",
        )
    if seen.worker == "gevent" and seen.protocol != "HTTP/1.1":
        return warn(
            "worker class",
            f"The proxy speaks {seen.protocol} to gunicorn, so each stream costs a greenlet. "
            "In nginx: proxy_http_version 1.1;",
        )
    if seen.worker == "development" and current_app.config["ENV"] == "production":
        return wrong(
            "worker class", "Flask's development server serves. Use gunicorn and deploy/gunicorn.conf.py."
        )
    return ok("worker class", f"{seen.worker}.")


def _scheme(url: str, seen: Seen) -> Finding:
    asked = urlsplit(url)
    if seen.scheme != asked.scheme:
        return wrong(
            "scheme",
            f"We asked by {asked.scheme}, the shop sees {seen.scheme}: forms and cookies fail. "
            "The proxy has to set X-Forwarded-Proto, and TRUSTED_PROXIES to count it.",
        )
    if seen.host != asked.netloc:
        return wrong(
            "scheme", f"We asked {asked.netloc}, the shop sees {seen.host}. The proxy has to pass Host on."
        )
    if asked.scheme == "http" and current_app.config["ENV"] == "production":
        return warn("scheme", "Asked without TLS. In production browsers keep sign-ins over TLS only.")
    return ok("scheme", f"{seen.scheme}://{seen.host}, as asked.")


def _stream(url: str) -> Finding:
    began = time.perf_counter()
    try:
        with _opener.open(f"{url.rstrip('/')}/stock/stream?product=1", timeout=PROMPT) as answer:
            first = answer.readline(1000)
    except (TimeoutError, OSError) as error:
        return wrong(
            "streams",
            f"Live stock does not begin within {PROMPT:g} s ({error}). The proxy must not buffer it: "
            "proxy_buffering off; for /stock/stream.",
        )
    took = time.perf_counter() - began
    if not first.startswith((b"retry:", b"event:")):
        return wrong(
            "streams", "What comes from /stock/stream is no stream. Look at what the proxy answers there."
        )
    return ok("streams", f"Live stock begins after {took * 1000:.0f} ms.")
