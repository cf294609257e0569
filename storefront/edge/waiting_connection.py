"""A connection that waits for its next request. The event loop itself answers those for cached pages.

A greenlet that waits for each request needs two switches and two more calls of the kernel for it; these cost more
than a cached page does. So the greenlet of a connection sleeps until there is something that only it can do. In the
event loop nothing may wait, and an answer of the fast path never does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from gevent import get_hub
from gevent.hub import Waiter

from storefront.edge.keep_alive import KeepAliveTimeout

_READABLE = 1  # the event of an `io` watcher (libev, ev.h: EV_READ)


class WaitingConnection:
    """A connection between two requests that gunicorn answers.

    Args:
        connection: gevent's socket.
        most: bytes that are received at once.
        answer: returns the response to a whole request; None if gunicorn has to answer it. It never waits.
        timeout: ends the greenlet's wait.
    """

    def __init__(
        self, connection: Any, most: int, answer: Callable[[bytes], bytes | None], timeout: KeepAliveTimeout
    ) -> None:
        self._socket, self._most = connection, most
        self._answer, self._timeout = answer, timeout

    def receive_other(self, data: bytes) -> bytes:
        """Answer requests for cached pages until another one comes, and return what was received of it.

        Args:
            data: what was received already.

        Returns:
            The beginning of the other request; no bytes if the client has closed the connection.
        """
        answer: bytes | memoryview | None = self._answer(data)
        while answer is not None:
            self._send(answer)
            data, answer = self._wait()
        return data

    def _send(self, answer: bytes | memoryview) -> None:
        """Send an answer, however slowly its reader takes it."""
        self._timeout.interrupt()  # slow readers get the time that gunicorn gives
        # `sendall` asks the kernel for the size of its buffer first; an answer nearly always fits into it.
        sent = self._socket.send(answer)
        if sent < len(answer):
            self._socket.sendall(memoryview(answer)[sent:])
        self._timeout.begin()

    def _wait(self) -> tuple[bytes, memoryview | None]:
        """Let the event loop answer; return another request's data, or the rest of an answer that did not fit."""
        self._waiter = Waiter()
        self._watcher = get_hub().loop.io(self._socket.fileno(), _READABLE)
        self._socket.setblocking(False)
        self._watcher.start(self._answer_next)
        try:
            found: tuple[bytes, memoryview | None] = self._waiter.get()
            return found
        finally:
            self._watcher.close()
            self._socket.setblocking(True)

    def _answer_next(self) -> None:
        """Answer one request, and leave the connection watched. The event loop calls this for arrived bytes."""
        try:
            data = self._socket.recv(self._most)
            answer = self._answer(data)
            if answer is None:
                self._waiter.switch((data, None))
                return
            try:
                sent = self._socket.send(answer)
            except BlockingIOError:
                sent = 0
            if sent < len(answer):
                self._waiter.switch((b"", memoryview(answer)[sent:]))
                return
            self._timeout.begin()
        except BlockingIOError:
            return  # woken without bytes
        except Exception:  # noqa: BLE001  # whatever it is, gunicorn handles it in the greenlet
            self._waiter.throw(*sys.exc_info())
