"""The open streams of a process: by address for the caps, by topic for changes, by the time of the next heartbeat."""

from __future__ import annotations

import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Protocol

from storefront import rate_limiting

HEARTBEAT_INTERVAL = 15.0  # seconds
TICK = 0.25  # seconds: heartbeats are spread over this many moments of the interval
SLOTS = round(HEARTBEAT_INTERVAL / TICK)
LIFETIME = (32, 40)  # heartbeats, random: 80 to 100 % of ten minutes


class Subscriber(Protocol):
    """An open stream. Of waiting frames with the same key it keeps only the newest.

    Attributes:
        address: the client's address as the rate limits count it, for the cap.
        topics: what it watches.
        slot: the moment of its heartbeat, set by `Subscribers`.
        heartbeats_left: how many heartbeats it gets until it is renewed, set by `Subscribers`.
    """

    address: str
    topics: tuple[int, ...]
    slot: int
    heartbeats_left: int

    @property
    def stuck(self) -> bool:
        """Whether the client has read nothing since the last heartbeat."""

    def offer(self, key: str, frame: bytes) -> None:
        """Send a frame, or keep it until the client reads. Never blocks."""

    def end(self, frame: bytes) -> None:
        """Send a last frame and close."""


class Subscribers:
    """The open streams of a process. Not safe among threads: the hub has the lock."""

    def __init__(self) -> None:
        self._slots: tuple[set[Subscriber], ...] = tuple(set() for _ in range(SLOTS))
        self._by_topic: defaultdict[int, set[Subscriber]] = defaultdict(set)
        self._by_address = rate_limiting.ClientCounts()
        self._next = self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, subscriber: Subscriber) -> bool:
        return subscriber in self._slots[subscriber.slot]

    def __iter__(self) -> Iterator[Subscriber]:
        return chain.from_iterable(self._slots)

    @property
    def topics(self) -> Iterable[int]:
        """The topics that at least one stream watches."""
        return self._by_topic.keys()

    def of_topic(self, topic: int) -> Iterable[Subscriber]:
        """Return the streams that watch a topic."""
        return self._by_topic.get(topic, ())

    def count_from(self, address: str) -> int:
        """Return how many streams a client's address has, or a /48."""
        return self._by_address[address]

    def add(self, subscriber: Subscriber) -> None:
        """Add a stream; its first heartbeat is due after a whole interval."""
        subscriber.address = sys.intern(subscriber.address)
        subscriber.heartbeats_left = random.randint(*LIFETIME)  # noqa: S311
        subscriber.slot = self._next - 1
        self._slots[subscriber.slot].add(subscriber)
        self._count += 1
        self._by_address.change(subscriber.address, 1)
        for topic in subscriber.topics:
            self._by_topic[topic].add(subscriber)

    def remove(self, subscriber: Subscriber) -> list[int]:
        """Remove a stream, once or more often; return the topics that no stream watches any more."""
        if subscriber not in self:
            return []
        self._slots[subscriber.slot].discard(subscriber)
        self._count -= 1
        self._by_address.change(subscriber.address, -1)
        unwatched = []
        for topic in subscriber.topics:
            watching = self._by_topic[topic]
            watching.discard(subscriber)
            if not watching:
                del self._by_topic[topic]
                unwatched.append(topic)
        return unwatched

    def next_due(self) -> tuple[Subscriber, ...]:
        """Return the streams whose heartbeat is due now. Called once a tick."""
        due = tuple(self._slots[self._next])
        self._next = (self._next + 1) % SLOTS
        return due
