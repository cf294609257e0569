"""Takes a stream's connection out of gunicorn's hands, so that an open page costs no greenlet and no place.

Found by looking for what it needs: gunicorn's socket in the environment, in a process that gevent has patched. Where
that is missing (`flask run`, threads, TLS in gunicorn) the view's generator serves the stream.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask
from gevent import monkey

from storefront.stock.stream.socket_stream import Sockets
from storefront.stock.stream.views import WANTED
from storefront.web import DETACHED_RESPONSE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SNDBUF = 32 * 1024  # what the kernel keeps for a client that does not read
_USER_TIMEOUT_MS = 30_000


class Streams:
    """The layer."""

    def __init__(self, app: Flask, inner: WSGIApplication) -> None:
        self._app, self._inner = app, inner
        self._sockets: Sockets | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: D102
        if environ.get("PATH_INFO") != "/stock/stream" or not _can_detach(environ):
            return self._inner(environ, start_response)
        said: list[Any] = []

        def keep(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
            said[:] = [status, headers]
            return said.append

        body = self._inner(environ, keep)
        wanted = environ.get(WANTED)
        if wanted is None or not said[0].startswith("200"):
            start_response(*said)
            return body
        if close := getattr(body, "close", None):
            close()
        if self._sockets is None:
            self._sockets = Sockets(self._app.extensions["stock_hub"])
        address, ids = wanted
        self._sockets.open(_taken(environ["gunicorn.socket"]), address, ids, _head(*said))
        # What gunicorn takes as "this connection is closed": its loop ends, and its own descriptor with it.
        environ[DETACHED_RESPONSE] = said
        raise StopIteration


def _can_detach(environ: WSGIEnvironment) -> bool:
    own = environ.get("gunicorn.socket")
    return (
        isinstance(own, socket.socket)
        and type(own).__name__ != "SSLSocket"
        and environ.get("SERVER_PROTOCOL") == "HTTP/1.1"
        and environ.get("REQUEST_METHOD") == "GET"
        and bool(monkey.is_module_patched("socket"))
    )


def _taken(own: socket.socket) -> int:
    """Return a descriptor of our own for gunicorn's connection; what holds for the one holds for the other."""
    own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SNDBUF)
    if own.family in (socket.AF_INET, socket.AF_INET6):
        own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
    taken = os.dup(own.fileno())
    os.set_blocking(taken, False)
    return taken


def _head(status: str, headers: list[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
