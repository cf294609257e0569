"""Tag times in Redis: when each tag was last invalidated; and the recent ones that this process remembers.

A failover of Redis may lose invalidations that were acknowledged. So every process remembers for a while those that
it sent and received, ignores entries that are older, and asserts the tag times again where Redis lost them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import ResponseError

from storefront import redis_roles
from storefront.batches import batches
from storefront.cache import keys
from storefront.cache.tag_modes import Mode
from storefront.redis_roles import LuaScript, Role

_LUA = Path(__file__).parent / "lua"
_INVALIDATE, _REASSERT = LuaScript(_LUA / "invalidate.lua"), LuaScript(_LUA / "reassert.lua")

# Seconds after which a remembered time is checked in Redis once more, and then forgotten.
RETENTION = 20.0
MAX_TAGS = (
    150_000  # remembered, those of three of the largest transactions; with more, the oldest are forgotten
)
BATCH_SIZE = (
    500  # tags that one script handles: Lua unpacks at most about 8,000 values, and others wait meanwhile
)
# Tag times must outlive entries: the longest hard TTL, its jitter, and an hour.
_LIFE_US = int((keys.HARD_TTL * 1.1 + 3600) * 1e6)

Clocks = tuple[int, ...]  # microseconds, one for each shard
# How the scripts and the messages write a mode, and what they put before the name of a tag.
_MODES: dict[Mode, str] = {"strict": "0", "hard": "1", "relaxed": "~"}
_PREFIXES = {"0": ("",), "1": ("", "!"), "~": ("~",)}


class TagTimes:
    """The tag times of one app; every shard has those of all tags.

    Args:
        prefix: of all keys of this app.
        shards: number of hash slots over which entries are spread.
        grace: seconds for which entries may be shown after a relaxed invalidation; 0: every one is strict.
    """

    def __init__(self, prefix: str, shards: int = 1, grace: float = 0.0) -> None:
        self._grace_us = int(grace * 1e6)
        self.channel = f"{prefix}:invalidations"
        self._prefix = prefix
        self._shards = shards
        # By tag, by "!" + tag for hard purges, by "~" + tag for relaxed invalidations; the oldest first.
        self._times: dict[str, tuple[Clocks, float]] = {}
        self._failover_suspected = False
        self._lock = threading.Lock()

    def redis_key(self, shard: int) -> str:
        """Return the Redis key of a shard's tag times."""
        return f"{self._prefix}:{{c{shard}}}:marks"

    def invalidate(self, tags: Iterable[str], mode: Mode = "strict", *, hard: bool = False) -> None:
        """Invalidate every entry with one of these tags, in every shard, and publish it to every process.

        Args:
            tags: any number; each batch of them takes one round trip for each shard.
            mode: how soon nobody may see the old entries any more.
            hard: the mode is "hard".

        Raises:
            RedisUnavailable: the invalidation may not have happened; try again.
            ResponseError: foreign data under the key of a shard's tag times.
        """
        sign = "1" if hard else _MODES[mode]
        if sign == "~" and not self._grace_us:
            sign = "0"
        for batch in batches(dict.fromkeys(tags), BATCH_SIZE):
            self._invalidate_batch(batch, sign)

    def _invalidate_batch(self, tags: Sequence[str], sign: str) -> None:
        clocks: Clocks = ()
        for shard in reversed(range(self._shards)):
            # The last shard publishes: then the tag times of every shard are in place.
            others = "".join(f" {clock}" for clock in clocks)
            arguments = [sign, "" if shard else self.channel, _LIFE_US, others, self._grace_us, *tags]
            clocks = (int(self._run(_INVALIDATE, shard, arguments)), *clocks)
        self._remember(tags, clocks, sign)

    def receive(self, message: bytes) -> list[str]:
        """Return the tags of a published message, and remember their times if the message has them."""
        first, *tags = message.decode().split("\n")
        if not first.startswith("="):
            return [first, *tags]
        sign, *clocks = first[1:].split()
        if len(clocks) == self._shards:
            self._remember(tags, tuple(map(int, clocks)), sign)
        return tags

    def is_newer(
        self, tags: Iterable[str], start: int, shard: int, *, hard: bool = False, relaxed: bool = True
    ) -> bool:
        """Return whether this process knows of an invalidation of one of these tags after an entry's start.

        Args:
            tags: of the entry.
            start: of the entry.
            shard: in which the entry is.
            hard: only hard purges count.
            relaxed: relaxed invalidations count, too.
        """
        times = self._times
        if not times:
            return False
        prefixes = ("!",) if hard else ("", "~") if relaxed else ("",)
        known = (times.get(prefix + tag) for tag in tags for prefix in prefixes)
        return any(remembered is not None and remembered[0][shard] > start for remembered in known)

    def find_newer(self, tags: Sequence[str], start: int, shard: int) -> dict[str, float]:
        """Return the tags that Redis knows to be invalidated after `start`, in any mode, and how many seconds ago.

        Raises:
            RedisUnavailable: Redis does not answer.
        """
        names = [prefix + tag for tag in tags for prefix in ("", "~")]

        def read(client: Redis) -> tuple[list[float | None], int]:
            seconds, microseconds = client.time()
            return client.zmscore(self.redis_key(shard), names), seconds * 1_000_000 + microseconds

        times, now = redis_roles.call(Role.CACHE, read)
        newer = {name: at for name, at in zip(names, times, strict=True) if at is not None and at > start}
        return {name.lstrip("~"): max(0.0, now - at) / 1e6 for name, at in newer.items()}

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

    def _remember(self, tags: Sequence[str], clocks: Clocks, sign: str) -> None:
        names = [prefix + tag for prefix in _PREFIXES.get(sign, ("",)) for tag in tags]
        now = time.monotonic()
        with self._lock:
            for name in names:
                # The newest of its times, and at the end of the order.
                before = self._times.pop(name, (clocks, now))[0]
                self._times[name] = (max(before, clocks), now)
            for name in list(islice(self._times, max(0, len(self._times) - MAX_TAGS))):
                del self._times[name]

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


def is_relaxed(message: bytes) -> bool:
    """Return whether a published message is a relaxed invalidation."""
    return message.startswith(b"=~")


def _make_room(client: Redis, name: str) -> None:
    """Delete foreign data under the key of tag times. Without tag times every entry counts as dropped."""
    if client.type(name) != b"zset":
        client.delete(name)
