"""L2, the second level: entries in Redis, shared by all processes. Runs the Lua scripts and names the keys.

All keys of a shard share a hash tag, so that on a Redis cluster a script finds its keys on one node. Every shard has
the times of all tags (`tag_times`).
"""

from __future__ import annotations

import logging
import math
import random
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast
from zlib import crc32

from redis import Redis
from redis.exceptions import ResponseError

from storefront import redis_roles
from storefront.cache import keys
from storefront.cache.tag_times import TagTimes
from storefront.redis_roles import LuaScript, Role

log = logging.getLogger(__name__)

_LUA = Path(__file__).parent / "lua"
_FETCH, _FILL, _REPLACE_BODY, _RELEASE = (
    LuaScript(_LUA / f"{name}.lua") for name in ("fetch", "fill", "replace_body", "release")
)

# Errors caused by data under the cache's keys that the cache did not write.
_FOREIGN_DATA = (ResponseError, UnicodeDecodeError, AttributeError, TypeError, ValueError)

# Longer than any page takes to build; after it another process replaces a builder that died.
LEASE_MS = 10_000
# Of XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, 2015).
BETA = 1.0
# TTLs vary by this share, so that entries filled together do not expire together.
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class StoredValue:
    """A value to store.

    Attributes:
        meta: opaque head.
        etag: of the value.
        bodies: the body in one or more variants (encodings, for example).
        valid_until: seconds since the epoch; the value is wrong from then on, and no level answers it.
        address: path and query of a page, for people who look into the cache.
    """

    meta: bytes
    etag: str
    bodies: Mapping[str, bytes]
    valid_until: float = math.inf
    address: str = ""


