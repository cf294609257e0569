"""Watches many descriptors on gevent's event loop: with one epoll on Linux, with a watcher for each elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from storefront import platform_features

_IN, _OUT, _HUP = 1, 4, 16 | 8  # of epoll_ctl(2)
_READ, _WRITE = 1, 2  # of libev and libuv

# Called with a descriptor, whether it can be read (or has ended), and whether it can be written.
OnReady = Callable[[int, bool, bool], None]


class Watch(Protocol):
    """Watches descriptors for reading from `add` until `remove`."""

    def add(self, fd: int) -> None:
        """Watch a descriptor."""

    def watch_writable(self, fd: int, *, wanted: bool) -> None:
        """Start or stop watching a descriptor for writing, too."""

    def remove(self, fd: int) -> None:
        """Stop watching a descriptor, which is still open."""


def make_watch(on_ready: OnReady) -> Watch:
    """Return the watch that suits this system."""
    return EpollWatch(on_ready) if platform_features.HAS_EPOLL else LoopWatch(on_ready)


class EpollWatch:
    """One epoll that the event loop watches: an open page costs the loop nothing."""

    def __init__(self, on_ready: OnReady) -> None:
        from gevent import get_hub, monkey  # here, so that `flask` commands start without it

        self._on_ready = on_ready
        self._epoll: Any = monkey.get_original("select", "epoll")()
        self._watcher = get_hub().loop.io(self._epoll.fileno(), _READ)
        self._watcher.start(self._dispatch)

    def add(self, fd: int) -> None:
        """Watch a descriptor."""
        self._epoll.register(fd, _IN | _HUP)

    def watch_writable(self, fd: int, *, wanted: bool) -> None:
        """Start or stop watching a descriptor for writing, too."""
        self._epoll.modify(fd, _IN | _HUP | (_OUT if wanted else 0))

    def remove(self, fd: int) -> None:
        """Stop watching a descriptor."""
        self._epoll.unregister(fd)

    def _dispatch(self) -> None:
        for fd, events in self._epoll.poll(0):
            self._on_ready(fd, bool(events & (_IN | _HUP)), bool(events & _OUT))


class LoopWatch:
    """A watcher of the event loop for each descriptor: for systems without epoll."""

    def __init__(self, on_ready: OnReady) -> None:
        from gevent import get_hub

        self._on_ready, self._loop = on_ready, get_hub().loop
        self._watchers: dict[int, Any] = {}

    def add(self, fd: int) -> None:
        """Watch a descriptor."""
        self._start(fd, _READ)

    def watch_writable(self, fd: int, *, wanted: bool) -> None:
        """Start or stop watching a descriptor for writing, too."""
        self.remove(fd)
        self._start(fd, _READ | (_WRITE if wanted else 0))

    def remove(self, fd: int) -> None:
        """Stop watching a descriptor."""
        if (watcher := self._watchers.pop(fd, None)) is not None:
            watcher.stop()
            watcher.close()

    def _start(self, fd: int, events: int) -> None:
        watcher = self._watchers[fd] = self._loop.io(fd, events)
        watcher.start(self._dispatch, fd, pass_events=True)

    def _dispatch(self, events: int, fd: int) -> None:
        self._on_ready(fd, bool(events & _READ), bool(events & _WRITE))
