"""Writes a whole answer to gunicorn's socket in one piece.

gunicorn looks at each header of each response and sends head and body apart, which costs more than finding a held
page. The head of such a page is the same each time but for a few lines, so it is looked at once. Where the server is
another, or a middleware stands between, nothing here is used and the answer goes the way of WSGI.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from storefront.web.environ import SERVER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Header = tuple[str, str]


class _Date:
    """The Date of responses, made once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def now(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


_date = _Date()


def response_of(environ: WSGIEnvironment, start_response: StartResponse) -> Any | None:
    """Return gunicorn's response to the request, if nothing stands between, and nothing of it has been sent."""
    response: Any = getattr(environ.get(SERVER) or start_response, "__self__", None)
    kind = type(response)
    if kind.__name__ != "Response" or kind.__module__ != "gunicorn.http.wsgi":
        return None
    return response if response.status is None and response.cfg.protocol == "http" else None


def lines(headers: Iterable[Header]) -> str:
    """Return headers as they are sent."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers])


def is_one_line(value: str) -> bool:
    """Return whether a header's value is one line of characters that can be sent: what is not would begin another."""
    return value.isascii() and value.isprintable()


def send(response: Any, status: str, head: str, body: bytes) -> None:
    """Send an answer whole: its status, the lines of its head, its body."""
    response.status, response.status_code = status, int(status[:3])
    response.response_length = response.sent = len(body)
    connection = "close" if response.should_close() else "keep-alive"
    major, minor = response.req.version
    first = (
        f"HTTP/{major}.{minor} {status}\r\nServer: {response.version}\r\nDate: {_date.now()}\r\n"
        f"Connection: {connection}\r\nContent-Length: {len(body)}\r\n{head}\r\n"
    )
    response.headers_sent = True
    response.sock.sendall(first.encode("latin-1") + body)
