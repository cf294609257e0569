"""A proxy to a server with switchable faults: slow, trickling, cut off or resetting."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from tests.redis_roles.servers import Proxy

Mode = Literal["whole", "slow", "trickling", "cut", "resetting"]


class Link(Proxy):
    """Passes bytes on according to its `mode`; only the server's answers are slowed down."""

    mode: Mode = "whole"

    def _pass(self, source: socket.socket, sink: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.mode == "cut":
                    continue  # swallowed: neither side notices
                if self.mode == "resetting":
                    for one in (source, sink):
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        one.close()  # sends a RST, because the linger time is zero
                    return
                if answers and self.mode == "slow":
                    time.sleep(0.3)
                while answers and self.mode == "trickling" and data:
                    sink.sendall(data[:50])
                    data = data[50:]
                    time.sleep(0.05)
                sink.sendall(data)
        for one in (sink, source):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextmanager
def link(port: int | str) -> Iterator[Link]:
    """Provide a proxy to this port, or to the socket at this path, until the block ends."""
    one = Link(port)
    try:
        yield one
    finally:
        one.close()
