"""Sentinels: look-up of the master, and connections to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from redis import Redis, RedisError
from redis.connection import Connection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, ResponseError

Host = tuple[str, int]

_RETRY_AFTER = 1.0  # seconds without look-ups after all sentinels have failed to answer


class MasterResolver:
    """Asks sentinels for the master of a service.

    Args:
        service: the sentinels' name for it.
        sentinels: their clients; each fails within a tenth of a second.
    """

    def __init__(self, service: str, sentinels: Sequence[Redis]) -> None:
        self._service = service
        self._sentinels = list(sentinels)
        self.last_master: Host | None = None  # the last known master
        self._silent_until = 0.0
        self._lock = threading.Lock()

    def resolve(self) -> Host:
        """Return the master's host and port from the first sentinel that answers, otherwise the last known ones.

        Raises:
            ConnectionError: no sentinel answers, and no master is known.
        """
        problem = "they did not answer a moment ago"
        if time.monotonic() >= self._silent_until:
            for sentinel in list(self._sentinels):
                try:
                    found: Any = sentinel.sentinel_get_master_addr_by_name(self._service)
                except (RedisError, OSError) as error:
                    problem = str(error)
                    continue
                if found is None:
                    problem = f"there is no service {self._service!r}"
                    continue
                host, port = found
                self._remember(sentinel, (host.decode() if isinstance(host, bytes) else str(host), int(port)))
                break
            else:
                self._silent_until = time.monotonic() + _RETRY_AFTER
        if self.last_master is None:
            raise RedisConnectionError(f"no sentinel names the master of {self._service!r}: {problem}.")
        return self.last_master

    def _remember(self, sentinel: Redis, master: Host) -> None:
        with self._lock:
            self.last_master = master
            # The sentinel that answered is asked first next time: a silent one costs its time-out only once.
            self._sentinels.sort(key=lambda other: other is not sentinel)


class MasterConnection(Connection):
    """A connection to the server that is the master at the moment of connecting."""

    def __init__(self, *, resolver: MasterResolver, **options: Any) -> None:
        self._resolver = resolver
        super().__init__(**options)  # type: ignore[no-untyped-call]  # redis-py's connections have no types

    def connect(self) -> None:
        """Connect if necessary; a pooled connection to a former master is closed and opened again."""
        if self._sock and (self.host, self.port) != self._resolver.last_master:
            self.disconnect()
        super().connect()  # type: ignore[no-untyped-call]

    def _connect(self) -> Any:
        self.host, self.port = self._resolver.resolve()
        return super()._connect()  # type: ignore[no-untyped-call]

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Return the next reply. If the master became a replica, disconnect, so that the next command resolves it."""
        try:
            return super().read_response(*args, **options)
        except ResponseError as error:
            # The text is checked for errors from within scripts.
            if isinstance(error, ReadOnlyError) or "-READONLY " in str(error):
                self.disconnect()  # type: ignore[no-untyped-call]
            raise
