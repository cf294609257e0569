"""A server that answers one byte at a time, so that no single step of its client takes long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PAUSE = 0.05  # seconds between two bytes; a client that only limits single steps waits for all of them
_BYTES = 600
# What comes at once, and the byte that is repeated.
STAGES = {
    "status line": (b"", b"H"),
    "headers": (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"b"),
    "body without a length": (b"HTTP/1.1 200 OK\r\n\r\n", b"b"),
    # The beginning of a TLS record (RFC 8446, 5.1) that would be 16 kB long.
    "TLS handshake": (b"\x16\x03\x03\x40\x00", b"\x02"),
}


class DrippingServer:
    """Accepts connections, reads nothing, and drips.

    Attributes:
        port: on 127.0.0.1.
        connections: how many were accepted.
        most_open: how many of them were open at the same time.
        finished: to how many the server sent everything, because the client waited for it.
    """

    def __init__(self, stage: str) -> None:
        self._first, self._drop = STAGES[stage]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.connections = self.most_open = self.finished = 0
        self._open: list[socket.socket] = []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def stop(self) -> None:
        """Close everything."""
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()
        for connection in self._open:
            connection.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                # A client that closed one before it opened this one is seen to have left.
                self._open = [*(one for one in self._open if not _has_left(one)), connection]
                self.connections += 1
                self.most_open = max(self.most_open, len(self._open))
                self._threads.append(threading.Thread(target=self._drip, args=(connection,)))
                self._threads[-1].start()

    def _drip(self, connection: socket.socket) -> None:
        with suppress(OSError):
            connection.sendall(self._first)
            for _ in range(_BYTES):
                if self._stopped.wait(PAUSE):
                    break
                connection.sendall(self._drop)
            else:
                self.finished += 1
            connection.shutdown(socket.SHUT_RDWR)


def _has_left(connection: socket.socket) -> bool:
    """Return whether the client has closed the connection; drops what it has sent."""
    try:
        while connection.recv(65_536, socket.MSG_DONTWAIT):
            pass
    except BlockingIOError:
        return False
    except OSError:
        pass
    connection.close()
    return True


@contextmanager
def dripping(stage: str) -> Iterator[DrippingServer]:
    """Run a server that drips from this stage on."""
    server = DrippingServer(stage)
    try:
        yield server
    finally:
        server.stop()
