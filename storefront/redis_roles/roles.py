"""The roles, and for each of them its URL, its client and its circuit breaker."""

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
    """A use of Redis; each role can have a server of its own."""

    CACHE = "cache"
    SESSION = "session"
    LIMIT = "limit"
    # Messages of live streams; the value is in the names of settings, metrics and alerts.
    LIVE = "stock"


@dataclass
class RoleClients:
    """The clients of all roles.

    Attributes:
        urls: by role; None means the embedded server.
        instance: the instance directory, where the embedded server keeps its files.
    """

    urls: dict[Role, str | None]
    instance: Path
    # By process id: a forked child cannot use its parent's connections.
    _clients: dict[tuple[int, Role], Redis] = field(default_factory=dict)
    _resolvers: dict[tuple[int, Role], MasterResolver | None] = field(default_factory=dict)
    _breakers: dict[tuple[int, Role], CircuitBreaker] = field(default_factory=dict)

    @classmethod
    def from_config(cls, app: Flask) -> RoleClients:
        """Read the URLs from the settings; raise ConfigurationError if one is invalid."""
        urls = {}
        for role in Role:
            name = f"{role.upper()}_REDIS_URL"
            own = app.config.get(name)
            urls[role] = own or app.config.get("REDIS_URL") or None
            if url := urls[role]:
                address.parse_url(name if own else "REDIS_URL", url)  # an invalid URL stops the start
        return cls(urls, Path(app.instance_path))

    def resolve_url(self, role: Role) -> str:
        """Return the role's URL; start the embedded server if the role uses it."""
        return self.urls[role] or embedded.acquire_server(self.instance)

    def resolve_address(self, role: Role) -> RedisAddress:
        """Return the role's address; start the embedded server if the role uses it."""
        return address.parse_url("REDIS_URL", self.resolve_url(role))

    def get_client(self, role: Role) -> Redis:
        """Return this process's client of the role."""
        key = (os.getpid(), role)
        if key not in self._clients:
            where = self.resolve_address(role)
            self._clients.setdefault(key, clients.create_client(where, self._get_resolver(role, where)))
        return self._clients[key]

    def create_pubsub_connection(self, role: Role) -> PubSubConnection:
        """Return a new connection for a subscription, not connected yet."""
        where = self.resolve_address(role)
        return clients.create_pubsub_connection(where, self._get_resolver(role, where))

    def has_new_master(self, role: Role, connection: PubSubConnection) -> bool:
        """Return whether sentinels name another master than the server of this connection."""
        resolver = self._get_resolver(role, self.resolve_address(role)) if self.urls[role] else None
        return resolver is not None and resolver.resolve() != (connection.host, connection.port)

    def get_breaker(self, role: Role) -> CircuitBreaker:
        """Return this process's circuit breaker of the role."""
        key = (os.getpid(), role)
        if key not in self._breakers:
            self._breakers.setdefault(
                key, CircuitBreaker(role, lambda: self._ping(role), lambda: self._probe_write(role))
            )
        return self._breakers[key]

    def call(self, role: Role, do: Callable[[Redis], T], *, write: bool = False) -> T:
        """Call `do` with the role's client. See `redis_roles.call`."""
        breaker = self.get_breaker(role)
        if not breaker.allows(write=write):
            raise RedisUnavailable(role, breaker.problem(write=write))
        try:
            return do(self.get_client(role))
        except REDIS_ERRORS as error:
            kind = classify(error)
            if kind is None:
                raise
            breaker.record_failure(kind, str(error))
            raise RedisUnavailable(role, str(error)) from error

    def _get_resolver(self, role: Role, where: RedisAddress) -> MasterResolver | None:
        key = (os.getpid(), role)
        if key not in self._resolvers:
            self._resolvers.setdefault(key, clients.create_resolver(where))
        return self._resolvers[key]

    def _ping(self, role: Role) -> None:
        self.resolve_url(role)  # restarts the embedded server if its supervisor was killed
        self.get_client(role).ping()

    def _probe_write(self, role: Role) -> None:
        # Another key each time: on a cluster, any node may be the one that is full. Without permission to write such
        # keys the probe cannot find out, so the next calls will.
        with suppress(NoPermissionError):
            self.get_client(role).set(f"probe:{secrets.token_hex(4)}", b"", px=1000)


role_clients = AppState[RoleClients]("redis_roles")
