"""HTTP/1.1 responses as bytes, from the status line to the body."""

from __future__ import annotations

import time
from collections.abc import Iterable
from email.utils import formatdate

from gunicorn import SERVER

from storefront.web.common_headers import Header


class _Date:
    """The Date header, formatted once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def now(self) -> str:
        second = int(time.time())
        if second != self._second:
            self._second, self._text = second, formatdate(second, usegmt=True)
        return self._text


_date = _Date()


def format_headers(headers: Iterable[Header]) -> str | None:
    """Return headers as lines; None if a value contains anything but printable ASCII (it could inject a header)."""
    values = "".join([value for _, value in headers])
    is_safe = values.isascii() and values.isprintable()
    return "".join([f"{name}: {value}\r\n" for name, value in headers]) if is_safe else None


def format_response(status: str, head: str, body: bytes) -> bytes:
    """Return a whole response on a keep-alive connection, from its status, header lines and body."""
    first = f"HTTP/1.1 {status}\r\nServer: {SERVER}\r\nDate: {_date.now()}\r\nConnection: keep-alive\r\n"
    return f"{first}{head}\r\n".encode("latin-1") + body
