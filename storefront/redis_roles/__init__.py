"""Redis by role (cache, session, limit, stock): guarded calls, and a server of our own if none is named.

    hits = redis_roles.call(Role.CACHE, lambda redis: redis.incr("hits"), write=True)

raises RedisUnavailable, at once once the role's breaker is open; the caller goes on without.
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
    """Read where each role lives; connect to nothing yet.

    Raises:
        ConfigurationError: a URL cannot be used; the text says which and why.
    """
    role_clients.set(app, RoleClients.from_config(app))


def ensure_embedded_server(app: Flask) -> None:
    """Make sure that the embedded server runs, if a role needs it, and goes on for as long as this process does.

    For the process that serves: what it forks afterwards shares its hold on the server.

    Raises:
        EmbeddedServerError: it cannot be started; the text says why and how to mend it.
    """
    clients = role_clients.get(app)
    for role in Role:
        clients.resolve_url(role)


def call(role: Role, do: Callable[[Redis], T], *, write: bool = False) -> T:
    """Return what `do` returns, given the role's client; it may send several commands.

    Args:
        role: whose Redis.
        do: talks to Redis and to nothing else: an OSError of it counts as Redis's.
        write: whether it writes; a server that is full, read-only or loading refuses these, and only these.

    Raises:
        RedisUnavailable: Redis does not answer or refuses to write, or did so often enough just now not to be asked.
        RedisError: the command itself is wrong (WRONGTYPE, an error in a script).
    """
    clients = role_clients.get(current_app)
    return clients.call(role, do, write=write)


def lock(name: str, seconds: float) -> AbstractContextManager[bool]:
    """Return a context that says whether this process may do some work: True for one process at a time.

        with redis_roles.lock("import", 60) as mine:
            if mine:
                …

    False if another process does it, or if Redis is away. Nobody waits. The lock runs out after so many seconds even
    if the work goes on, and is lost with the Redis of the cache: it saves work, it does not protect anything.
    """
    return locks.lock(role_clients.get(current_app), name, seconds)


def statuses() -> list[RoleStatus]:
    """Return how each role does in this process: its breaker's states and counters."""
    clients = role_clients.get(current_app)
    return [clients.get_breaker(role).status() for role in Role]


def get_client(role: Role) -> Redis:
    """Return this process's client of a role, unguarded: for probes and tools; pages use `call`.

    Calls fail within a tenth of a second and are not retried.

    Raises:
        EmbeddedServerError: the role lives on the embedded server, and that cannot be started.
    """
    clients = role_clients.get(current_app)
    return clients.get_client(role)


def check_server(role: Role) -> str | None:
    """Return None if the role's server answers, else a sentence that says what is missing. Never raises."""
    try:
        get_client(role).ping()
    except (StorefrontError, *REDIS_ERRORS) as error:
        return f"Redis for {role} does not answer: {error}"
    return None


def check_servers() -> str | None:
    """Return None if every role's server answers, else what does not. Never raises.

    Roles that share a server are asked about once.
    """
    missing = [sentence for roles in group_by_server() if (sentence := check_server(roles[0]))]
    return f"{' '.join(missing)} The shop serves without it." if missing else None


def group_by_server() -> list[list[Role]]:
    """Return the roles, those that share a server in one list."""
    clients = role_clients.get(current_app)
    by_url: dict[str | None, list[Role]] = {}
    for role in Role:
        by_url.setdefault(clients.urls[role], []).append(role)
    return list(by_url.values())


def server_clients(role: Role) -> Iterator[Redis]:
    """Yield a client of each server that takes the role's writes: one, or every primary of a cluster.

    For tools, as `client`.
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
