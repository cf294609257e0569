"""The marks in Redis: for each tag, when it was last invalidated; and what this process knows of them itself.

A failover of Redis may lose marks that were acknowledged. So every process remembers for a while what it told and
what it heard, answers nothing that is older than that, and tells the marks again where they are missing.
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
from storefront.redis_roles import Role, Script

_LUA = Path(__file__).parent / "lua"
_INVALIDATE, _REASSERT = Script(_LUA / "invalidate.lua"), Script(_LUA / "reassert.lua")

RETENTION = 20.0  # seconds after which what was told is looked for in Redis once more, and then forgotten
MAX_TAGS = 20_000  # names that are remembered; beyond that the oldest are not
BATCH_SIZE = 500
# Marks must outlive entries: the longest hard TTL, its jitter, and an hour.
_LIFE_US = int((keys.HARD_TTL * 1.1 + 3600) * 1e6)

Clocks = tuple[int, ...]  # of each shard


class TagTimes:
    """The marks of one shop: every shard has those of all tags.

    Args:
        prefix: what all keys of this shop begin with.
        shards: over how many hash slots entries are spread.
    """

    def __init__(self, prefix: str, shards: int = 1) -> None:
        self.channel = f"{prefix}:invalidations"
        self._prefix = prefix
        self._shards = shards
        self._times: dict[
            str, tuple[Clocks, float]
        ] = {}  # by tag, and "!" + tag for hard purges; the oldest first
        self._failover_suspected = False
        self._lock = threading.Lock()

    def redis_key(self, shard: int) -> str:
        """Return the name of a shard's marks in Redis."""
        return f"{self._prefix}:{{c{shard}}}:marks"

    def invalidate(self, tags: Iterable[str], *, hard: bool = False) -> None:
        """Drop every entry that carries one of these tags, in every shard, and tell every process.

        Raises:
            RedisUnavailable: it may not have happened; try again.
            ResponseError: something else is in the place of a shard's marks.
        """
        tags = tuple(tags)
        clocks: Clocks = ()
        for shard in reversed(range(self._shards)):
            # The last one tells: whoever hears it finds the marks of every shard in place.
            others = "".join(f" {clock}" for clock in clocks)
            arguments = [int(hard), "" if shard else self.channel, _LIFE_US, others, *tags]
            clocks = (int(self._run(_INVALIDATE, shard, arguments)), *clocks)
        self._remember(tags, clocks, hard=hard)

    def receive(self, message: bytes) -> list[str]:
        """Return the tags of a published message, and remember them if it says since when they are dropped."""
        first, *tags = message.decode().split("\n")
        if not first.startswith("="):
            return [first, *tags]
        hard, *clocks = first[1:].split()
        if len(clocks) == self._shards:
            self._remember(tags, tuple(map(int, clocks)), hard=hard == "1")
        return tags

    def is_newer(self, tags: Iterable[str], start: int, shard: int, *, hard: bool = False) -> bool:
        """Return whether one of these was dropped (`hard`: for ever) after an entry began, as far as we know."""
        told = self._times
        if not told:
            return False
        found = (told.get(f"!{tag}" if hard else tag) for tag in tags)
        return any(known is not None and known[0][shard] > start for known in found)

    def suspect_failover(self) -> None:
        """Say that Redis may be another one than before: what is remembered is to be told again soon."""
        self._failover_suspected = True

    def reassert(self, *, everything: bool = False) -> None:
        """Tell again what Redis may have lost: what is old enough to be forgotten then, or everything that is known.

        What is still there is not touched, and what was built since is not dropped.

        Raises:
            RedisUnavailable: it is to be tried again.
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
                # At its newest, and last in the row.
                before = self._times.pop(name, (clocks, now))[0]
                self._times[name] = (max(before, clocks), now)
            while len(self._times) > MAX_TAGS:
                del self._times[next(iter(self._times))]

    def _run(self, script: Script, shard: int, arguments: list[Any]) -> Any:
        # Not counted as a write: where there is no room for a mark, the script makes room.
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
    """Delete what is in the place of marks and is none: without them every entry counts as dropped."""
    if client.type(name) != b"zset":
        client.delete(name)
