"""A connection whose cached pages the event loop answers, on a real pair of sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import gevent
import pytest
from gevent import Greenlet
from gevent.socket import socketpair

from storefront.edge.keep_alive import KeepAliveTimeout
from storefront.edge.waiting_connection import WaitingConnection

SECONDS = 30.0  # far more than any test takes
LARGE = bytes(range(256)) * 40_000  # about 10 MB: more than any buffer of the kernel


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The client's and the server's end of a connection."""
    client, server = socketpair()
    client.settimeout(SECONDS)
    with client, server:
        yield client, server


def answer(data: bytes) -> bytes | None:
    """Answer what begins with GET, except GET /fail."""
    if data == b"GET /fail":
        raise ValueError("as asked")
    if data == b"GET /large":
        return LARGE
    return b"answer to " + data if data.startswith(b"GET") else None


def serve(
    server: socket.socket, first: bytes, answer: Callable[[bytes], bytes | None] = answer
) -> Greenlet[..., bytes]:
    """Serve the connection as a worker does; the greenlet's value is what it received of another request."""

    def run() -> bytes:
        timeout = KeepAliveTimeout(SECONDS)
        with timeout:
            return WaitingConnection(server, 8192, answer, timeout).receive_other(first)
        raise AssertionError("the time-out ended")

    return gevent.spawn(run)


def ask(client: socket.socket, data: bytes) -> bytes:
    """Send a request and return the first bytes that come back."""
    client.sendall(data)
    return client.recv(65536)


def read(client: socket.socket, size: int) -> bytes:
    """Return exactly so many bytes."""
    received = bytearray()
    while len(received) < size:
        received += client.recv(65536)
    return bytes(received)


def test_requests_are_answered_until_another_comes(ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends
    greenlet = serve(server, b"GET 0")
    assert client.recv(65536) == b"answer to GET 0"
    for number in range(1, 4):
        assert ask(client, b"GET %d" % number) == b"answer to GET %d" % number
    client.sendall(b"POST /")
    assert greenlet.get(timeout=SECONDS) == b"POST /"
    assert server.gettimeout() is None  # gunicorn finds the socket as it left it


def test_the_event_loop_answers_and_the_greenlet_sleeps(ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends
    answered_in = []

    def note(data: bytes) -> bytes | None:
        answered_in.append(gevent.getcurrent())
        return answer(data)

    greenlet = serve(server, b"GET 0", note)
    assert client.recv(65536) == b"answer to GET 0"
    assert ask(client, b"GET 1") == b"answer to GET 1"
    assert answered_in == [greenlet, gevent.get_hub()]
    greenlet.kill()


def test_an_answer_larger_than_the_buffers_arrives_whole(ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends
    greenlet = serve(server, b"GET 0")
    assert client.recv(65536) == b"answer to GET 0"
    client.sendall(b"GET /large")
    assert read(client, len(LARGE)) == LARGE
    assert ask(client, b"GET 1") == b"answer to GET 1"
    client.close()
    assert greenlet.get(timeout=SECONDS) == b""


def test_an_error_ends_the_wait_of_the_greenlet(ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends
    greenlet = serve(server, b"GET 0")
    assert client.recv(65536) == b"answer to GET 0"
    client.sendall(b"GET /fail")
    with pytest.raises(ValueError, match="as asked"):
        greenlet.get(timeout=SECONDS)
    assert server.gettimeout() is None


def test_keep_alive_ends_the_wait(ends: tuple[socket.socket, socket.socket]) -> None:
    client, server = ends

    def run() -> str:
        timeout = KeepAliveTimeout(0.05)
        with timeout:
            WaitingConnection(server, 8192, answer, timeout).receive_other(b"GET 0")
        return "expired"

    assert gevent.spawn(run).get(timeout=SECONDS) == "expired"
    assert client.recv(65536) == b"answer to GET 0"
