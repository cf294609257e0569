"""The second level: entries in Redis, shared by all processes. Knows the scripts and the names of keys.

All keys of a shard share a hash tag, so that on a cluster a script finds its keys in one place; every shard has the
marks of all tags.
"""

from __future__ import annotations

import logging
import math
import random
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast
from zlib import crc32

from redis import Redis
from redis.exceptions import ResponseError

from storefront import redis_roles
from storefront.cache import keys
from storefront.redis_roles import Role, Script

log = logging.getLogger(__name__)

_LUA = Path(__file__).parent / "lua"
_FETCH, _FILL, _INVALIDATE, _RELEASE = (
    Script(_LUA / f"{name}.lua") for name in ("fetch", "fill", "invalidate", "release")
)

# What comes of data under our keys that is not ours.
_NOT_OURS = (ResponseError, UnicodeDecodeError, AttributeError, TypeError)

LEASE_MS = 10_000  # longer than any page takes to build; a builder that died is replaced after it
BETA = 1.0  # of XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, 2015)
JITTER = 0.1
# Marks must outlive entries: the longest hard TTL, its jitter, and an hour.
_MARKS_US = int((keys.HARD_TTL * (1 + JITTER) + 3600) * 1e6)


@dataclass(frozen=True, slots=True)
class Value:
    """An entry as it is stored: an opaque header and its body in one or more variants (e.g. encodings)."""

    meta: bytes
    etag: str
    bodies: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Found:
    """What Redis holds: `body` is None if the client has it already, or if that variant is not there."""

    meta: bytes
    etag: str
    body: bytes | None
    tags: tuple[str, ...]
    soft_in: float  # seconds until it is to be built anew; negative past that
    stale: bool


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to build an entry, as of a moment of the marks' clock."""

    token: str
    start: str
    born: str
    stale: bool  # whether there is an old value for the others meanwhile


Look = Found | Lease | Literal["wait", "unstorable"]
Mode = Literal["", "any", "force"]


def _look(reply: list[Any], token: str) -> Look:
    word = reply[0].decode()
    if word == "build":
        return Lease(token, reply[1].decode(), reply[2].decode(), reply[3] == b"1")
    if word in ("hit", "stale"):
        _, meta, etag, body, soft_in, tags = reply
        return Found(
            meta, etag.decode(), body, tuple(tags.decode().split("\n")), soft_in / 1e6, word == "stale"
        )
    return cast("Literal['wait', 'unstorable']", word)


class Shared:
    """The entries of one shop in the cache role's Redis.

    Args:
        prefix: what all keys of this shop begin with.
        shards: over how many hash slots entries are spread.
    """

    def __init__(self, prefix: str, shards: int = 1) -> None:
        self._prefix = prefix
        self._shards = shards

    @property
    def channel(self) -> str:
        """Where invalidated tags are published, one per line."""
        return f"{self._prefix}:invalidations"

    def fetch(
        self, key: str, variant: str, *, etags: Iterable[str] = (), build: bool = True, mode: Mode = ""
    ) -> Look:
        """Look an entry up; if it has to be built, get the lease or be told to wait. One round trip.

        Raises:
            RedisAway: Redis does not answer.
        """
        token = secrets.token_hex(8) if build else ""
        spread = -math.log(1 - random.random()) * BETA  # noqa: S311  # a spread of refreshes, not a secret
        arguments: list[str | bytes | int | float] = [variant, ",".join(etags), spread, token, LEASE_MS, mode]
        names = self._keys(key)
        try:
            # Not counted as a write: the script itself goes on reading where Redis takes no writes.
            reply = redis_roles.call(Role.CACHE, lambda client: _FETCH.run(client, names, arguments))
            return _look(reply, token)
        except _NOT_OURS as error:
            self._clear(names, error)
            return "unstorable"

    def fill(
        self,
        key: str,
        lease: Lease,
        value: Value,
        tags: Iterable[str],
        *,
        ttl: float,
        took: float,
        hard: float = keys.HARD_TTL,
    ) -> bool:
        """Store what was built under a lease; return whether it was (not if a write may have overtaken it).

        Args:
            key: of the entry.
            lease: under which it was built.
            value: what was built.
            tags: of everything that it depends on.
            ttl: soft, in seconds.
            took: seconds that the building took.
            hard: seconds after which it is gone.
        """
        jitter = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        bodies = [part for pair in value.bodies.items() for part in pair]
        arguments = [
            lease.token, lease.start, lease.born, int(ttl * jitter * 1000), int(hard * jitter * 1000),
            int(took * 1e6), "\n".join(tags), value.etag, value.meta, *bodies,
        ]  # fmt: skip
        names = self._keys(key)
        try:
            return int(self._run(_FILL, names, arguments)) == 1
        except _NOT_OURS as error:
            self._clear(names, error)
            return False

    def release(self, key: str, lease: Lease) -> None:
        """Give a lease back without having built anything."""
        names = self._keys(key)
        try:
            self._run(_RELEASE, [names[2]], [lease.token])
        except _NOT_OURS as error:
            self._clear(names, error)

    def invalidate(self, tags: Iterable[str], *, hard: bool = False) -> None:
        """Drop every entry that carries one of these tags, in every shard, and tell every process.

        Raises:
            RedisAway: it may not have happened; try again.
        """
        for shard in reversed(range(self._shards)):
            # The last one tells: whoever hears it finds the marks of every shard in place.
            arguments = [int(hard), "" if shard else self.channel, _MARKS_US, *tags]
            try:
                self._mark(shard, arguments)
            except _NOT_OURS as error:
                self._clear([self._marks(shard)], error)
                self._mark(shard, arguments)

    def entry_key(self, key: str) -> str:
        """Return the name of an entry's hash in Redis."""
        return self._keys(key)[0]

    def _keys(self, key: str) -> list[str]:
        shard = crc32(key.encode()) % self._shards
        place = f"{self._prefix}:{{c{shard}}}"
        return [f"{place}:{key}", self._marks(shard), f"{place}:lease:{key}"]

    def _marks(self, shard: int) -> str:
        return f"{self._prefix}:{{c{shard}}}:marks"

    def _mark(self, shard: int, arguments: list[Any]) -> None:
        # Not counted as a write: where there is no room for a mark, the script makes room.
        redis_roles.call(Role.CACHE, lambda client: _INVALIDATE.run(client, [self._marks(shard)], arguments))

    def _clear(self, names: list[str], error: Exception) -> None:
        """Make room where something else stands in the place of what is ours."""
        log.warning("%s is not what the cache keeps there, and is deleted: %s", names[0], error)

        def clear(client: Redis) -> None:
            for name in names:
                # Marks are only deleted if they are none: without them every entry is dropped.
                if not name.endswith(":marks") or client.type(name) != b"zset":
                    client.delete(name)

        redis_roles.call(Role.CACHE, clear, write=True)

    def _run(self, script: Script, names: list[str], arguments: list[Any]) -> Any:
        return redis_roles.call(Role.CACHE, lambda client: script.run(client, names, arguments), write=True)
