"""Checks by a request through all proxies: client address, scheme, host, worker class and streams."""

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
from storefront.stock.stream import PATH
from storefront.web.prefix import add_prefix

FORGED_ADDRESS = "192.0.2.77"  # in TEST-NET-1 (RFC 5737), so no proxy can have added it
TIMEOUT = 5  # seconds
PROMPT = 2.0  # seconds within which a stream has to begin


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """The doctor's request as the shop received it."""

    address: str | None
    forwarded: list[str]
    scheme: str
    host: str
    protocol: str
    worker: str


def check(url: str) -> Iterator[Finding]:
    """Send a request to the shop at this URL and check how it arrives."""
    try:
        received = _send(url)
    except (OSError, ValueError, TypeError) as error:
        why = getattr(error, "reason", error)
        level = wrong if isinstance(error, urllib.error.HTTPError) else warn
        yield level(
            "front",
            f"{url} does not answer as this shop ({why}); proxies and workers were not checked. "
            "Start the shop, or name its public URL: flask doctor --url https://shop.example",
        )
        return
    yield _hops(url, received)
    yield _worker(received)
    yield _scheme(url, received)
    yield _stream(url)


def default_url() -> str:
    """Return the shop's likely URL: in production its first trusted host, else the local server."""
    hosts = current_app.config["TRUSTED_HOSTS"]
    if current_app.config["ENV"] == "production" and hosts:
        return f"https://{hosts[0].lstrip('.')}{current_app.config['PREFIX']}"
    return f"http://127.0.0.1:8000{current_app.config['PREFIX']}"


def _send(url: str) -> ReceivedRequest:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("it does not begin with http:// or https://")
    request = urllib.request.Request(  # noqa: S310  # checked above
        f"{url.rstrip('/')}/ops/mirror",
        headers={proxy_echo.HEADER: proxy_echo.token(), "X-Forwarded-For": FORGED_ADDRESS},
    )
    with _opener.open(request, timeout=TIMEOUT) as answer:
        return ReceivedRequest(**json.loads(answer.read(10_000)))


def _hops(url: str, received: ReceivedRequest) -> Finding:
    trusted = current_app.config["TRUSTED_PROXIES"]
    # A proxy appends its client's address to the header, or replaces the whole header.
    passed = len(received.forwarded) - (received.forwarded[:1] == [FORGED_ADDRESS])
    found = f"A request to {url} passes {passed} {'proxy' if passed == 1 else 'proxies'}"
    if received.address == FORGED_ADDRESS:
        return wrong(
            "proxies",
            f"{found}, and clients can forge their address to escape rate limits. Set TRUSTED_PROXIES={passed}.",
        )
    if passed > trusted:
        return wrong(
            "proxies",
            f"{found}, but TRUSTED_PROXIES is {trusted}: all shoppers share the rate limits of {received.address}. "
            f"If they are all yours, set TRUSTED_PROXIES={passed}.",
        )
    if passed < trusted:
        return wrong("proxies", f"{found}, but TRUSTED_PROXIES is {trusted}. Set TRUSTED_PROXIES={passed}.")
    return ok("proxies", f"{found}, as TRUSTED_PROXIES says.")


def _worker(received: ReceivedRequest) -> Finding:
    if received.worker == "sync":
        return wrong(
            "worker class",
            "gunicorn runs sync workers: one open page with live stock stops one. "
            "Serve with: gunicorn --config deploy/gunicorn.conf.py wsgi:app",
        )
    if received.worker == "threads":
        return warn(
            "worker class",
            "gunicorn runs threads: each open page with live stock takes one. Use worker_class gevent.",
        )
    if received.worker == "gevent" and received.protocol != "HTTP/1.1":
        return warn(
            "worker class",
            f"The proxy speaks {received.protocol} to gunicorn, so each stream costs a greenlet. "
            "In nginx: proxy_http_version 1.1;",
        )
    if received.worker == "development" and current_app.config["ENV"] == "production":
        return wrong(
            "worker class", "Flask's development server serves. Use gunicorn and deploy/gunicorn.conf.py."
        )
    return ok("worker class", f"{received.worker}.")


def _scheme(url: str, received: ReceivedRequest) -> Finding:
    sent = urlsplit(url)
    if received.scheme != sent.scheme:
        return wrong(
            "scheme",
            f"The request was sent by {sent.scheme} and arrived as {received.scheme}: forms and cookies fail. "
            "The proxy has to set X-Forwarded-Proto, and TRUSTED_PROXIES has to count it.",
        )
    if received.host != sent.netloc:
        return wrong(
            "scheme",
            f"The request was sent to {sent.netloc} and arrived for {received.host}. "
            "The proxy has to pass the Host header on.",
        )
    if sent.scheme == "http" and current_app.config["ENV"] == "production":
        return warn("scheme", "The URL is without TLS. In production browsers keep sign-ins over TLS only.")
    return ok("scheme", f"{received.scheme}://{received.host}, as sent.")


def _stream(url: str) -> Finding:
    began = time.perf_counter()
    try:
        with _opener.open(f"{url.rstrip('/')}{PATH}?product=1", timeout=PROMPT) as answer:
            first = answer.readline(1000)
    except (TimeoutError, OSError) as error:
        return wrong(
            "streams",
            f"Live stock does not begin within {PROMPT:g} s ({error}). The proxy must not buffer it: "
            f"proxy_buffering off; for {add_prefix(PATH)}.",
        )
    took = time.perf_counter() - began
    if not first.startswith((b"retry:", b"event:")):
        return wrong(
            "streams",
            f"The response of {add_prefix(PATH)} is not an event stream. Check what the proxy answers there.",
        )
    return ok("streams", f"Live stock begins after {took * 1000:.0f} ms.")
