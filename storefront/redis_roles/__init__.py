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
from storefront.redis_roles.circuit_breaker import RoleState
from storefront.redis_roles.errors import TROUBLE, RedisUnavailable
from storefront.redis_roles.lua_scripts import Script
from storefront.redis_roles.roles import Role, Roles
from storefront.redis_roles.subscription import Subscription

__all__ = [
    "RedisUnavailable",
    "Role",
    "RoleState",
    "Script",
    "Subscription",
    "call",
    "client",
    "ensure",
    "init_app",
    "is_watched",
    "lock",
    "problem",
    "reachable",
    "servers",
    "states",
    "together",
]

T = TypeVar("T")


def init_app(app: Flask) -> None:
    """Read where each role lives; connect to nothing yet.

    Raises:
        ConfigurationError: a URL cannot be used; the text says which and why.
    """
    app.extensions["redis_roles"] = Roles.from_config(app)


def ensure(app: Flask) -> None:
    """Make sure that the embedded server runs, if a role needs it, and goes on for as long as this process does.

    For the process that serves: what it forks afterwards shares its hold on the server.

    Raises:
        EmbeddedServerError: it cannot be started; the text says why and how to mend it.
    """
    roles: Roles = app.extensions["redis_roles"]
    for role in Role:
        roles.url(role)


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
    roles: Roles = current_app.extensions["redis_roles"]
    return roles.call(role, do, write=write)


def lock(name: str, seconds: float) -> AbstractContextManager[bool]:
    """Return a context that says whether this process may do some work: True for one process at a time.

        with redis_roles.lock("import", 60) as mine:
            if mine:
                …

    False if another process does it, or if Redis is away. Nobody waits. The lock runs out after so many seconds even
    if the work goes on, and is lost with the Redis of the cache: it saves work, it does not protect anything.
    """
    return locks.lock(current_app.extensions["redis_roles"], name, seconds)


def states() -> list[RoleState]:
    """Return how each role does in this process: its breaker's states and counters."""
    roles: Roles = current_app.extensions["redis_roles"]
    return [roles.breaker(role).state() for role in Role]


def client(role: Role) -> Redis:
    """Return this process's client of a role, unguarded: for probes and tools; pages use `call`.

    Calls fail within a tenth of a second and are not retried.

    Raises:
        EmbeddedServerError: the role lives on the embedded server, and that cannot be started.
    """
    roles: Roles = current_app.extensions["redis_roles"]
    return roles.client(role)


def reachable(role: Role) -> str | None:
    """Return None if the role's server answers, else a sentence that says what is missing. Never raises."""
    try:
        client(role).ping()
    except (StorefrontError, *TROUBLE) as error:
        return f"Redis for {role} does not answer: {error}"
    return None


def problem() -> str | None:
    """Return None if every role's server answers, else what does not. Never raises.

    Roles that share a server are asked about once.
    """
    missing = [sentence for roles in together() if (sentence := reachable(roles[0]))]
    return f"{' '.join(missing)} The shop serves without it." if missing else None


def together() -> list[list[Role]]:
    """Return the roles, those that share a server in one list."""
    roles: Roles = current_app.extensions["redis_roles"]
    by_url: dict[str | None, list[Role]] = {}
    for role in Role:
        by_url.setdefault(roles.urls[role], []).append(role)
    return list(by_url.values())


def servers(role: Role) -> Iterator[Redis]:
    """Yield a client of each server that takes the role's writes: one, or every primary of a cluster.

    For tools, as `client`.
    """
    one = client(role)
    if not isinstance(one, RedisCluster):
        yield one
        return
    for node in one.get_primaries():
        yield one.get_redis_connection(node)


def is_watched(role: Role) -> bool:
    """Return whether sentinels name the role's master."""
    roles: Roles = current_app.extensions["redis_roles"]
    return roles.address(role).kind == "sentinel"
