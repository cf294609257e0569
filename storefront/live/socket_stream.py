"""Streams on file descriptors, under gunicorn's gevent worker: an open page costs no greenlet, no socket object."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from storefront.live.descriptor_watch import Watch, make_watch
from storefront.live.frames import HEARTBEAT_KEY

if TYPE_CHECKING:
    from storefront.live.hub import Hub


class SocketStream:
    """A `Subscriber` on a file descriptor. What does not fit into the kernel's buffer waits, the newest of each key.

    Args:
        sockets: watch the descriptor.
        fd: a connected, non-blocking socket; closed with the stream.
        address: the client's.
        topics: what it watches.

    """

    __slots__ = ("_fd", "_rest", "_sockets", "_waiting", "address", "heartbeats_left", "slot", "topics")

    def __init__(self, sockets: SocketStreams, fd: int, address: str, topics: tuple[int, ...]) -> None:
        self.address, self.topics = address, topics
        self.slot = self.heartbeats_left = 0
        self._sockets, self._fd = sockets, fd
        # Frames by key; None while the kernel takes all at once. Until `begin`, all frames wait.
        self._waiting: dict[str, bytes] | None = {}
        self._rest = b""  # of a frame that was sent in part

    @property
    def stuck(self) -> bool:
        """Whether the last heartbeat still waits: the client has read nothing since."""
        return self._waiting is not None and HEARTBEAT_KEY in self._waiting

    def send_head(self, head: bytes) -> bool:
        """Send the response's head, which always fits into a new connection; return whether the client is there."""
        return self._send(head) is not None

    def begin(self, first: bytes) -> None:
        """Send the first frame, then what was offered meanwhile."""
        waiting = first + b"".join((self._waiting or {}).values())
        self._waiting = None
        self.offer("", waiting)

    def offer(self, key: str, frame: bytes) -> None:
        """Send the frame now, or when there is room."""
        if self._waiting is not None:
            self._waiting[key] = frame
            return
        sent = self._send(frame)
        if sent is not None and sent < len(frame):
            self._rest, self._waiting = frame[sent:], {}
            self._sockets.watch_writable(self._fd, wanted=True)

    def end(self, frame: bytes) -> None:
        """Send a last frame, if there is room and no other is half sent, and close."""
        if not self._rest:
            self._send(frame)
        self._sockets.close(self, self._fd)

    def forget_descriptor(self) -> None:
        """Send nothing any more: the number may soon be another connection's. A fan-out may still have the stream."""
        self._fd = -1

    def on_readable(self) -> None:
        """Close if the client has gone; bytes that it sends are ignored."""
        try:
            gone = not os.read(self._fd, 1024)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            self._sockets.close(self, self._fd)

    def on_writable(self) -> None:
        """Send what waits."""
        waiting = self._rest + b"".join((self._waiting or {}).values())
        sent = self._send(waiting)
        if sent is None:
            return
        self._rest, self._waiting = waiting[sent:], {}
        if sent == len(waiting):
            self._rest, self._waiting = b"", None
            self._sockets.watch_writable(self._fd, wanted=False)

    def _send(self, data: bytes) -> int | None:
        """Return how many bytes the kernel took; None if the client has gone."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self._sockets.close(self, self._fd)
            return None


class SocketStreams:
    """All socket streams of a process, on the event loop."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._by_fd: dict[int, SocketStream] = {}
        self._watch: Watch = make_watch(self._on_ready)

    def open(self, fd: int, address: str, topics: tuple[int, ...], head: bytes) -> None:
        """Take a connection over and begin its stream with this head."""
        stream = self._by_fd[fd] = SocketStream(self, fd, address, topics)
        self._watch.add(fd)
        if not stream.send_head(head):
            return
        first = self.hub.attach(stream)
        if self._by_fd.get(fd) is stream:  # else it was closed while the first frame was made
            stream.begin(first)

    def watch_writable(self, fd: int, *, wanted: bool) -> None:
        """Start or stop watching for room in the kernel's buffer."""
        self._watch.watch_writable(fd, wanted=wanted)

    def close(self, stream: SocketStream, fd: int) -> None:
        """Close a stream, unless that is done."""
        if self._by_fd.get(fd) is stream:
            del self._by_fd[fd]
            self._watch.remove(fd)
            os.close(fd)
            stream.forget_descriptor()
            self.hub.detach(stream)

    def _on_ready(self, fd: int, is_readable: bool, is_writable: bool) -> None:
        stream = self._by_fd.get(fd)
        if stream is None:
            return
        if is_readable:
            stream.on_readable()
        if is_writable and self._by_fd.get(fd) is stream:
            stream.on_writable()
