"""The two kinds of open streams: a socket of our own under gunicorn's gevent worker, a generator everywhere else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gevent import get_hub, monkey

if TYPE_CHECKING:
    from storefront.stock.stream.hub import Hub

_IN, _OUT, _HUP = 1, 4, 16 | 8  # of epoll_ctl(2)
_SNDBUF = 32 * 1024
_USER_TIMEOUT_MS = 30_000


class Generated:
    """A stream that a WSGI server iterates; it holds a thread or greenlet of the server."""

    __slots__ = ("_ended", "_hub", "_mail", "_news", "address", "ends_at", "ids", "next_beat")

    def __init__(self, hub: Hub, address: str, ids: tuple[int, ...]) -> None:
        self.address = address
        self.ids, self.ends_at, self.next_beat = ids, 0.0, 0.0
        self._hub, self._ended = hub, False
        self._mail: dict[str, bytes] = {}
        self._news = threading.Event()

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


class Sockets:
    """All detached streams of a process, on one epoll that the event loop watches: a stream costs no greenlet."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._epoll: Any = monkey.get_original("select", "epoll")()
        self._by_fd: dict[int, Detached] = {}
        self._watcher = get_hub().loop.io(self._epoll.fileno(), 1)
        self._watcher.start(self._ready)

    def open(self, fd: int, address: str, ids: tuple[int, ...], head: bytes) -> None:
        """Take over a connection by its (duplicated) file descriptor and begin its stream with this head."""
        own = monkey.get_original("socket", "socket")(fileno=fd)
        own.setblocking(False)
        own.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SNDBUF)
        if own.family in (socket.AF_INET, socket.AF_INET6):
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _USER_TIMEOUT_MS)
        client = Detached(self, own, address, ids)
        self._by_fd[fd] = client
        self._epoll.register(fd, _IN | _HUP)
        client.offer("head", head)
        client.offer("first", self.hub.attach(client))

    def want_to_write(self, fd: int, *, wanted: bool) -> None:
        """Watch for the moment when the client has read, or no more."""
        self._epoll.modify(fd, _IN | _HUP | (_OUT if wanted else 0))

    def forget(self, client: Detached, fd: int) -> None:
        """Close a stream."""
        if self._by_fd.pop(fd, None) is not None:
            self._epoll.unregister(fd)
            client.socket.close()
            self.hub.detach(client)

    def _ready(self) -> None:
        for fd, events in self._epoll.poll(0):
            client = self._by_fd.get(fd)
            if client is None:
                continue
            if events & (_IN | _HUP):
                client.read()
            if events & _OUT and fd in self._by_fd:
                client.write()


class Detached:
    """A stream on a socket of its own. What does not fit into the kernel waits here, the newest of each key."""

    __slots__ = ("_fd", "_mail", "_rest", "_sockets", "address", "ends_at", "ids", "next_beat", "socket")

    def __init__(self, sockets: Sockets, own: socket.socket, address: str, ids: tuple[int, ...]) -> None:
        self.address = address
        self.ids, self.ends_at, self.next_beat = ids, 0.0, 0.0
        self.socket = own
        self._sockets, self._fd = sockets, own.fileno()
        self._mail: dict[str, bytes] | None = None
        self._rest = b""

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
        """Send a last frame, if there is room, and close."""
        if self._mail is None:
            self._send(frame)
        self._sockets.forget(self, self._fd)

    def read(self) -> None:
        """Notice that the client has gone; what it says is not listened to."""
        try:
            gone = self.socket.recv(1024) == b""
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
            return self.socket.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._sockets.forget(self, self._fd)
            return None
