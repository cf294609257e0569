"""Where each role lives, its client, and how it is called: through a breaker."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from flask import Flask
from redis import BlockingConnectionPool, ConnectionPool, Redis
from redis.backoff import NoBackoff
from redis.exceptions import NoPermissionError
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry

from storefront.errors import ConfigurationError
from storefront.redis_roles import embedded
from storefront.redis_roles.away import TROUBLE, RedisAway, trouble
from storefront.redis_roles.breaker import Breaker

T = TypeVar("T")

SCHEMES = ("redis", "rediss", "unix")
LATER_SCHEMES = ("redis+sentinel", "redis+cluster")
# A page must not wait for Redis: the library's defaults cost seconds on a silent peer.
TIMEOUT = 0.1  # seconds: to connect, to read, and to wait for a free connection
SUBSCRIPTION_TIMEOUT = 1.0  # seconds, in a thread for which no page waits
POOL = 50  # connections per process and role


class Role(StrEnum):
    """What Redis is used for; each role may live on a server of its own."""

    CACHE = "cache"
    SESSION = "session"
    LIMIT = "limit"
    STOCK = "stock"


class Line(Protocol):
    """What a subscription needs of redis-py's connections, which are not typed."""

    def connect(self) -> None:
        """Connect and sign in."""

    def disconnect(self) -> None:
        """Close the socket."""

    def send_command(self, *words: str, check_health: bool = True) -> None:
        """Send a command and wait for nothing."""

    def read_response(self) -> Any:
        """Return what comes next."""

    def can_read(self, timeout: float) -> bool:
        """Return whether something comes within so many seconds."""


@dataclass
class Roles:
    """The roles' URLs (None: the embedded server) and this process's clients."""

    urls: dict[Role, str | None]
    instance: Path
    # By process: what a child inherits at its fork is of no use to it.
    _clients: dict[tuple[int, Role], Redis] = field(default_factory=dict)
    _breakers: dict[tuple[int, Role], Breaker] = field(default_factory=dict)

    @classmethod
    def from_config(cls, app: Flask) -> Roles:
        """Read the URLs; raise ConfigurationError for one that cannot be used."""
        urls = {}
        for role in Role:
            name = f"{role.upper()}_REDIS_URL"
            own = app.config.get(name)
            urls[role] = _checked(name if own else "REDIS_URL", own or app.config.get("REDIS_URL"))
        return cls(urls, Path(app.instance_path))

    def url(self, role: Role) -> str:
        """Return the role's URL; starts the embedded server if that is where the role lives."""
        return self.urls[role] or embedded.join(self.instance)

    def client(self, role: Role) -> Redis:
        """Return the client of this role in this process; a forked child gets its own."""
        key = (os.getpid(), role)
        if key not in self._clients:
            pool = BlockingConnectionPool.from_url(
                self.url(role),
                max_connections=POOL,
                timeout=TIMEOUT,
                socket_timeout=TIMEOUT,
                socket_connect_timeout=TIMEOUT,
                retry=Retry(NoBackoff(), 0),
                health_check_interval=15,
                # Switched off: by default a server may stretch these time-outs to ten seconds.
                maint_notifications_config=MaintNotificationsConfig(enabled=False),
            )
            self._clients.setdefault(key, Redis.from_pool(pool))
        return self._clients[key]

    def connection(self, role: Role) -> Line:
        """Return a new connection for a subscription, not yet connected and nobody else's."""
        pool = ConnectionPool.from_url(
            self.url(role),
            socket_timeout=SUBSCRIPTION_TIMEOUT,
            socket_connect_timeout=SUBSCRIPTION_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # in which what is published comes as any other answer
            driver_info=None,
        )
        line: Line = pool.make_connection()
        return line

    def breaker(self, role: Role) -> Breaker:
        """Return the breaker of this role in this process."""
        key = (os.getpid(), role)
        if key not in self._breakers:
            self._breakers.setdefault(key, Breaker(role, lambda: self._ping(role), lambda: self._write(role)))
        return self._breakers[key]

    def call(self, role: Role, do: Callable[[Redis], T], *, write: bool = False) -> T:
        """Return what `do` returns for the role's client. See `redis_roles.call`."""
        breaker = self.breaker(role)
        if not breaker.allows(write=write):
            raise RedisAway(role, breaker.problem(write=write))
        try:
            return do(self.client(role))
        except TROUBLE as error:
            what = trouble(error)
            if what is None:
                raise
            breaker.failed(what, str(error))
            raise RedisAway(role, str(error)) from error

    def _ping(self, role: Role) -> None:
        self.url(role)  # brings the embedded server back if it was lost with its keeper
        self.client(role).ping()

    def _write(self, role: Role) -> None:
        # A key of its own each time: on a cluster, every node may be the one that is full. A user who may not write
        # such keys cannot know, so the next calls have to tell.
        with suppress(NoPermissionError):
            self.client(role).set(f"probe:{secrets.token_hex(4)}", b"", px=1000)


def _checked(name: str, url: str | None) -> str | None:
    if not url:
        return None
    shown = re.sub(r"//[^/]*@", "//…@", url)  # without the password
    scheme, found, rest = url.partition("://")
    if scheme in LATER_SCHEMES:
        raise ConfigurationError(
            f"{name}: {scheme}:// is not supported yet; name one server with redis://host:port/db."
        )
    if not found or scheme not in SCHEMES or not rest:
        raise ConfigurationError(
            f"{name} is {shown!r}; use redis://host:port/db, rediss://host:port/db or unix:///path/to/socket."
        )
    try:
        BlockingConnectionPool.from_url(url)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{name} is {shown!r}: {error}.") from error
    return url
