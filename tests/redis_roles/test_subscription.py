"""Subscriptions: messages arrive in order, and a subscriber learns when it may have missed some."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storefront.redis_roles import Role, Subscription
from tests.processes import ROOT, eventually
from tests.redis_roles.servers import Server, proxy, server, shop


class Listener:
    """A subscription that records its callbacks."""

    def __init__(self, instance: Path, url: str) -> None:
        self.told: list[object] = []
        with shop(instance, url).app_context():
            self.subscription = Subscription(
                Role.CACHE,
                ["prices", "stock"],
                on_message=lambda channel, data: self.told.append((channel, data)),
                on_subscribed=lambda: self.told.append(("subscribed", self.subscription.is_trusted)),
                on_lost=lambda: self.told.append(("lost", self.subscription.is_trusted)),
            )

    @property
    def trusted(self) -> bool:
        return self.subscription.is_trusted


SUBSCRIBED, LOST = ("subscribed", False), ("lost", False)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Server]:
    with server(tmp_path) as one:
        yield one


@pytest.fixture
def listener(redis: Server, tmp_path: Path) -> Iterator[Listener]:
    with listening(tmp_path, redis.url) as one:
        assert eventually(lambda: one.trusted)
        yield one


@contextmanager
def listening(instance: Path, url: str) -> Iterator[Listener]:
    one = Listener(instance, url)
    one.subscription.start()
    try:
        yield one
    finally:
        one.subscription.stop()


def test_messages_are_received_in_order(redis: Server, listener: Listener) -> None:
    for number in range(1000):
        redis.client.publish("prices" if number % 2 else "stock", number)
    redis.client.publish("other", "not for us")
    redis.client.publish("stock", "last")
    assert eventually(lambda: ("stock", b"last") in listener.told)
    heard = [("prices" if number % 2 else "stock", str(number).encode()) for number in range(1000)]
    assert listener.told == [SUBSCRIBED, *heard, ("stock", b"last")]


def test_restarted_server_is_subscribed_to_again(redis: Server, listener: Listener) -> None:
    redis.kill()
    assert eventually(lambda: listener.told == [SUBSCRIBED, LOST])
    assert not listener.trusted
    redis.start()
    assert eventually(lambda: listener.trusted)
    redis.client.publish("stock", "news")
    assert eventually(lambda: listener.told == [SUBSCRIBED, LOST, SUBSCRIBED, ("stock", b"news")])


def test_dropped_connection_is_opened_again(redis: Server, listener: Listener) -> None:
    assert redis.client.client_kill_filter(_type="pubsub") == 1
    assert eventually(lambda: listener.told == [SUBSCRIBED, LOST, SUBSCRIBED])
    redis.client.publish("stock", "news")
    assert eventually(lambda: listener.told[-1] == ("stock", b"news"))


def test_a_frozen_server_is_not_trusted(redis: Server, listener: Listener) -> None:
    redis.freeze()
    assert eventually(lambda: not listener.trusted)
    assert eventually(lambda: listener.told == [SUBSCRIBED, LOST])
    redis.thaw()
    assert eventually(lambda: listener.trusted)
    assert listener.told[:3] == [SUBSCRIBED, LOST, SUBSCRIBED]


def test_silently_broken_connection_is_noticed(redis: Server, tmp_path: Path) -> None:
    with proxy(redis.port) as between, listening(tmp_path, between.url) as listener:
        assert eventually(lambda: listener.trusted)
        between.hold.clear()
        assert eventually(lambda: listener.told == [SUBSCRIBED, LOST])
        between.hold.set()
        assert eventually(lambda: listener.trusted)


def test_a_late_answer_proves_nothing(tmp_path: Path) -> None:
    """A connection whose replies are all late is alive, but its messages are old."""
    with (
        socket.create_server(("127.0.0.1", 0)) as stale,
        listening(tmp_path, f"redis://127.0.0.1:{stale.getsockname()[1]}") as listener,
    ):
        connection, _ = stale.accept()
        with connection:
            confirm(connection)
            first = ping(connection)
            answer = b"*2\r\n$4\r\npong\r\n" + first
            connection.sendall(answer)
            assert eventually(lambda: listener.trusted)
            # Each further PING gets the first one's reply, until the connection is given up.
            given_up = False
            for _ in range(40):
                if given_up := not ping(connection):
                    break
                connection.sendall(answer)
            assert given_up
        assert eventually(lambda: listener.told == [SUBSCRIBED, LOST])


def test_it_waits_for_a_server_that_is_not_there_yet(
    redis: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    redis.kill()
    with listening(tmp_path, redis.url) as listener:
        assert eventually(lambda: "is lost" in caplog.text)
        redis.start()
        assert eventually(lambda: listener.trusted)
        assert listener.told == [SUBSCRIBED]
    told = [each.getMessage() for each in caplog.records if each.name.endswith("redis_roles.subscription")]
    assert len(told) == 2, "once when it goes, once when it comes back"
    assert told[1] == "The subscription to Redis for cache is restored."


def test_message_of_a_failed_callback_counts_as_missed(
    redis: Server, listener: Listener, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def clumsy(channel: str, data: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(listener.subscription, "_on_message", clumsy)
    redis.client.publish("stock", "news")
    assert eventually(lambda: listener.told == [SUBSCRIBED, LOST, SUBSCRIBED])
    assert "ZeroDivisionError" in caplog.text


def test_a_stopped_subscription_leaves_nothing_behind(redis: Server, tmp_path: Path) -> None:
    def threads() -> set[threading.Thread]:
        return {thread for thread in threading.enumerate() if "subscription" in thread.name}

    others = threads()
    with listening(tmp_path, redis.url) as listener:
        assert eventually(lambda: listener.trusted)
        assert threads() - others
        listener.subscription.stop()
        assert not listener.trusted
        assert listener.told == [SUBSCRIBED]
        assert threads() <= others
        assert eventually(lambda: redis.client.client_list(_type="pubsub") == [])
        listener.subscription.start()
        assert eventually(lambda: listener.trusted)


def test_subscription_started_twice_receives_once(redis: Server, listener: Listener) -> None:
    listener.subscription.start()
    redis.client.publish("stock", "news")
    assert eventually(lambda: listener.told == [SUBSCRIBED, ("stock", b"news")])
    assert len(redis.client.client_list(_type="pubsub")) == 1


def test_forked_process_does_not_trust_its_parents_subscription(redis: Server, listener: Listener) -> None:
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        inherited = listener.trusted
        listener.subscription.start()
        own = eventually(lambda: listener.trusted)
        os.write(writer, f"{inherited} {own}".encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reader, 20) == b"False True"
    os.close(reader)
    os.close(writer)
    assert listener.trusted


def test_it_works_in_a_worker_of_greenlets(redis: Server, tmp_path: Path) -> None:
    worker = """
