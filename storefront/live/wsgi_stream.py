"""A stream that a WSGI server iterates: for `flask run`, threads, and TLS in gunicorn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from storefront.live.frames import HEARTBEAT_KEY

if TYPE_CHECKING:
    from storefront.live.hub import Hub


class WsgiStream:
    """A `Subscriber` that is a response's body. It occupies a thread or greenlet of the server while it is open.

    Args:
        hub: sends it what changes.
        address: the client's.
        topics: what it watches.

    """

    __slots__ = ("_ended", "_hub", "_waiting", "_wake", "address", "heartbeats_left", "slot", "topics")

    def __init__(self, hub: Hub, address: str, topics: tuple[int, ...]) -> None:
        self.address, self.topics = address, topics
        self.slot = self.heartbeats_left = 0
        self._hub, self._ended = hub, False
        self._waiting: dict[str, bytes] = {}
        self._wake = threading.Event()

    @property
    def stuck(self) -> bool:
        """Whether the server has not taken the last heartbeat yet."""
        return HEARTBEAT_KEY in self._waiting

    def offer(self, key: str, frame: bytes) -> None:
        """Keep the frame until the iteration takes it."""
        self._waiting[key] = frame
        self._wake.set()

    def end(self, frame: bytes) -> None:
        """Let the iteration finish with this frame."""
        self._waiting["end"], self._ended = frame, True
        self._wake.set()

    def __iter__(self) -> Iterator[bytes]:
        """Yield frames until the stream ends or the server closes the iterator."""
        try:
            yield self._hub.attach(self)
            while True:
                self._wake.wait()
                self._wake.clear()
                waiting, self._waiting = self._waiting, {}
                yield b"".join(waiting.values())
                if self._ended:
                    return
        finally:
            self._hub.detach(self)
