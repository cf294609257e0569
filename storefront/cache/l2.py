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
from storefront.cache.tag_times import TagTimes
from storefront.redis_roles import Role, Script

log = logging.getLogger(__name__)

_LUA = Path(__file__).parent / "lua"
_FETCH, _FILL, _REPLACE_BODY, _RELEASE = (
    Script(_LUA / f"{name}.lua") for name in ("fetch", "fill", "replace_body", "release")
)

# What comes of data under our keys that is not ours.
_FOREIGN_DATA = (ResponseError, UnicodeDecodeError, AttributeError, TypeError, ValueError)

LEASE_MS = 10_000  # longer than any page takes to build; a builder that died is replaced after it
BETA = 1.0  # of XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, 2015)
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class StoredValue:
    """An entry as it is stored: an opaque header and its body in one or more variants (e.g. encodings)."""

    meta: bytes
    etag: str
    bodies: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class L2Entry:
    """What Redis holds: `body` is None if the client has it already, or if that variant is not there."""

    meta: bytes
    etag: str
    body: bytes | None
    tags: tuple[str, ...]
    fresh_for: float  # seconds until it is to be built anew; negative past that
    is_stale: bool
    start: int  # the marks' clock when its building began


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to build an entry, as of a moment of the marks' clock."""

    token: str
    start: str
    born: str
    has_stale_value: bool  # whether there is an old value for the others meanwhile


FetchResult = L2Entry | Lease | Literal["wait", "unstorable"]
FetchMode = Literal["", "any", "force"]


def _parse_reply(reply: list[Any], token: str) -> FetchResult:
    word = reply[0].decode()
    if word == "build":
        return Lease(token, reply[1].decode(), reply[2].decode(), reply[3] == b"1")
    if word in ("hit", "stale"):
        _, meta, etag, body, soft_in, tags, start = reply
        named = tuple(tags.decode().split("\n"))
        return L2Entry(meta, etag.decode(), body, named, soft_in / 1e6, word == "stale", int(start))
    return cast("Literal['wait', 'unstorable']", word)


class L2:
    """The entries of one shop in the cache role's Redis.

    Args:
        prefix: what all keys of this shop begin with.
        shards: over how many hash slots entries are spread.
    """

    def __init__(self, prefix: str, shards: int = 1) -> None:
        self.tag_times = TagTimes(prefix, shards)
        self._prefix = prefix
        self._shards = shards

    def fetch(
        self, key: str, variant: str, *, etags: Iterable[str] = (), build: bool = True, mode: FetchMode = ""
    ) -> FetchResult:
        """Look an entry up; if it has to be built, get the lease or be told to wait. One round trip.

        Raises:
            RedisUnavailable: Redis does not answer.
        """
        found = self._fetch(key, variant, etags, build=build, mode=mode)
        if isinstance(found, L2Entry) and self._was_invalidated(key, found, hard=mode == "any"):
            # Redis has forgotten what it was told: a replica took its place that had not heard of it.
            self.tag_times.reassert(everything=True)
            found = self._fetch(key, variant, etags, build=build, mode=mode)
        return found

    def _was_invalidated(self, key: str, found: L2Entry, *, hard: bool) -> bool:
        return self.tag_times.is_newer(found.tags, found.start, self._shard(key), hard=hard)

    def _fetch(
        self, key: str, variant: str, etags: Iterable[str], *, build: bool, mode: FetchMode
    ) -> FetchResult:
        token = secrets.token_hex(8) if build else ""
        spread = -math.log(1 - random.random()) * BETA  # noqa: S311  # a spread of refreshes, not a secret
        arguments: list[str | bytes | int | float] = [variant, ",".join(etags), spread, token, LEASE_MS, mode]
        names = self._keys(key)
        try:
            # Not counted as a write: the script itself goes on reading where Redis takes no writes.
            reply = redis_roles.call(Role.CACHE, lambda client: _FETCH.run(client, names, arguments))
            return _parse_reply(reply, token)
        except _FOREIGN_DATA as error:
            self._delete_foreign_data(names, error)
            return "unstorable"

    def fill(
        self,
        key: str,
        lease: Lease,
        value: StoredValue,
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
        except _FOREIGN_DATA as error:
            self._delete_foreign_data(names, error)
            return False

    def release(self, key: str, lease: Lease) -> None:
        """Give a lease back without having built anything."""
        names = self._keys(key)
        try:
            self._run(_RELEASE, [names[2]], [lease.token])
        except _FOREIGN_DATA as error:
            self._delete_foreign_data(names, error)

    def replace_body(self, key: str, etag: str, variant: str, body: bytes) -> bytes | None:
        """Put a smaller form of a body in its place, unless that was done; return what is there then.

        None if the entry is another now; b"" if no body was given and there is none but the first.

        Raises:
            RedisUnavailable: Redis does not answer, or takes no writes.
        """
        found: bytes | None = self._run(_REPLACE_BODY, self._keys(key)[:1], [etag, variant, body])
        return found

    def redis_key(self, key: str) -> str:
        """Return the name of an entry's hash in Redis."""
        return self._keys(key)[0]

    def _keys(self, key: str) -> list[str]:
        shard = self._shard(key)
        place = f"{self._prefix}:{{c{shard}}}"
        return [f"{place}:{key}", self.tag_times.redis_key(shard), f"{place}:lease:{key}"]

    def _shard(self, key: str) -> int:
        return crc32(key.encode()) % self._shards

    def _delete_foreign_data(self, names: list[str], error: Exception) -> None:
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