from gevent import monkey; monkey.patch_all()
import sys, time
from pathlib import Path
from storefront.redis_roles import Role, Subscription
from tests.redis_roles.servers import shop
with shop(Path(sys.argv[1]), sys.argv[2]).app_context():
    heard = Subscription(
        Role.LIVE,
        ["stock"],
        on_message=lambda channel, data: print(data.decode(), flush=True),
        on_subscribed=lambda: print("subscribed", flush=True),
        on_lost=lambda: print("lost", flush=True),
    )
heard.start()
while True:
    time.sleep(0.1)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", worker, str(tmp_path), redis.url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        assert process.stdout.readline() == "subscribed\n"
        redis.client.publish("stock", "news")
        assert process.stdout.readline() == "news\n"
        redis.freeze()
        assert process.stdout.readline() == "lost\n"
        redis.thaw()
        assert process.stdout.readline() == "subscribed\n"
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate()


def confirm(connection: socket.socket) -> None:
    """Confirm two subscriptions, as Redis does."""
    connection.recv(1000)
    for number, channel in enumerate([b"prices", b"stock"], start=1):
        connection.sendall(b"*3\r\n$9\r\nsubscribe\r\n$%d\r\n%s\r\n:%d\r\n" % (len(channel), channel, number))


def ping(connection: socket.socket) -> bytes:
    """Return the argument of the next PING as a bulk string; nothing if the peer has gone."""
    command = connection.recv(1000)
    return command.split(b"PING\r\n", 1)[1] if command else b""
