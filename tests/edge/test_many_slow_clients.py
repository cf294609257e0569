"""Thousands of slow bodies at a gunicorn as it is deployed: a shopper is served meanwhile, and all of them end."""

from __future__ import annotations

import resource
import select
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from tests.processes import Shop, filled, gunicorn, served

pytestmark = [pytest.mark.only_long, pytest.mark.slow, pytest.mark.xdist_group("edge")]

CLIENTS = 4100
SPARE = 500  # descriptors of this process for everything else
PATIENCE = 120  # seconds


@contextmanager
def many_descriptors() -> Iterator[int]:
    """Let this process and its children have as many descriptors as the system allows; return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class SlowClients:
    """Connections that announce a body and send a byte of it now and then.

    Args:
        shop: the shop that they go to.
        number: of connections.
        addresses: of loopback, that they come from in turn.
    """

    def __init__(self, shop: Shop, number: int, addresses: int) -> None:
        where = urlsplit(shop.url)
        form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\nsku="
        head = f"POST /cart/lines HTTP/1.1\r\nHost: {where.netloc}\r\n{form}"
        self.answers: dict[int, bytes] = {}
        self._lines: dict[int, socket.socket] = {}
        for turn in range(number):
            line = socket.socket()
            line.bind((f"127.1.{turn % addresses // 250}.{turn % addresses % 250 + 1}", 0))
            line.setblocking(False)
            line.connect_ex((str(where.hostname), int(where.port or 0)))
            self._lines[line.fileno()] = line
        self._poll = select.poll()
        for number_of_file in self._lines:
            self._poll.register(number_of_file, select.POLLOUT)
        waiting = set(self._lines)
        end = time.monotonic() + PATIENCE
        while waiting and time.monotonic() < end:
            for one, _ in self._poll.poll(1000):
                with suppress(OSError):
                    self._lines[one].send(head.encode())
                waiting.discard(one)
                self._poll.modify(one, select.POLLIN)

    @property
    def open(self) -> int:
        """How many the shop has not ended."""
        return len(self._lines)

    def drip(self) -> None:
        """Send one byte on each, and close those that the shop has answered or closed."""
        for one, _ in self._poll.poll(0):
            line = self._lines.pop(one)
            self._poll.unregister(one)
            with suppress(OSError):
                self.answers[one] = line.recv(100)
            line.close()
        for line in self._lines.values():
            with suppress(OSError):
                line.send(b"x")

    def close(self) -> None:
        """Close those that are left."""
        for line in self._lines.values():
            line.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, str]]:
    """Two workers with all their places, without rate limits (which refuse most of these first); a product's path."""
    folder = tmp_path_factory.mktemp("many")
    path = next(iter(filled(folder / "shop", 3)))
    with (
        many_descriptors(),
        served(folder / "shop", *gunicorn(2), STOREFRONT_BODY_TIMEOUT="60", STOREFRONT_LIMITS="off") as shop,
    ):
        yield shop, path


@pytest.mark.parametrize("addresses", [1, 41, 410])
def test_a_shopper_is_served_beside_4100_slow_bodies(shop: tuple[Shop, str], addresses: int) -> None:
    served_shop, path = shop
    number = min(CLIENTS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - SPARE)
    slow = SlowClients(served_shop, number, addresses)
    try:
        slow.drip()
        for page in (path, "/products", "/cart"):
            with urllib.request.urlopen(f"{served_shop.url}{page}", timeout=PATIENCE) as answer:
                assert answer.status == 200
        slow.drip()
        assert slow.open > 50
        assert b"HTTP/1.1 408" not in {answer[:12] for answer in slow.answers.values()}, "the shopper waited"
        end = time.monotonic() + PATIENCE
        while slow.open and time.monotonic() < end:
            time.sleep(0.5)
            slow.drip()
        assert slow.open == 0
        said = {answer[:12] for answer in slow.answers.values()}
        assert said <= {b"HTTP/1.1 408", b"HTTP/1.1 429", b""}
    finally:
        slow.close()
