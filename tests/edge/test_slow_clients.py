"""Slow, endless and unwanted bodies on a real gunicorn: they end, and others are served meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from tests.processes import Shop, gunicorn, served

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("edge")]

PLACES = 20
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One worker with few places and a short deadline."""
    command = (*gunicorn(1), "--worker-connections", str(PLACES), "--keep-alive", "3")
    folder = tmp_path_factory.mktemp("slow") / "shop"
    with served(folder, *command, STOREFRONT_BODY_TIMEOUT="1", STOREFRONT_LIMIT_CHECKOUT="1/day") as shop:
        yield shop


@contextmanager
def _connect(shop: Shop, source: str = "127.0.0.1") -> Iterator[socket.socket]:
    where = urlsplit(shop.url)
    with socket.create_connection(
        (str(where.hostname), int(where.port or 0)), timeout=30, source_address=(source, 0)
    ) as line:
        yield line


def _head(shop: Shop, path: str = "/cart/lines", *, length: int | str = "", more: str = "") -> bytes:
    framing = "Transfer-Encoding: chunked\r\n" if length == "" else f"Content-Length: {length}\r\n"
    host = urlsplit(shop.url).netloc
    return f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{FORM}{framing}{more}\r\n".encode()


def _receive(line: socket.socket) -> bytes:
    return b"".join(iter(lambda: line.recv(65536), b""))


def _is_served(shop: Shop, source: str) -> bool:
    with _connect(shop, source) as line:
        line.sendall(
            f"GET /healthz HTTP/1.1\r\nHost: {urlsplit(shop.url).netloc}\r\nConnection: close\r\n\r\n".encode()
        )
        return _receive(line).startswith(b"HTTP/1.1 200 ")


def test_slow_bodies_of_one_client_leave_places_to_others(shop: Shop) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(_connect(shop, "127.0.0.66")) for _ in range(PLACES * 2)]
        for line in lines:
            line.sendall(_head(shop, length=1000) + b"sku=")
        assert all(_is_served(shop, f"127.0.0.{number}") for number in (1, 2, 3))
        # Those that have a place are answered 408 at their deadline.
        assert sum(line.recv(100).startswith(b"HTTP/1.1 429 ") for line in lines) >= PLACES


def test_slow_body_ends_with_408(shop: Shop) -> None:
    with _connect(shop) as line:
        line.sendall(_head(shop, length=1000))
        for _ in range(3):
            line.sendall(b"sku=x&")
            time.sleep(0.1)
        answer = _receive(line)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"Connection: close" in answer
    assert b"The request took too long" in answer


def test_slow_head_ends_without_an_answer(shop: Shop) -> None:
    with _connect(shop) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0")
        assert _receive(line) == b""


def test_steady_body_may_take_longer_than_the_deadline(shop: Shop) -> None:
    body = b"name=" + b"x" * 60_000
    with _connect(shop) as line:
        line.sendall(_head(shop, "/checkout", length=len(body)))
        for start in range(0, len(body), 2000):
            line.sendall(body[start : start + 2000])
            time.sleep(0.05)  # 40 kB a second, for longer than a second
        assert b"HTTP/1.1 408 " not in line.recv(100)


def test_stream_outlives_deadline_and_has_no_place(shop: Shop) -> None:
    host = urlsplit(shop.url).netloc
    with ExitStack() as stack:
        for _ in range(PLACES):
            line = stack.enter_context(_connect(shop, "127.0.0.77"))
            line.sendall(f"GET /stock/stream?product=1 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            assert line.recv(100).startswith(b"HTTP/1.1 200 ")
        assert _is_served(shop, "127.0.0.77")


@pytest.mark.parametrize("how", ["cross-site", "too large", "refused address", "chunked"])
def test_refused_client_gets_the_answer_to_a_large_body(shop: Shop, how: str) -> None:
    body, source = b"x=1&" * 250_000, "127.0.0.1"
    path, status, more = "/cart/lines", b"413", ""
    if how == "cross-site":
        status, more = b"403", "Sec-Fetch-Site: cross-site\r\n"
    if how == "refused address":
        body, source, path, status = b"x=1&" * 15_000, "127.0.0.9", "/checkout", b"429"
        with _connect(shop, source) as line:
            line.sendall(_head(shop, path, length=3, more="Connection: close\r\n") + b"x=1")
            _receive(line)
    with _connect(shop, source) as line:
        if how == "chunked":
            line.sendall(_head(shop) + b"%x\r\n%s\r\n" % (len(body), body))
        else:
            line.sendall(_head(shop, path, length=len(body), more=more) + body)
        answer = _receive(line)
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"\r\nConnection: close\r\n" in answer


def test_body_is_asked_for_only_if_it_is_wanted(shop: Shop) -> None:
    expects = "Expect: 100-continue\r\n"
    with _connect(shop) as line:
        line.sendall(_head(shop, length=500_000, more=expects))
        assert line.recv(100).startswith(b"HTTP/1.1 413 ")
    with _connect(shop) as line:
        line.sendall(_head(shop, length=5, more=expects))
        assert line.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        line.sendall(b"sku=x")
        assert line.recv(100).startswith(b"HTTP/1.1 422 ")


def test_refused_body_that_may_still_come_is_no_request(shop: Shop) -> None:
    body = f"GET /healthz HTTP/1.1\r\nHost: {urlsplit(shop.url).netloc}\r\n\r\n".encode()
    with _connect(shop) as line:
        more = "Sec-Fetch-Site: cross-site\r\nExpect: 100-continue\r\n"
        line.sendall(_head(shop, length=len(body), more=more))
        answer = line.recv(100)
        line.sendall(body * 2)  # the body, and then a request; or two requests
        answer += _receive(line)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"\r\nConnection: close\r\n" in answer


def test_small_unread_body_keeps_the_connection(shop: Shop) -> None:
    with _connect(shop) as line:
        for _ in range(2):
            line.sendall(_head(shop, length=5, more="Sec-Fetch-Site: cross-site\r\n") + b"sku=x")
            answer = b""
            while b"</html>" not in answer:
                more = line.recv(65536)
                assert more, "the connection is kept"
                answer += more
            assert b"Connection: keep-alive" in answer
