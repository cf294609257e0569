"""Streams on sockets of their own, under gunicorn's gevent worker: none costs a greenlet, nor a socket object."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from gevent import get_hub, monkey

from storefront.stock.stream.frames import HEARTBEAT_KEY

if TYPE_CHECKING:
    from storefront.stock.stream.hub import Hub

_IN, _OUT, _HUP = 1, 4, 16 | 8  # of epoll_ctl(2)
_READ = 1  # of libev and libuv


class Detached:
    """A stream on a file descriptor. What does not fit into the kernel waits here, the newest of each key.

    Args:
        sockets: watch it.
        fd: of a connected socket that does not block; closed with the stream.
        address: who asks.
        ids: the products.

    """

    __slots__ = ("_fd", "_mail", "_rest", "_sockets", "address", "beats", "ids", "slot")

    def __init__(self, sockets: Sockets, fd: int, address: str, ids: tuple[int, ...]) -> None:
        self.address, self.ids = address, ids
        self.slot = self.beats = 0
        self._sockets, self._fd = sockets, fd
        # Until it has begun, it keeps what comes.
        self._mail: dict[str, bytes] | None = {}
        self._rest = b""

    @property
    def stuck(self) -> bool:
        """Whether nothing has been read since the last heartbeat, which still waits here."""
        return self._mail is not None and HEARTBEAT_KEY in self._mail

    def greet(self, head: bytes) -> bool:
        """Send the head, for which a new connection has room; return whether the client is still there."""
        return self._send(head) is not None

    def begin(self, first: bytes) -> None:
        """Send what a stream begins with, then what has come meanwhile."""
        waiting = first + b"".join((self._mail or {}).values())
        self._mail = None
        self.offer("", waiting)

    def offer(self, key: str, frame: bytes) -> None:
        """Send the frame now, or when there is room."""
        if self._mail is not None:
            self._mail[key] = frame
            return
        sent = self._send(frame)
        if sent is not None and sent < len(frame):
            self._rest, self._mail = frame[sent:], {}
            self._sockets.want_to_write(self._fd, wanted=True)

    def end(self, frame: bytes) -> None:
        """Send a last frame, if there is room and none is half sent, and close."""
        if not self._rest:
            self._send(frame)
        self._sockets.forget(self, self._fd)

    def read(self) -> None:
        """Notice that the client has gone; what it says is not listened to."""
        try:
            gone = not os.read(self._fd, 1024)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            self._sockets.forget(self, self._fd)

    def write(self) -> None:
        """Send what has waited."""
        waiting = self._rest + b"".join((self._mail or {}).values())
        sent = self._send(waiting)
        if sent is None:
            return
        self._rest, self._mail = waiting[sent:], {}
        if sent == len(waiting):
            self._rest, self._mail = b"", None
            self._sockets.want_to_write(self._fd, wanted=False)

    def _send(self, data: bytes) -> int | None:
        """Return how many bytes were taken; None if the client has gone."""
        try:
            return os.write(self._fd, data)
        except BlockingIOError:
            return 0
        except OSError:
            self._sockets.forget(self, self._fd)
            return None


class Sockets:
    """All detached streams of a process, on one epoll that the event loop watches."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._epoll: Any = monkey.get_original("select", "epoll")()
        self._by_fd: dict[int, Detached] = {}
        self._watcher = get_hub().loop.io(self._epoll.fileno(), _READ)
        self._watcher.start(self._ready)

    def open(self, fd: int, address: str, ids: tuple[int, ...], head: bytes) -> None:
        """Take over a connection and begin its stream with this head."""
        client = self._by_fd[fd] = Detached(self, fd, address, ids)
        self._epoll.register(fd, _IN | _HUP)
        if not client.greet(head):
            return
        first = self.hub.attach(client)
        if self._by_fd.get(fd) is client:  # else it has gone, or was ended, while the first frame was made
            client.begin(first)

    def want_to_write(self, fd: int, *, wanted: bool) -> None:
        """Watch for the moment when the client has read, or no more."""
        self._epoll.modify(fd, _IN | _HUP | (_OUT if wanted else 0))

    def forget(self, client: Detached, fd: int) -> None:
        """Close a stream."""
        if self._by_fd.get(fd) is client:
            del self._by_fd[fd]
            self._epoll.unregister(fd)
            os.close(fd)
            self.hub.detach(client)

    def _ready(self) -> None:
        for fd, events in self._epoll.poll(0):
            client = self._by_fd.get(fd)
            if client is None:
                continue
            if events & (_IN | _HUP):
                client.read()
            if events & _OUT and self._by_fd.get(fd) is client:
                client.write()
