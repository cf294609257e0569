"""What differs between operating systems and builds of Python: each feature has a name here, and a way without it.

Tests switch features off, to run on Linux what other systems run. No other module asks for the system's name.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

IS_LINUX = sys.platform == "linux"
# Linux alone has these three.
HAS_EPOLL = IS_LINUX  # gevent hides it from the module `select`
HAS_PARENT_DEATH_SIGNAL = IS_LINUX
HAS_TRUNCATING_RECEIVE = IS_LINUX
# gunicorn's parser in C: an optional package that most machines have to compile.
HAS_C_PARSER = importlib.util.find_spec("gunicorn_h1c") is not None

# Only looked for; gunicorn's own files in it have random names.
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  # nosec B108
_PR_SET_PDEATHSIG = 1  # prctl(2)
# Of macOS (netinet/tcp.h), which Python does not name: seconds after which unacknowledged data ends a connection.
_TCP_RXT_CONNDROPTIME = 0x80


def count_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_folder() -> str | None:
    """Return a directory in memory for files that must not wait for a disk; None if the system has none."""
    return str(_SHARED_MEMORY) if _SHARED_MEMORY.is_dir() and os.access(_SHARED_MEMORY, os.W_OK) else None


def end_unacknowledged(connection: socket.socket, seconds: int) -> None:
    """Let the kernel end a TCP connection whose peer acknowledges nothing for so long.

    Where the kernel has no such option, streams end at the second heartbeat that does not leave the buffer.
    """
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, seconds * 1000)
    elif sys.platform == "darwin":
        connection.setsockopt(socket.IPPROTO_TCP, _TCP_RXT_CONNDROPTIME, seconds)


def receive_and_drop(connection: socket.socket, buffer: bytearray) -> int:
    """Receive bytes that nobody needs, at most as many as the buffer has; return how many, 0 at the end."""
    # With the flag Linux copies nothing (tcp(7)).
    return connection.recv_into(buffer, len(buffer), socket.MSG_TRUNC if HAS_TRUNCATING_RECEIVE else 0)


def die_with_parent(parent: int) -> Callable[[], None]:
    """Return a function for a child process, called before it runs its program: it ends when its parent ends.

    Without the feature, a child outlives a parent that is killed, and the next supervisor shuts it down.
    """
    prctl = ctypes.CDLL(None).prctl if HAS_PARENT_DEATH_SIGNAL else None

    def prepare() -> None:
        if prctl:
            # A server stopped by SIGSTOP ignores SIGTERM. The append-only file is complete up to the last reply.
            prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent died before the line above
            os._exit(1)

    return prepare