@dataclass(frozen=True, slots=True)
class L2Entry:
    """An entry in Redis. `body` is None if the client has it already, or if Redis does not have the variant."""

    meta: bytes
    etag: str
    body: bytes | None
    tags: tuple[str, ...]
    fresh_for: float  # seconds; negative past the soft TTL
    is_stale: bool
    start: int  # the clock of the tag times when its build began
    valid_until: float = math.inf  # seconds since the epoch
    grace_left: float | None = None  # seconds for which it may still be shown after a relaxed invalidation


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to build an entry.

    Attributes:
        token: identifies the builder.
        start: the clock of the tag times when the lease was given.
        born: the clock when the tag times were created; another one means that Redis lost them meanwhile.
        has_stale_value: whether others can be answered with an old value meanwhile.
    """

    token: str
    start: str
    born: str
    has_stale_value: bool


FetchResult = L2Entry | Lease | Literal["wait", "unstorable"]
FetchMode = Literal["", "any", "force"]
FillResult = Literal["stored", "stale", ""]
_FILLED: dict[int, FillResult] = {1: "stored", 2: "stale"}


def _parse_reply(reply: list[Any], token: str) -> FetchResult:
    outcome = reply[0].decode()
    if outcome == "build":
        return Lease(token, reply[1].decode(), reply[2].decode(), reply[3] == b"1")
    if outcome in ("hit", "stale"):
        _, meta, etag, body, fresh_for, tags, start, until, grace = reply
        return L2Entry(
            meta,
            etag.decode(),
            body,
            tuple(tags.decode().split("\n")),
            fresh_for / 1e6,
            outcome == "stale",
            int(start),
            float(until or math.inf),
            None if grace is None else grace / 1e6,
        )
    return cast("Literal['wait', 'unstorable']", outcome)


class L2:
    """The entries of one app in the cache role's Redis.

    Args:
        prefix: of all keys of this app.
        shards: number of hash slots over which entries are spread.
        grace: seconds for which an entry may be shown after a relaxed invalidation.
    """

    def __init__(self, prefix: str, shards: int = 1, grace: float = 0.0) -> None:
        self.tag_times = TagTimes(prefix, shards, grace)
        self.grace = grace
        self._grace_us = int(grace * 1e6)
        self._prefix = prefix
        self._shards = shards

    def fetch(
        self,
        key: str,
        variant: str,
        *,
        etags: Iterable[str] = (),
        build: bool = True,
        mode: FetchMode = "",
        relaxed: bool = False,
    ) -> FetchResult:
        """Look up an entry; if it has to be built, acquire the lease or return "wait". One round trip.

        Args:
            key: of the entry.
            variant: of the body.
            etags: of what the client has.
            build: whether the caller can build the entry.
            mode: "any" also answers a dead entry, unless a hard purge forbids it; "force" builds in any case.
            relaxed: whether the entry may miss relaxed invalidations for the grace.

        Raises:
            RedisUnavailable: Redis does not answer.
        """
        token = secrets.token_hex(8) if build else ""
        spread = -math.log(1 - random.random()) * BETA  # noqa: S311
        grace = self._grace_us if relaxed else 0
        arguments = [variant, ",".join(etags), spread, token, LEASE_MS, mode, grace]
        result = self._fetch(key, arguments)
        if isinstance(result, L2Entry) and self._was_invalidated(key, result, hard=mode == "any"):
            # Redis lost an invalidation: a replica took over that had not received it.
            self.tag_times.reassert(everything=True)
            result = self._fetch(key, arguments)
        if isinstance(result, L2Entry) and result.valid_until <= time.time():
            # Redis deletes it just now: its expiry was counted from the arrival of the value.
            self.delete(key)
            result = self._fetch(key, arguments)
        return result

    def _was_invalidated(self, key: str, result: L2Entry, *, hard: bool) -> bool:
        # An entry in its grace was invalidated, and Redis knows it.
        relaxed = not hard and result.grace_left is None
        return self.tag_times.is_newer(
            result.tags, result.start, self._shard(key), hard=hard, relaxed=relaxed
        )

    def _fetch(self, key: str, arguments: list[Any]) -> FetchResult:
        names = self._keys(key)
        try:
            # Not counted as a write: the script still reads when Redis accepts no writes.
            reply = redis_roles.call(Role.CACHE, lambda client: _FETCH.run(client, names, arguments))
            return _parse_reply(reply, arguments[3])
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
        relaxed: bool = False,
        older: Mapping[str, int] | None = None,
    ) -> FillResult:
        """Store a value built under a lease; return "" if it was not stored, because a write may have come first.

        "stale": it misses a relaxed invalidation, and was stored for its grace.

        Args:
            key: of the entry.
            lease: under which the value was built.
            value: the value.
            tags: of everything that the value depends on.
            ttl: soft TTL in seconds.
            took: seconds that the build took.
            hard: hard TTL in seconds.
            relaxed: whether the value may be shown for the grace after a relaxed invalidation.
            older: the start of values that the build read and that are older than the lease, by tag.
        """
        jitter = random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
        left = value.valid_until - time.time()
        bodies = [part for pair in value.bodies.items() for part in pair]
        arguments = [
            lease.token,
            lease.start,
            lease.born,
            int(min(ttl * jitter, left) * 1000),
            int(min(hard * jitter, left) * 1000),
            int(took * 1e6),
            "\n".join(tags),
            value.etag,
            value.meta,
            "" if value.valid_until == math.inf else repr(value.valid_until),
            self._grace_us if relaxed else 0,
            "\n".join(f"{start} {tag}" for tag, start in (older or {}).items()),
            value.address,
            *bodies,
        ]
        names = self._keys(key)
        try:
            return _FILLED.get(int(self._run(_FILL, names, arguments)), "")
        except _FOREIGN_DATA as error:
            self._delete_foreign_data(names, error)
            return ""

    def release(self, key: str, lease: Lease) -> None:
        """Release a lease without a value."""
        names = self._keys(key)
        try:
            self._run(_RELEASE, [names[2]], [lease.token])
        except _FOREIGN_DATA as error:
            self._delete_foreign_data(names, error)

    def delete(self, key: str) -> None:
        """Delete an entry: it must not be answered any more, and nothing takes its place.

        Raises:
            RedisUnavailable: Redis does not answer, or accepts no writes.
        """
        redis_roles.call(Role.CACHE, lambda client: client.delete(self.redis_key(key)), write=True)

    def drop(self, keys: Iterable[str], tags: Sequence[str]) -> None:
        """Delete entries, and let all processes drop their copies, which have these tags.

        Raises:
            RedisUnavailable: Redis does not answer, or accepts no writes.
        """

        def run(client: Redis) -> None:
            for key in keys:
                client.delete(self.redis_key(key))
            client.publish(self.tag_times.channel, "\n".join(tags))

        redis_roles.call(Role.CACHE, run, write=True)

    def find_newer(self, key: str, tags: Sequence[str], start: int) -> dict[str, float]:
        """Return the tags that Redis knows to be invalidated after an entry's start, and how many seconds ago.

        Raises:
            RedisUnavailable: Redis does not answer.
        """
        return self.tag_times.find_newer(tags, start, self._shard(key))

    def replace_body(self, key: str, etag: str, variant: str, body: bytes) -> bytes | None:
        """Replace a body by a smaller form, unless that was done before; return the smaller form.

        Returns None if the entry has changed meanwhile, b"" if no body was given and there is no smaller form yet.

        Raises:
            RedisUnavailable: Redis does not answer, or accepts no writes.
        """
        result: bytes | None = self._run(_REPLACE_BODY, self._keys(key)[:1], [etag, variant, body])
        return result

    def redis_key(self, key: str) -> str:
        """Return the Redis key of an entry's hash."""
        return self._keys(key)[0]

    def find_key(self, redis_key: str) -> str | None:
        """Return the key of the entry in a Redis key; None if it is not one of an entry that this app would find."""
        _shard, separator, key = redis_key.removeprefix(f"{self._prefix}:{{c").partition("}:")
        is_entry = separator and key != "marks" and not key.startswith("lease:")
        return key if is_entry and self.redis_key(key) == redis_key else None

    def _keys(self, key: str) -> list[str]:
        shard = self._shard(key)
        prefix = f"{self._prefix}:{{c{shard}}}"
        return [f"{prefix}:{key}", self.tag_times.redis_key(shard), f"{prefix}:lease:{key}"]

    def _shard(self, key: str) -> int:
        return crc32(key.encode()) % self._shards

    def _delete_foreign_data(self, names: list[str], error: Exception) -> None:
        """Delete foreign data under an entry's keys."""
        log.warning("%s holds data that the cache did not write; it is deleted: %s", names[0], error)

        def clear(client: Redis) -> None:
            for name in names:
                # Tag times are deleted only if they have another type: without them every entry is dropped.
                if not name.endswith(":marks") or client.type(name) != b"zset":
                    client.delete(name)

        redis_roles.call(Role.CACHE, clear, write=True)

    def _run(self, script: LuaScript, names: list[str], arguments: list[Any]) -> Any:
        return redis_roles.call(Role.CACHE, lambda client: script.run(client, names, arguments), write=True)
