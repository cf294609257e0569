"""Locks across processes: they save work from being done twice, but do not guarantee it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from storefront.redis_roles.errors import RedisUnavailable
from storefront.redis_roles.lua_scripts import LuaScript
from storefront.redis_roles.roles import Role, RoleClients

_RELEASE = LuaScript(Path(__file__).parent / "lua" / "release.lua")


@contextmanager
def lock(roles: RoleClients, name: str, seconds: float) -> Iterator[bool]:
    """Yield whether this process holds the lock. See `redis_roles.lock`."""
    key, token = f"lock:{name}", secrets.token_bytes(16)
    milliseconds = max(1, round(seconds * 1000))
    try:
        taken = roles.call(
            Role.CACHE, lambda redis: redis.set(key, token, nx=True, px=milliseconds), write=True
        )
    except RedisUnavailable:
        taken = None
    if not taken:
        yield False
        return
    try:
        yield True
    finally:
        with suppress(RedisUnavailable):  # it expires then
            roles.call(Role.CACHE, lambda redis: _RELEASE.run(redis, [key], [token]), write=True)
