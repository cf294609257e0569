"""WSGI middleware that takes a stream's connection over from gunicorn, so that an open page costs no greenlet.

It needs gunicorn's socket in the WSGI environment, and a process that gevent has patched. Where one is missing
(`flask run`, threads, TLS in gunicorn), the view's `WsgiStream` serves the stream.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Any

from storefront.live.socket_stream import SocketStreams
from storefront.live.wsgi_stream import STREAM_REQUEST, StreamRequest
from storefront.pauses import has_greenlets
from storefront.platform_features import end_unacknowledged
from storefront.web import DETACHED_RESPONSE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from storefront.live.hub import Hub

_SNDBUF = 32 * 1024  # bytes that the kernel keeps for a client that does not read
_PATIENCE = 30  # seconds until a client that acknowledges nothing is gone


class SocketTakeover:
    """The middleware.

    Args:
        inner: the application.
        paths: where its streams are.
    """

    def __init__(self, inner: WSGIApplication, paths: Container[str]) -> None:
        self._inner, self._paths = inner, paths
        self._sockets: dict[Hub, SocketStreams] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:  # noqa: D102
        if environ.get("PATH_INFO") not in self._paths or not _can_take_over(environ):
            return self._inner(environ, start_response)
        head: list[Any] = []

        def keep(status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Any:
            head[:] = [status, headers]
            return head.append

        body = self._inner(environ, keep)
        wanted: StreamRequest | None = environ.get(STREAM_REQUEST)
        if wanted is None or not head[0].startswith("200"):
            start_response(*head)
            return body
        if close := getattr(body, "close", None):
            close()
        sockets = self._sockets.get(wanted.hub)
        if sockets is None:
            sockets = self._sockets[wanted.hub] = SocketStreams(wanted.hub)
        fd = _duplicate(environ["gunicorn.socket"])
        sockets.open(fd, wanted.address, wanted.topics, _head(*head))
        environ[DETACHED_RESPONSE] = head  # for the measuring layer outside of this one
        # gunicorn takes this as "the connection is closed": it ends its loop and closes its own descriptor.
        raise StopIteration


def _can_take_over(environ: WSGIEnvironment) -> bool:
    connection = environ.get("gunicorn.socket")
    return (
        isinstance(connection, socket.socket)
        and type(connection).__name__ != "SSLSocket"
        and environ.get("SERVER_PROTOCOL") == "HTTP/1.1"
        and environ.get("REQUEST_METHOD") == "GET"
        and has_greenlets()
    )


def _duplicate(connection: socket.socket) -> int:
    """Return a descriptor of our own for gunicorn's connection. Both share the connection's options."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SNDBUF)
    if connection.family in (socket.AF_INET, socket.AF_INET6):
        end_unacknowledged(connection, _PATIENCE)
    fd = os.dup(connection.fileno())
    os.set_blocking(fd, False)
    return fd


def _head(status: str, headers: list[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers), "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
