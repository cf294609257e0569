"""Where each role lives, its client, and how it is called: through a breaker."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from flask import Flask
from redis import Redis
from redis.exceptions import NoPermissionError

from storefront.redis_roles import address, clients, embedded
from storefront.redis_roles.address import Address
from storefront.redis_roles.circuit_breaker import CircuitBreaker
from storefront.redis_roles.clients import PubSubConnection
from storefront.redis_roles.errors import TROUBLE, RedisUnavailable, classify
from storefront.redis_roles.sentinel import MasterResolver

T = TypeVar("T")


class Role(StrEnum):
    """What Redis is used for; each role may live on a server of its own."""

    CACHE = "cache"
    SESSION = "session"
    LIMIT = "limit"
    STOCK = "stock"


@dataclass
class Roles:
    """The roles' URLs (None: the embedded server) and this process's clients."""

    urls: dict[Role, str | None]
    instance: Path
    # By process: what a child inherits at its fork is of no use to it.
    _clients: dict[tuple[int, Role], Redis] = field(default_factory=dict)
    _directories: dict[tuple[int, Role], MasterResolver | None] = field(default_factory=dict)
    _breakers: dict[tuple[int, Role], CircuitBreaker] = field(default_factory=dict)

    @classmethod
    def from_config(cls, app: Flask) -> Roles:
        """Read the URLs; raise ConfigurationError for one that cannot be used."""
        urls = {}
        for role in Role:
            name = f"{role.upper()}_REDIS_URL"
            own = app.config.get(name)
            urls[role] = own or app.config.get("REDIS_URL") or None
            if url := urls[role]:
                address.read(name if own else "REDIS_URL", url)  # to stop the start, if need be
        return cls(urls, Path(app.instance_path))

    def url(self, role: Role) -> str:
        """Return the role's URL; starts the embedded server if that is where the role lives."""
        return self.urls[role] or embedded.join(self.instance)

    def address(self, role: Role) -> Address:
        """Return where the role lives; starts the embedded server if that is where."""
        return address.read("REDIS_URL", self.url(role))

    def client(self, role: Role) -> Redis:
        """Return the client of this role in this process; a forked child gets its own."""
        key = (os.getpid(), role)
        if key not in self._clients:
            where = self.address(role)
            self._clients.setdefault(key, clients.client(where, self._directory(role, where)))
        return self._clients[key]

    def connection(self, role: Role) -> PubSubConnection:
        """Return a new connection for a subscription, not yet connected and nobody else's."""
        where = self.address(role)
        return clients.connection(where, self._directory(role, where))

    def has_left(self, role: Role, line: PubSubConnection) -> bool:
        """Return whether the sentinels name another master than the one on this line: it would hear nothing new."""
        directory = self._directory(role, self.address(role)) if self.urls[role] else None
        return directory is not None and directory.master() != (line.host, line.port)

    def breaker(self, role: Role) -> CircuitBreaker:
        """Return the breaker of this role in this process."""
        key = (os.getpid(), role)
        if key not in self._breakers:
            self._breakers.setdefault(
                key, CircuitBreaker(role, lambda: self._ping(role), lambda: self._write(role))
            )
        return self._breakers[key]

    def call(self, role: Role, do: Callable[[Redis], T], *, write: bool = False) -> T:
        """Return what `do` returns for the role's client. See `redis_roles.call`."""
        breaker = self.breaker(role)
        if not breaker.allows(write=write):
            raise RedisUnavailable(role, breaker.problem(write=write))
        try:
            return do(self.client(role))
        except TROUBLE as error:
            what = classify(error)
            if what is None:
                raise
            breaker.failed(what, str(error))
            raise RedisUnavailable(role, str(error)) from error

    def _directory(self, role: Role, where: Address) -> MasterResolver | None:
        key = (os.getpid(), role)
        if key not in self._directories:
            self._directories.setdefault(key, clients.directory(where))
        return self._directories[key]

    def _ping(self, role: Role) -> None:
        self.url(role)  # brings the embedded server back if it was lost with its keeper
        self.client(role).ping()

    def _write(self, role: Role) -> None:
        # A key of its own each time: on a cluster, every node may be the one that is full. A user who may not write
        # such keys cannot know, so the next calls have to tell.
        with suppress(NoPermissionError):
            self.client(role).set(f"probe:{secrets.token_hex(4)}", b"", px=1000)
