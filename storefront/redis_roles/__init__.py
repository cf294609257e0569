"""Redis by role (cache, session, limit, stock): calls behind a circuit breaker, and an embedded server by default.

    hits = redis_roles.call(Role.CACHE, lambda redis: redis.incr("hits"), write=True)

raises RedisUnavailable, and does so at once while the role's circuit breaker is open; the caller goes on without.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TypeVar

from flask import Flask, current_app
from redis import Redis, RedisCluster

from storefront.errors import StorefrontError
from storefront.redis_roles import locks
from storefront.redis_roles.circuit_breaker import RoleStatus
from storefront.redis_roles.errors import REDIS_ERRORS, RedisUnavailable
from storefront.redis_roles.lua_scripts import LuaScript
from storefront.redis_roles.roles import Role, RoleClients, role_clients
from storefront.redis_roles.subscription import Subscription

__all__ = [
    "LuaScript",
    "RedisUnavailable",
    "Role",
    "RoleStatus",
    "Subscription",
    "call",
    "check_server",
    "check_servers",
    "ensure_embedded_server",
    "get_client",
    "group_by_server",
    "init_app",
    "lock",
    "role_clients",
    "server_clients",
    "statuses",
    "uses_sentinel",
]

T = TypeVar("T")


def init_app(app: Flask) -> None:
    """Read the URL of each role; connect to nothing yet.

    Raises:
        ConfigurationError: a URL is invalid; the text says which and why.
    """
    role_clients.set(app, RoleClients.from_config(app))


def ensure_embedded_server(app: Flask) -> None:
    """Start the embedded server if a role needs it; it runs at least as long as this process.

    For a server's master process: the processes that it forks afterwards keep the embedded server running, too.

    Raises:
        EmbeddedServerError: it cannot be started; the text says why, and what to do.
    """
    clients = role_clients.get(app)
    for role in Role:
        clients.resolve_url(role)


def call(role: Role, do: Callable[[Redis], T], *, write: bool = False) -> T:
    """Call `do` with the role's client, and return its result.

    Args:
        role: the role.
        do: sends one or several commands to Redis, and talks to nothing else: its OSErrors count as Redis's.
        write: whether it writes. A server that is full, read-only or loading refuses writes, and only writes.

    Raises:
        RedisUnavailable: Redis does not answer or refuses to write, or the circuit breaker is open.
        RedisError: the command itself is wrong (WRONGTYPE, an error in a script).
    """
    clients = role_clients.get(current_app)
    return clients.call(role, do, write=write)


def lock(name: str, seconds: float) -> AbstractContextManager[bool]:
    """Return a context manager that yields True in one process at a time, and False in the others.

        with redis_roles.lock("import", 60) as mine:
            if mine:
                …

    It yields False if another process holds the lock or Redis is unavailable, and never waits. The lock expires after
    so many seconds even if the work goes on, and is lost with the cache's Redis. So it can save work, but not protect
    anything.
    """
    return locks.lock(role_clients.get(current_app), name, seconds)


def statuses() -> list[RoleStatus]:
    """Return the status of each role in this process: the states and counters of its circuit breaker."""
    clients = role_clients.get(current_app)
    return [clients.get_breaker(role).status() for role in Role]


def get_client(role: Role) -> Redis:
    """Return this process's client of a role, without circuit breaker: for probes and tools. Pages use `call`.

    Commands fail within a tenth of a second, and are not retried.

    Raises:
        EmbeddedServerError: the role uses the embedded server, and it cannot be started.
    """
    clients = role_clients.get(current_app)
    return clients.get_client(role)


def check_server(role: Role) -> str | None:
    """Return None if the role's server answers, otherwise a sentence for operators. Never raises."""
    try:
        get_client(role).ping()
    except (StorefrontError, *REDIS_ERRORS) as error:
        return f"Redis for {role} does not answer: {error}"
    return None


def check_servers() -> str | None:
    """Return None if the servers of all roles answer, otherwise sentences for operators. Never raises.

    A server that several roles share is asked once.
    """
    missing = [sentence for roles in group_by_server() if (sentence := check_server(roles[0]))]
    return f"{' '.join(missing)} The shop keeps running without it." if missing else None


def group_by_server() -> list[list[Role]]:
    """Return the roles in lists, one for each server."""
    clients = role_clients.get(current_app)
    by_url: dict[str | None, list[Role]] = {}
    for role in Role:
        by_url.setdefault(clients.urls[role], []).append(role)
    return list(by_url.values())


def server_clients(role: Role) -> Iterator[Redis]:
    """Yield a client of each server that takes the role's writes: one, or all primaries of a cluster.

    For tools, like `get_client`.
    """
    one = get_client(role)
    if not isinstance(one, RedisCluster):
        yield one
        return
    for node in one.get_primaries():
        yield one.get_redis_connection(node)


def uses_sentinel(role: Role) -> bool:
    """Return whether sentinels name the role's master."""
    clients = role_clients.get(current_app)
    return clients.resolve_address(role).kind == "sentinel"
