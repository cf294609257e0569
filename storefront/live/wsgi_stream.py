"""The response that begins a stream, and its body if a server iterates it: `flask run`, threads, TLS in gunicorn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import NamedTuple

from flask import Flask, Response, request

from storefront import rate_limiting
from storefront.app_state import AppState
from storefront.live import frames
from storefront.live.frames import HEARTBEAT_KEY
from storefront.live.hub import Hub

# The key in the WSGI environment under which a view leaves a StreamRequest for `SocketTakeover`.
STREAM_REQUEST = "storefront.stream"

stream_paths = AppState[set[str]]("live.paths")


def add_path(app: Flask, path: str) -> None:
    """Say where streams are, so that `SocketTakeover` looks there."""
    stream_paths.setdefault(app, set()).add(path)


class StreamRequest(NamedTuple):
    """A stream that the view has granted."""

    hub: Hub
    address: str
    topics: tuple[int, ...]


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


def stream_response(hub: Hub, topics: tuple[int, ...], *, address: str | None = None) -> Response:
    """Return a response that begins with a snapshot of these topics and goes on with every visible change.

    Beyond a cap it is the snapshot and a `retry` only, with status 200: EventSource gives up for ever on any other
    status, so it polls instead.

    Args:
        hub: sends the changes.
        topics: what the page shows.
        address: the client's, for the caps; by default as the rate limits count it. An app without them gives it.
    """
    hub.start()
    if address is None:
        address = rate_limiting.client_address(request.environ).name
    if (retry := hub.refusal(address)) is not None:
        return Response(retry + hub.snapshot(topics), headers=frames.HEADERS)
    request.environ[STREAM_REQUEST] = StreamRequest(hub, address, topics)
    # Never `stream_with_context`: an open page must hold neither a request nor a database connection.
    return Response(iter(WsgiStream(hub, address, topics)), headers=frames.HEADERS)
