"""What a room above provides: the state of items, and where changes come from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
    """Where a hub's items come from.

    Attributes:
        event: the name of the event that carries one changed item.
        role: the Redis that publishes changes.
        channel: the channel there.
    """

    event: str
    role: Role
    channel: str

    def read(self, topics: Collection[int]) -> Sequence[ItemState]:
        """Return all items of these topics from the database, and give the connection back.

        Raises:
            SQLAlchemyError: the database cannot be read.
        """

    def decode(self, message: bytes) -> ItemState:
        """Return the item that a message of the channel is about.

        Raises:
            msgspec.MsgspecError: this is not a valid message.
        """
