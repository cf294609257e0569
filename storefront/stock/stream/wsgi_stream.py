"""A stream that a WSGI server iterates: for `flask run`, threads, and TLS in gunicorn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from storefront.stock.stream.frames import HEARTBEAT_KEY

if TYPE_CHECKING:
    from storefront.stock.stream.hub import Hub


class Generated:
    """It holds a thread or greenlet of the server for as long as it is open.

    Args:
        hub: tells it what changes.
        address: who asks.
        ids: the products.

    """

    __slots__ = ("_ended", "_hub", "_mail", "_news", "address", "beats", "ids", "slot")

    def __init__(self, hub: Hub, address: str, ids: tuple[int, ...]) -> None:
        self.address, self.ids = address, ids
        self.slot = self.beats = 0
        self._hub, self._ended = hub, False
        self._mail: dict[str, bytes] = {}
        self._news = threading.Event()

    @property
    def stuck(self) -> bool:
        """Whether the server has not got rid of the last heartbeat yet."""
        return HEARTBEAT_KEY in self._mail

    def offer(self, key: str, frame: bytes) -> None:
        """Keep the frame for the next turn of the iteration."""
        self._mail[key] = frame
        self._news.set()

    def end(self, frame: bytes) -> None:
        """Let the iteration finish."""
        self._mail["end"], self._ended = frame, True
        self._news.set()

    def __iter__(self) -> Iterator[bytes]:
        """Yield frames for as long as the stream lives."""
        try:
            yield self._hub.attach(self)
            while True:
                self._news.wait()
                self._news.clear()
                mail, self._mail = self._mail, {}
                yield b"".join(mail.values())
                if self._ended:
                    return
        finally:
            self._hub.detach(self)
