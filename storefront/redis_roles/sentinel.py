"""Asking sentinels which server is the master, and connections that go there."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from redis import Redis, RedisError
from redis.connection import Connection
from redis.exceptions import ConnectionError as Broken
from redis.exceptions import ReadOnlyError, ResponseError

Host = tuple[str, int]

_RETRY_AFTER = 1.0  # seconds for which sentinels that all failed to answer are not asked again


class MasterResolver:
    """Knows the master of a service, in this process.

    Args:
        service: the sentinels' name of it.
        sentinels: their clients; each fails within a tenth of a second.
    """

    def __init__(self, service: str, sentinels: Sequence[Redis]) -> None:
        self._service = service
        self._sentinels = list(sentinels)
        self.last_master: Host | None = None  # the master that was named last
        self._silent_until = 0.0
        self._lock = threading.Lock()

    def resolve(self) -> Host:
        """Return the master's host and port: by the first sentinel that says, else the last that was known.

        Raises:
            ConnectionError: no sentinel knows it, and none ever did.
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
            raise Broken(f"no sentinel names the master of {self._service!r}: {problem}.")
        return self.last_master

    def _remember(self, sentinel: Redis, master: Host) -> None:
        with self._lock:
            self.last_master = master
            # The one that answered is asked first next time: a silent one costs its time-out only once.
            self._sentinels.sort(key=lambda other: other is not sentinel)


class MasterConnection(Connection):
    """A connection to whichever server is the master when it connects."""

    def __init__(self, *, directory: MasterResolver, **options: Any) -> None:
        self._resolver = directory
        super().__init__(**options)  # type: ignore[no-untyped-call]  # as all of redis-py's connections

    def connect(self) -> None:
        """Connect if need be; a connection from the pool that goes to a former master is made anew."""
        if self._sock and (self.host, self.port) != self._resolver.last_master:
            self.disconnect()
        super().connect()  # type: ignore[no-untyped-call]

    def _connect(self) -> Any:
        self.host, self.port = self._resolver.resolve()
        return super()._connect()  # type: ignore[no-untyped-call]

    def read_response(self, *args: Any, **options: Any) -> Any:
        """Return the next answer. A master that has become a replica is left, and the next command asks again."""
        try:
            return super().read_response(*args, **options)
        except ResponseError as error:
            if isinstance(error, ReadOnlyError) or "-READONLY " in str(
                error
            ):  # the latter from within a script
                self.disconnect()  # type: ignore[no-untyped-call]
            raise
