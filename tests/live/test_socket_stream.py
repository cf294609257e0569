"""A stream on a socket: whole frames, only the newest of each key waits, and clients that do not read are dropped."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator
from typing import Any

import gevent
import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from storefront import platform_features
from storefront.extensions import db
from storefront.live import Hub
from storefront.live.socket_stream import SocketStreams
from storefront.live.subscribers import SLOTS
from storefront.live.wsgi_stream import WsgiStream
from storefront.stock.stream import StockSource
from tests.factories import make_product

pytestmark = pytest.mark.any_database

BIG = b"x" * 10_000


@pytest.fixture
def hub(app: Flask) -> Hub:
    make_product(variants=[{"sku": "V", "on_hand": 50}])
    return Hub(app, StockSource(app))


def connected() -> tuple[socket.socket, socket.socket]:
    """Return both ends of a connection with a small send buffer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        theirs = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32 * 1024)
    ours.setblocking(False)
    return ours, theirs


@pytest.fixture(params=[True, False], ids=["epoll", "loop"])
def browser(
    hub: Hub, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[socket.socket]:
    """The browser's end of an open stream, as on Linux and on systems without epoll."""
    monkeypatch.setattr(platform_features, "HAS_EPOLL", request.param)
    ours, theirs = connected()
    SocketStreams(hub).open(ours.detach(), "test", (1,), b"HEAD\r\n\r\n")
    yield theirs
    theirs.close()


def client_of(hub: Hub) -> Any:
    (client,) = hub._subscribers
    return client


def read(browser: socket.socket, until: bytes) -> bytes:
    received = b""
    browser.setblocking(False)
    with gevent.Timeout(20):
        while until not in received:
            try:
                more = browser.recv(65536)
            except BlockingIOError:
                gevent.sleep(0.001)
                continue
            if not more:
                return received
            received += more
    return received


def test_a_stream_begins_with_its_head_and_the_snapshot(hub: Hub, browser: socket.socket) -> None:
    received = read(browser, b"\n\n")
    assert received.startswith(b"HEAD\r\n\r\nretry: ")
    assert b"event: snapshot\n" in received
    assert hub.streams == 1


def test_no_change_comes_before_the_snapshot(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = connected()
    read_states = hub._source.read

    def change_meanwhile(ids: list[int]) -> object:
        states = read_states(ids)
        hub.receive("", b'{"product_id": 1, "sku": "NEW", "sku_stock": 0, "band": "out", "version": 1}')
        return states

    monkeypatch.setattr(hub._source, "read", change_meanwhile)
    with theirs:
        SocketStreams(hub).open(ours.detach(), "test", (1,), b"")
        received = read(theirs, b"event: stock")
    assert received.index(b"event: snapshot") < received.index(b"event: stock")


def test_only_the_newest_frame_of_a_key_waits_and_is_whole(hub: Hub, browser: socket.socket) -> None:
    client = client_of(hub)
    for number in range(3000):
        client.offer(f"key {number % 2}", b"<%d %s>" % (number, BIG))
    received = read(browser, b"<2999 " + BIG + b">").partition(b"\n\n")[2]
    frames = received.split(b">")[:-1]
    assert all(frame.startswith(b"<") and frame.endswith(BIG) for frame in frames)
    numbers = [int(frame[1:].split()[0]) for frame in frames]
    assert numbers[-2:] == [2998, 2999]
    assert len(numbers) < 1000


def test_a_client_that_reads_nothing_is_dropped(hub: Hub, browser: socket.socket) -> None:
    client = client_of(hub)
    for number in range(200):
        client.offer("key", b"<%d %s>" % (number, BIG))
    for _ in range(SLOTS):
        hub.send_heartbeats()
    assert (hub.streams, hub.dropped) == (1, 0)
    for _ in range(SLOTS):
        hub.send_heartbeats()
    assert (hub.streams, hub.dropped) == (0, 1)


def test_a_reading_client_gets_heartbeats_for_ten_minutes(hub: Hub, browser: socket.socket) -> None:
    read(browser, b"\n\n")
    for _ in range(31 * SLOTS):
        hub.send_heartbeats()
    assert read(browser, 31 * b"event: heartbeat\ndata: {}\n\n")
    for _ in range(9 * SLOTS):
        hub.send_heartbeats()
    assert b"retry: " in read(browser, b"retry: ")
    assert (hub.streams, hub.dropped) == (0, 0)


@pytest.fixture
def database_unavailable(hub: Hub) -> Iterator[None]:
    def refuse(*_: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the server has gone"))

    event.listen(db.engine, "before_cursor_execute", refuse)
    yield
    event.remove(db.engine, "before_cursor_execute", refuse)


def test_without_the_database_new_streams_get_a_retry(
    hub: Hub, database_unavailable: None, browser: socket.socket
) -> None:
    received = read(browser, b"the end of the stream")
    assert re.fullmatch(rb"HEAD\r\n\r\nretry: \d{3,4}\n\n", received)
    assert hub.streams == 0
    (received,) = filter(None, WsgiStream(hub, "test", (1,)))
    assert re.fullmatch(rb"retry: \d{3,4}\n\n", received)
    assert hub.streams == 0


def test_a_stopping_worker_ends_a_stream_that_just_opens(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = connected()
    read_states = hub._source.read

    def close_meanwhile(ids: list[int]) -> object:
        hub.close()
        return read_states(ids)

    monkeypatch.setattr(hub._source, "read", close_meanwhile)
    with theirs:
        SocketStreams(hub).open(ours.detach(), "test", (1,), b"HEAD\r\n\r\n")
        assert read(theirs, b"the end of the stream").startswith(b"HEAD\r\n\r\nretry: ")
    assert hub.streams == 0


def test_a_closed_connection_is_removed(hub: Hub, browser: socket.socket) -> None:
    browser.close()
    with gevent.Timeout(20):
        while hub.streams:
            gevent.sleep(0.001)


def test_a_closed_stream_writes_to_no_other_connection(hub: Hub, browser: socket.socket) -> None:
    stream = client_of(hub)
    fd = stream._fd
    ours, theirs = connected()
    with ours, theirs:
        stream.end(b"")
        os.dup2(ours.fileno(), fd)  # the kernel gives the number to a new connection
        stream.offer("late", b"of a fan-out that had begun")
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(100)
        os.close(fd)
