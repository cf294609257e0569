"""States of items: where they come from, and the newest of what is being watched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from storefront.redis_roles import Role


class ItemState(Protocol):
    """The state of one item as of one version. It is sent as JSON: msgspec has to know how to encode it."""

    @property
    def topic(self) -> int:
        """The topic that the item belongs to."""

    @property
    def key(self) -> str:
        """The item; unique over all topics."""

    @property
    def version(self) -> int:
        """Grows with each change of the item."""

    @property
    def visible(self) -> object:
        """What a page shows of it: a change that leaves this equal is not sent."""


class Source(Protocol):
    """Where a hub's items come from. A class that inherits from this one has the defaults below.

    Attributes:
        event: the name of the event that carries one changed item.
        channel: the channel of Redis on which changes are published.
        role: the Redis that publishes them.
        further_channels: other channels that say that something may have changed.
        poll_seconds: between two reads of all that is watched, while messages arrive.
        is_private: streams that watch a topic which `read` does not return any more are ended.
    """

    event: str
    channel: str
    role: Role = Role.LIVE
    further_channels: Sequence[str] = ()
    poll_seconds: float = 30.0
    is_private: bool = False

    def rule(self) -> object:
        """Return the rule by which items are shown now. When it has changed, all are read again."""
        return None

    def notice(self) -> bytes:
        """Return an event (`frames.event`) for all open pages, sent when it has changed; empty: there is none."""
        return b""

    def opening(self) -> bytes:
        """Return the notice for a new stream, if its page may be older than the notice's last change."""
        return b""

    def read(self, topics: Collection[int]) -> Sequence[ItemState]:
        """Return all items of these topics that the public may see, and give the connection back.

        Raises:
            SQLAlchemyError: the database cannot be read.
        """

    def decode(self, message: bytes) -> ItemState | None:
        """Return the item that a message of a channel is about; None if all that is watched has to be read again.

        Raises:
            msgspec.MsgspecError: this is not a valid message.
        """


class LatestStates:
    """A memory of states, by topic and by item. Not safe among threads: the hub has the lock.

    It contains a topic once the source has returned it. Messages about other topics wait, since nobody may see those.
    """

    def __init__(self) -> None:
        self._latest: dict[str, ItemState] = {}
        self._sent: dict[str, ItemState] = {}
        self._keys: dict[int, set[str]] = {}
        self._waiting: dict[int, dict[str, ItemState]] = {}

    def __contains__(self, topic: int) -> bool:
        return topic in self._keys

    def __len__(self) -> int:
        return len(self._latest)

    def has_item(self, key: str) -> bool:
        """Return whether there is a state of this item."""
        return key in self._latest

    def of_topics(self, topics: Iterable[int]) -> list[ItemState]:
        """Return the states of all items of these topics."""
        return [self._latest[key] for topic in topics for key in self._keys.get(topic, ())]

    def update(self, state: ItemState) -> bool:
        """Keep a state if it is the newest of its item; return whether it looks different from what was sent last."""
        before = self._latest.get(state.key)
        if before is not None and before.version >= state.version:
            return False
        self._latest[state.key] = state
        self._keys.setdefault(state.topic, set()).add(state.key)
        sent = self._sent.get(state.key)
        if sent is not None and sent.visible == state.visible:
            return False
        self._sent[state.key] = state
        return True

    def keep_waiting(self, state: ItemState) -> None:
        """Keep a state of a topic that the source has not returned, until it does."""
        waiting = self._waiting.setdefault(state.topic, {})
        before = waiting.get(state.key)
        if before is None or before.version < state.version:
            waiting[state.key] = state

    def take_waiting(self, topic: int) -> list[ItemState]:
        """Return the states of a topic that wait, once."""
        return list(self._waiting.pop(topic, {}).values())

    def is_last_sent(self, state: ItemState) -> bool:
        """Return whether this is the last state of its item that was sent."""
        return self._sent.get(state.key) is state

    def clear(self) -> None:
        """Forget all items."""
        for memory in (self._latest, self._sent, self._keys, self._waiting):
            memory.clear()

    def forget(self, topic: int) -> None:
        """Drop the items of a topic that no page watches any more, or that the source does not return any more."""
        self._waiting.pop(topic, None)
        for key in self._keys.pop(topic, ()):
            self._latest.pop(key, None)
            self._sent.pop(key, None)
