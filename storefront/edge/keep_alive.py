"""The time for which a connection waits for its next request."""

from __future__ import annotations

import math
from time import monotonic

from gevent import get_hub, getcurrent


class _Expired(BaseException):
    """Ends the wait of a connection that sent no request in time."""


class KeepAliveTimeout:
    """A time-out that can be interrupted and restarted; when it ends, the block ends.

    A timer of the event loop for each request would cost more than the rest of a cached page's time-out. So one timer
    runs while the block does; when it ends too early, because the time-out was restarted, it runs for the rest.

    Args:
        seconds: for which a connection may wait.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._expired = _Expired()

    def begin(self) -> None:
        """Let the time begin now."""
        self._ends_at = monotonic() + self._seconds

    def interrupt(self) -> None:
        """Let no time run out until `begin`."""
        self._ends_at = math.inf

    def _check(self) -> None:
        self._timer.close()
        left = min(self._ends_at - monotonic(), self._seconds)
        if left > 0:
            self._start_timer(left)
        else:
            self._greenlet.throw(self._expired)

    def _start_timer(self, seconds: float) -> None:
        self._timer = get_hub().loop.timer(seconds)
        self._timer.start(self._check)

    def __enter__(self) -> None:
        self._greenlet = getcurrent()
        self.begin()
        self._start_timer(self._seconds)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        self._timer.close()
        return error is self._expired
