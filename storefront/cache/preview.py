"""A preview of an invalidation: the cached pages that carry a tag. Nothing is dropped.

Redis has no index from tags to entries, because an invalidation needs none. So the preview scans the keys, a few at a
time, up to a limit. It is for commands and staff pages: no visitor's page waits for it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar

from flask import Flask
from redis import Redis

from storefront import redis_roles
from storefront.cache.l2 import L2Entry
from storefront.cache.state import CacheState
from storefront.cache.store import CacheStore
from storefront.redis_roles import RedisUnavailable, Role

T = TypeVar("T")

# Keys that Redis looks at in one step; it answers nobody else meanwhile (about 0.1 ms).
STEP = 500


class ScanLimits(NamedTuple):
    """Where a scan ends, however many keys Redis has.

    Attributes:
        keys: of Redis, looked at.
        seconds: that it takes.
        pages: found.
    """

    keys: int
    seconds: float
    pages: int


PAGE_LIMITS = ScanLimits(100_000, 2.0, 500)
COMMAND_LIMITS = ScanLimits(1_000_000, 30.0, 10_000)


@dataclass(frozen=True, slots=True)
class TaggedPage:
    """A cached page that carries one of the tags.

    Attributes:
        address: path and query; "" if an earlier version of the app stored it.
        age: seconds since its data was read.
        mode: strict if nobody would see the page after the invalidation; relaxed if it may be shown for the grace.
        other_tags: that it carries, too.
    """

    address: str
    age: int
    mode: Literal["strict", "relaxed"]
    other_tags: tuple[str, ...]


@dataclass(slots=True)
class Preview:
    """What an invalidation would drop.

    Attributes:
        tags: that would be invalidated.
        pages: that carry one of them, by address.
        values: the number of cached values, of which pages are made, that carry one of them.
        looked_at: keys of Redis, about.
        keys: of Redis in all.
        seconds: that the scan took.
        stopped: the limit that ended the scan early; "" if it looked at all keys.
    """

    tags: tuple[str, ...]
    pages: list[TaggedPage] = field(default_factory=list)
    values: int = 0
    looked_at: int = 0
    keys: int = 0
    seconds: float = 0.0
    stopped: Literal["", "keys", "seconds", "pages"] = ""


class _Scan:
    """One scan, and what it has found so far."""

    def __init__(
        self, store: CacheStore, tags: Sequence[str], limits: ScanLimits, *, has_grace: bool
    ) -> None:
        self.found = Preview(tuple(dict.fromkeys(tags)))
        self._l2, self._modes, self._limits = store.l2, store.tag_modes, limits
        self._has_grace = has_grace
        self._started_at = time.monotonic()
        self._pages: dict[str, tuple[int, TaggedPage]] = {}  # by address, with the start of each
        self._values: set[str] = set()

    def run(self, pattern: str) -> Preview:
        servers = redis_roles.call(Role.CACHE, lambda _: list(redis_roles.server_clients(Role.CACHE)))
        found = self.found
        found.keys = redis_roles.call(Role.CACHE, lambda _: sum(server.dbsize() for server in servers))
        for server in servers:
            self._scan_server(server, pattern)
        found.looked_at = min(found.looked_at, found.keys) if found.stopped else found.keys
        found.seconds = round(time.monotonic() - self._started_at, 3)
        by_address = sorted(self._pages.values(), key=lambda pair: pair[1].address)
        found.pages, found.values = [page for _start, page in by_address], len(self._values)
        return found

    def _scan_server(self, server: Redis, pattern: str) -> None:
        cursor: int | None = None
        while cursor != 0 and not self._must_stop():
            count = max(1, min(STEP, self._limits.keys - self.found.looked_at, self.found.keys))
            step = _make_step(server, cursor or 0, pattern, count)
            cursor, names = _try_twice(partial(redis_roles.call, Role.CACHE, step))
            share = self._look_at([name.decode("utf-8", "replace") for name in names])
            self.found.looked_at += int(count * share)

    def _must_stop(self) -> bool:
        limits = self._limits
        if self.found.looked_at >= limits.keys:
            self.found.stopped = "keys"
        elif time.monotonic() - self._started_at >= limits.seconds:
            self.found.stopped = "seconds"
        elif len(self._pages) >= limits.pages:
            self.found.stopped = "pages"
        return self.found.stopped != ""

    def _look_at(self, names: Iterable[str]) -> float:
        """Look at the entries among these keys; return the share of them that was looked at before a limit."""
        entries = [(name, key) for name in names if (key := self._l2.find_key(name)) is not None]
        if not entries:
            return 1.0

        def read(client: Redis) -> list[Any]:
            with client.pipeline(transaction=False) as pipe:
                for name, _key in entries:
                    pipe.hmget(name, "tags", "address")
                return list(pipe.execute(raise_on_error=False))  # a key may hold foreign data

        wanted = set(self.found.tags)
        replies = _try_twice(lambda: redis_roles.call(Role.CACHE, read))
        for place, ((_name, key), fields) in enumerate(zip(entries, replies, strict=True)):
            if not isinstance(fields, list) or not fields[0]:
                continue
            if wanted.isdisjoint(fields[0].decode("utf-8", "replace").split("\n")):
                continue
            if self._must_stop():
                return place / len(entries)
            self._add(key, (fields[1] or b"").decode("utf-8", "replace"))
        return 1.0

    def _add(self, key: str, address: str) -> None:
        """Add an entry that carries a tag, unless it has been invalidated already."""
        is_page = key.startswith("page:")
        entry = _try_twice(lambda: self._l2.fetch(key, "", build=False, relaxed=is_page))
        if not isinstance(entry, L2Entry):
            return
        if not is_page:
            self._values.add(key)
            return
        carried = [tag for tag in entry.tags if tag in self.found.tags]
        strict = not self._has_grace or any(map(self._modes.is_strict, carried))
        page = TaggedPage(
            address,
            max(0, int(time.time() - entry.start / 1e6)),
            "strict" if strict else "relaxed",
            tuple(tag for tag in entry.tags if tag not in carried),
        )
        # Two versions of the app may have the same page: the newer one is shown.
        if self._pages.get(address or key, (-1, page))[0] < entry.start:
            self._pages[address or key] = (entry.start, page)


def _try_twice(do: Callable[[], T]) -> T:
    """Call this, and again if Redis did not answer: of thousands of calls one may be slow."""
    try:
        return do()
    except RedisUnavailable:
        return do()


def _make_step(
    server: Redis, cursor: int, pattern: str, count: int
) -> Callable[[Redis], tuple[int, list[bytes]]]:
    """Return the step of a scan of one server; the role's client, which may be of a whole cluster, is not used."""
    return lambda _client: server.scan(cursor, match=pattern, count=count)  # type: ignore[return-value]


def preview_invalidation(app: Flask, state: CacheState, tags: Sequence[str], limits: ScanLimits) -> Preview:
    """Return the cached pages that an invalidation of these tags would drop.

    Raises:
        RedisUnavailable: Redis does not answer.
    """
    prefix = re.sub(r"([*?\[\]\\])", r"\\\1", app.config["CACHE_PREFIX"])
    scan = _Scan(state.store, tags, limits, has_grace=app.config["CACHE_GRACE"] > 0)
    return scan.run(f"{prefix}:{{c*")
