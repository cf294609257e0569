"""Who is connected: by address for the caps, by product for what changes, by the moment of the next heartbeat."""

from __future__ import annotations

import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

BEAT = 15.0  # seconds between heartbeats
TICK = 0.25
SLOTS = round(BEAT / TICK)
LIFE = (32, 40)  # heartbeats, at random: 80 to 100 % of ten minutes


class Client(Protocol):
    """An open stream. `offer` never waits; of frames with the same key only the newest is kept."""

    address: str
    ids: tuple[int, ...]
    slot: int
    beats: int

    @property
    def stuck(self) -> bool:
        """Whether it has read nothing since the last heartbeat."""

    def offer(self, key: str, frame: bytes) -> None:
        """Send a frame, or keep it until the client reads."""

    def end(self, frame: bytes) -> None:
        """Send a last frame and close."""


class Clients:
    """The open streams of a process. Not safe among threads: the hub has the lock."""

    def __init__(self) -> None:
        self._slots: tuple[set[Client], ...] = tuple(set() for _ in range(SLOTS))
        self._watching: defaultdict[int, set[Client]] = defaultdict(set)
        self._by_address: Counter[str] = Counter()
        self._next = self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Client]:
        return chain.from_iterable(self._slots)

    @property
    def watched(self) -> Iterable[int]:
        """The products that somebody watches."""
        return self._watching.keys()

    def watching(self, product_id: int) -> Iterable[Client]:
        """Return who watches a product."""
        return self._watching.get(product_id, ())

    def of(self, address: str) -> int:
        """Return how many streams an address has."""
        return self._by_address[address]

    def add(self, client: Client) -> None:
        """Take in a stream; its first heartbeat is 15 s from now."""
        client.address = sys.intern(client.address)
        client.beats, client.slot = random.randint(*LIFE), self._next - 1  # noqa: S311
        self._slots[client.slot].add(client)
        self._count += 1
        self._by_address[client.address] += 1
        for product_id in client.ids:
            self._watching[product_id].add(client)

    def remove(self, client: Client) -> list[int]:
        """Forget a stream; return the products that nobody watches any more."""
        if client not in self._slots[client.slot]:
            return []
        self._slots[client.slot].discard(client)
        self._count -= 1
        self._by_address[client.address] -= 1
        if not self._by_address[client.address]:
            del self._by_address[client.address]
        forgotten = []
        for product_id in client.ids:
            watching = self._watching[product_id]
            watching.discard(client)
            if not watching:
                del self._watching[product_id]
                forgotten.append(product_id)
        return forgotten

    def turn(self) -> tuple[Client, ...]:
        """Return whose heartbeat is due now; called once a tick."""
        due = tuple(self._slots[self._next])
        self._next = (self._next + 1) % SLOTS
        return due
