"""The first level: a process's own copies, bounded in bytes, dropped as soon as an invalidation is heard.

A copy may only enter if none of its tags was dropped since its look-up began: `tick` counts what was dropped.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

MAX_REMEMBERED_TAGS = 50_000  # tags whose last drop is remembered; beyond that everything is dropped once


@dataclass(slots=True)
class L1Entry:
    """An entry in this process. `bodies` grows as other variants are asked for."""

    meta: bytes
    etag: str
    bodies: dict[str, bytes]
    tags: tuple[str, ...]
    expires_at: float  # monotonic seconds: soft end
    size: int = 0
    was_used: bool = False
    is_recompressed: bool = False  # whether its bodies are as small as can be
    memo: dict[str, object] = field(default_factory=dict)  # what a reader has made of it


class L1:
    """The copies of one process.

    Args:
        limit: bytes that all copies may take together.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self.generation = 0
        self.evicted = 0
        self._entries: OrderedDict[str, L1Entry] = OrderedDict()
        self._by_tag: defaultdict[str, set[str]] = defaultdict(set)
        self._invalidated: dict[str, int] = {}
        self._floor = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: str) -> L1Entry | None:
        """Return the copy if there is one that is not past its soft end. Takes no lock."""
        copy = self._entries.get(key)
        if copy is None or copy.expires_at < time.monotonic():
            return None
        copy.was_used = True
        return copy

    def peek(self, key: str) -> L1Entry | None:
        """Return the copy if there is one, past its soft end or not."""
        return self._entries.get(key)

    def put(self, key: str, copy: L1Entry, tick: int) -> bool:
        """Keep a copy whose look-up began at this tick; return whether it was let in."""
        copy.size = _estimate_size(key, copy)
        with self._lock:
            if tick < self._floor or any(self._invalidated.get(tag, -1) > tick for tag in copy.tags):
                return False
            if copy.size > self.limit // 4:
                return False
            self._remove(key)
            self._entries[key] = copy
            self.size += copy.size
            for tag in copy.tags:
                self._by_tag[tag].add(key)
            self._evict()
        return True

    def add_variant(self, key: str, copy: L1Entry, variant: str, body: bytes) -> None:
        """Add a variant to a copy that is still kept."""
        with self._lock:
            if self._entries.get(key) is copy and variant not in copy.bodies:
                copy.bodies[variant] = body
                copy.size += len(body)
                self.size += len(body)
                self._evict()

    def replace_body(self, key: str, copy: L1Entry, variant: str, body: bytes) -> None:
        """Keep the copy with a better form of a body in the place of itself, if it is still kept."""
        bodies = copy.bodies | {variant: body}
        better = replace(copy, bodies=bodies, is_recompressed=True, memo={})
        better.size = _estimate_size(key, better)
        with self._lock:
            if self._entries.get(key) is copy:
                self.size += better.size - copy.size
                self._entries[key] = better

    def invalidate(self, tags: Iterable[str]) -> None:
        """Drop every copy that carries one of these tags, and refuse those that are on their way."""
        with self._lock:
            self.generation += 1
            for tag in tags:
                self._invalidated[tag] = self.generation
                for key in self._by_tag.pop(tag, ()):
                    self._remove(key)
            if len(self._invalidated) > MAX_REMEMBERED_TAGS:
                self._clear()

    def clear(self) -> None:
        """Drop everything, and refuse what is on its way."""
        with self._lock:
            self._clear()

    def _clear(self) -> None:
        self.generation += 1
        self._floor = self.generation
        self._invalidated.clear()
        self._entries.clear()
        self._by_tag.clear()
        self.size = 0

    def _evict(self) -> None:
        """Make room: the oldest goes, unless it was used since it was last met (second chance)."""
        while self.size > self.limit and self._entries:
            key, copy = next(iter(self._entries.items()))
            if copy.was_used:
                copy.was_used = False
                self._entries.move_to_end(key)
                continue
            self._remove(key)
            self.evicted += 1

    def _remove(self, key: str) -> None:
        copy = self._entries.pop(key, None)
        if copy is None:
            return
        self.size -= copy.size
        for tag in copy.tags:
            if (others := self._by_tag.get(tag)) is not None:
                others.discard(key)
                if not others:
                    del self._by_tag[tag]


def _estimate_size(key: str, copy: L1Entry) -> int:
    bodies = sum(len(body) for body in copy.bodies.values())
    return 600 + len(key) + len(copy.meta) + bodies + sum(60 + len(tag) for tag in copy.tags)
