"""Request bodies as they arrive: a deadline, a minimum rate, and an end for bodies that the shop does not want."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import Any, ClassVar

from gevent import Timeout
from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.unreader import SocketUnreader
from werkzeug.exceptions import RequestTimeout

from storefront.platform_features import receive_and_drop

MIN_RATE = 8 * 1024  # bytes a second after the first seconds of a body
MAX_DRAINED = 16 * 1024  # bytes: gunicorn reads the unread rest of a body up to here and keeps the connection
# Bytes of an unwanted body that are received so that its sender gets the answer.
MAX_DISCARDED = 4 * 1024 * 1024
DISCARD_SECONDS = 2.0

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_WASTE = bytearray(256 * 1024)


class BodyReader(SocketUnreader):  # type: ignore[misc]  # gunicorn is not typed
    """gunicorn's reader of a connection. A body must arrive within `seconds`, and later at MIN_RATE.

    Between `begin_body` and `end_body`, a read that takes longer raises RequestTimeout (408).
    """

    seconds: ClassVar[float] = 10.0

    def __init__(self, sock: Any, max_chunk: int = 8192) -> None:
        super().__init__(sock, max_chunk)
        self.end_body()

    def begin_body(self, *, expects_continue: bool) -> None:
        """Apply the deadline to what is read from now on.

        Args:
            expects_continue: the client waits for "100 Continue" (RFC 9110, 10.1.1). It is sent when the body is read
                first, so that the client of a refused request sends none.
        """
        self._in_body, self._expects_continue = True, expects_continue

    def end_body(self) -> None:
        """Apply no deadline to what is read from now on."""
        self._in_body = self._expects_continue = False
        self._began_at, self._received = 0.0, 0

    @property
    def is_awaited(self) -> bool:
        """Whether the client still waits for "100 Continue": whether it will send the body is unknown."""
        return self._expects_continue

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next bytes from the client."""
        if not self._in_body:
            return bytes(super().chunk(size_hint))
        if self._expects_continue:
            self._expects_continue = False
            self.sock.sendall(_CONTINUE)
        now = time.monotonic()
        self._began_at = self._began_at or now
        left = self._began_at + self.seconds + self._received / MIN_RATE - now
        with Timeout(max(left, 0.001), RequestTimeout()):
            data = bytes(super().chunk(size_hint))
        self._received += len(data)
        return data


def is_unwanted(body: Body) -> bool:
    """Return whether more than MAX_DRAINED of a body, or an unknown rest, is unread: the connection has to close."""
    reader = body.reader
    if isinstance(reader, LengthReader):
        return bool(body.failed or reader.length > MAX_DRAINED)
    return bool(body.failed or (isinstance(reader, ChunkedReader) and reader.parser is not None))


def discard(connection: Any) -> None:
    """Receive the rest of an unwanted body without looking at it, within bounds, after the answer was sent.

    If a connection with unread bytes is closed, the kernel resets it, and the client may lose the answer.
    """
    received = 0
    with suppress(OSError), Timeout(DISCARD_SECONDS, False):
        connection.shutdown(socket.SHUT_WR)
        while received < MAX_DISCARDED:
            number = receive_and_drop(connection, _WASTE)
            if not number:
                return
            received += number
