"""Tag times in Redis: when each tag was last invalidated; and the recent ones that this process remembers.

A failover of Redis may lose invalidations that were acknowledged. So every process remembers for a while those that
it sent and received, ignores entries that are older, and asserts the tag times again where Redis lost them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from storefront import redis_roles
from storefront.cache import keys
from storefront.redis_roles import LuaScript, Role

_LUA = Path(__file__).parent / "lua"
_INVALIDATE, _REASSERT = LuaScript(_LUA / "invalidate.lua"), LuaScript(_LUA / "reassert.lua")

# Seconds after which a remembered time is checked in Redis once more, and then forgotten.
RETENTION = 20.0
MAX_TAGS = 20_000  # remembered; with more, the oldest are forgotten
BATCH_SIZE = 500
# Tag times must outlive entries: the longest hard TTL, its jitter, and an hour.
_LIFE_US = int((keys.HARD_TTL * 1.1 + 3600) * 1e6)

Clocks = tuple[int, ...]  # microseconds, one for each shard


class TagTimes:
    """The tag times of one shop; every shard has those of all tags.

    Args:
        prefix: of all keys of this shop.
        shards: number of hash slots over which entries are spread.
    """

    def __init__(self, prefix: str, shards: int = 1) -> None:
        self.channel = f"{prefix}:invalidations"
        self._prefix = prefix
        self._shards = shards
        # By tag, and by "!" + tag for hard purges; the oldest first.
        self._times: dict[str, tuple[Clocks, float]] = {}
        self._failover_suspected = False
        self._lock = threading.Lock()

    def redis_key(self, shard: int) -> str:
        """Return the Redis key of a shard's tag times."""
        return f"{self._prefix}:{{c{shard}}}:marks"

    def invalidate(self, tags: Iterable[str], *, hard: bool = False) -> None:
        """Invalidate every entry with one of these tags, in every shard, and publish it to every process.

        Raises:
            RedisUnavailable: the invalidation may not have happened; try again.
            ResponseError: foreign data under the key of a shard's tag times.
        """
        tags = tuple(tags)
        clocks: Clocks = ()
        for shard in reversed(range(self._shards)):
            # The last shard publishes: then the tag times of every shard are in place.
            others = "".join(f" {clock}" for clock in clocks)
            arguments = [int(hard), "" if shard else self.channel, _LIFE_US, others, *tags]
            clocks = (int(self._run(_INVALIDATE, shard, arguments)), *clocks)
        self._remember(tags, clocks, hard=hard)

    def receive(self, message: bytes) -> list[str]:
        """Return the tags of a published message, and remember their times if the message has them."""
        first, *tags = message.decode().split("\n")
        if not first.startswith("="):
            return [first, *tags]
        hard, *clocks = first[1:].split()
        if len(clocks) == self._shards:
            self._remember(tags, tuple(map(int, clocks)), hard=hard == "1")
        return tags

    def is_newer(self, tags: Iterable[str], start: int, shard: int, *, hard: bool = False) -> bool:
        """Return whether this process knows of a (hard) invalidation of one of these tags after an entry's start."""
        times = self._times
        if not times:
            return False
        known = (times.get(f"!{tag}" if hard else tag) for tag in tags)
        return any(remembered is not None and remembered[0][shard] > start for remembered in known)

    def suspect_failover(self) -> None:
        """Note that Redis may be another server than before; the remembered times are asserted again soon."""
        self._failover_suspected = True

    def reassert(self, *, everything: bool = False) -> None:
        """Assert the times again that Redis may have lost: those due to be forgotten, or all that are remembered.

        Times that Redis still has are not changed, and entries built since then stay valid.

        Raises:
            RedisUnavailable: call it again later.
        """
        everything, self._failover_suspected = everything or self._failover_suspected, False
        now = time.monotonic()
        with self._lock:
            due = [
                (tag, *known)
                for tag, known in self._times.items()
                if everything or now - known[1] >= RETENTION
            ]
        try:
            for first in range(0, len(due), BATCH_SIZE):
                some = due[first : first + BATCH_SIZE]
                for shard in range(self._shards):
                    pairs = [part for tag, clocks, _ in some for part in (clocks[shard], tag)]
                    self._run(_REASSERT, shard, [self.channel, *pairs])
        except BaseException:
            self._failover_suspected = everything or self._failover_suspected
            raise
        with self._lock:
            for tag, _, at in due:
                if now - at >= RETENTION and self._times.get(tag, (None, 0.0))[1] == at:
                    del self._times[tag]

    def _remember(self, tags: Sequence[str], clocks: Clocks, *, hard: bool) -> None:
        names = (*tags, *(f"!{tag}" for tag in tags)) if hard else tags
        now = time.monotonic()
        with self._lock:
            for name in names:
                # The newest of its times, and at the end of the order.
                before = self._times.pop(name, (clocks, now))[0]
                self._times[name] = (max(before, clocks), now)
            while len(self._times) > MAX_TAGS:
                del self._times[next(iter(self._times))]

    def _run(self, script: LuaScript, shard: int, arguments: list[Any]) -> Any:
        # Not counted as a write: when Redis is full, the script makes room.
        def run() -> Any:
            return redis_roles.call(
                Role.CACHE, lambda client: script.run(client, [self.redis_key(shard)], arguments)
            )

        try:
            return run()
        except ResponseError:
            redis_roles.call(Role.CACHE, lambda client: _make_room(client, self.redis_key(shard)), write=True)
            return run()


def _make_room(client: Redis, name: str) -> None:
    """Delete foreign data under the key of tag times. Without tag times every entry counts as dropped."""
    if client.type(name) != b"zset":
        client.delete(name)
