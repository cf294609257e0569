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

from storefront.app_state import AppState
from storefront.redis_roles import address, clients, embedded
from storefront.redis_roles.address import RedisAddress
from storefront.redis_roles.circuit_breaker import CircuitBreaker
from storefront.redis_roles.clients import PubSubConnection
from storefront.redis_roles.errors import REDIS_ERRORS, RedisUnavailable, classify
from storefront.redis_roles.sentinel import MasterResolver

T = TypeVar("T")


class Role(StrEnum):
    """What Redis is used for; each role may live on a server of its own."""

    CACHE = "cache"
    SESSION = "session"
    LIMIT = "limit"
    STOCK = "stock"


@dataclass
class RoleClients:
    """The roles' URLs (None: the embedded server) and this process's clients."""

    urls: dict[Role, str | None]
    instance: Path
    # By process: what a child inherits at its fork is of no use to it.
    _clients: dict[tuple[int, Role], Redis] = field(default_factory=dict)
    _resolvers: dict[tuple[int, Role], MasterResolver | None] = field(default_factory=dict)
    _breakers: dict[tuple[int, Role], CircuitBreaker] = field(default_factory=dict)

    @classmethod
    def from_config(cls, app: Flask) -> RoleClients:
        """Read the URLs; raise ConfigurationError for one that cannot be used."""
        urls = {}
        for role in Role:
            name = f"{role.upper()}_REDIS_URL"
            own = app.config.get(name)
            urls[role] = own or app.config.get("REDIS_URL") or None
            if url := urls[role]:
                address.parse_url(name if own else "REDIS_URL", url)  # to stop the start, if need be
        return cls(urls, Path(app.instance_path))

    def resolve_url(self, role: Role) -> str:
        """Return the role's URL; starts the embedded server if that is where the role lives."""
        return self.urls[role] or embedded.acquire_server(self.instance)

    def resolve_address(self, role: Role) -> RedisAddress:
        """Return where the role lives; starts the embedded server if that is where."""
        return address.parse_url("REDIS_URL", self.resolve_url(role))

    def get_client(self, role: Role) -> Redis:
        """Return the client of this role in this process; a forked child gets its own."""
        key = (os.getpid(), role)
        if key not in self._clients:
            where = self.resolve_address(role)
            self._clients.setdefault(key, clients.create_client(where, self._get_resolver(role, where)))
        return self._clients[key]

    def create_pubsub_connection(self, role: Role) -> PubSubConnection:
        """Return a new connection for a subscription, not yet connected and nobody else's."""
        where = self.resolve_address(role)
        return clients.create_pubsub_connection(where, self._get_resolver(role, where))

    def has_new_master(self, role: Role, line: PubSubConnection) -> bool:
        """Return whether the sentinels name another master than the one on this line: it would hear nothing new."""
        directory = self._get_resolver(role, self.resolve_address(role)) if self.urls[role] else None
        return directory is not None and directory.resolve() != (line.host, line.port)

    def get_breaker(self, role: Role) -> CircuitBreaker:
        """Return the breaker of this role in this process."""
        key = (os.getpid(), role)
        if key not in self._breakers:
            self._breakers.setdefault(
                key, CircuitBreaker(role, lambda: self._ping(role), lambda: self._probe_write(role))
            )
        return self._breakers[key]

    def call(self, role: Role, do: Callable[[Redis], T], *, write: bool = False) -> T:
        """Return what `do` returns for the role's client. See `redis_roles.call`."""
        breaker = self.get_breaker(role)
        if not breaker.allows(write=write):
            raise RedisUnavailable(role, breaker.problem(write=write))
        try:
            return do(self.get_client(role))
        except REDIS_ERRORS as error:
            what = classify(error)
            if what is None:
                raise
            breaker.record_failure(what, str(error))
            raise RedisUnavailable(role, str(error)) from error

    def _get_resolver(self, role: Role, where: RedisAddress) -> MasterResolver | None:
        key = (os.getpid(), role)
        if key not in self._resolvers:
            self._resolvers.setdefault(key, clients.create_resolver(where))
        return self._resolvers[key]

    def _ping(self, role: Role) -> None:
        self.resolve_url(role)  # brings the embedded server back if it was lost with its keeper
        self.get_client(role).ping()

    def _probe_write(self, role: Role) -> None:
        # A key of its own each time: on a cluster, every node may be the one that is full. A user who may not write
        # such keys cannot know, so the next calls have to tell.
        with suppress(NoPermissionError):
            self.get_client(role).set(f"probe:{secrets.token_hex(4)}", b"", px=1000)


role_clients = AppState[RoleClients]("redis_roles")
