"""Streams as gunicorn serves them: detached from its workers, outliving Redis, ended politely."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
import pytest

from tests.processes import ROOT, Shop, eventually, served
from tests.redis_roles.servers import Server, server

GUNICORN = (
    *(str(ROOT / ".venv/bin/gunicorn"), "--config", "deploy/gunicorn.conf.py"),
    *("--bind", "127.0.0.1:{port}", "--workers", "1", "wsgi:app"),
)


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with server(tmp_path_factory.mktemp("redis")) as one:
        yield one


@pytest.fixture(scope="module")
def shop(redis: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A small generated shop behind one gevent worker."""
    instance = tmp_path_factory.mktemp("streams") / "instance"
    environ = os.environ | {
        "STOREFRONT_INSTANCE_DIR": str(instance),
        "FLASK_APP": "wsgi",
        "REDIS_URL": redis.url,
    }
    for command in (["setup", "--no-demo"], ["demo", "--products", "100", "--seed", "1", "--no-pictures"]):
        subprocess.run(
            [sys.executable, "-m", "flask", *command], cwd=ROOT, env=environ, check=True, capture_output=True
        )
    with served(instance, *GUNICORN, REDIS_URL=redis.url, STOREFRONT_LIMITS="off") as shop:
        yield shop


class Stream:
    """An open stream, read event by event; a read that takes half a minute fails."""

    def __init__(self, shop: Shop, *ids: int, query: str | None = None) -> None:
        address = urlsplit(shop.url)
        self.socket = socket.create_connection((address.hostname, address.port or 80), timeout=30)
        query = query if query is not None else "&".join(f"product={number}" for number in ids)
        head = f"GET /stock/stream?{query} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n"
        self.socket.sendall(head.encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name] = value

    def next(self, wanted: str) -> Any:
        """Return the data of the next event of this name; heartbeats and others are passed over."""
        name = ""
        while line := self.file.readline():
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == wanted == "retry":
                return int(value)
            if field == "event":
                name = value
            elif field == "data" and name == wanted:
                return json.loads(value)
        raise EOFError(f"the stream ended before {wanted}")

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture
def stream(shop: Shop) -> Iterator[Any]:
    opened: list[Stream] = []

    def start(*ids: int, **how: Any) -> Stream:
        opened.append(Stream(shop, *ids, **how))
        return opened[-1]

    yield start
    for one in opened:
        one.close()


def put(shop: Shop, sku: str, number: int) -> None:
    result = shop.flask("stock", "set", sku, str(number), "--reason", "test")
    assert result.returncode == 0, result.stderr


def test_a_stream_begins_with_what_is_there_and_goes_on_with_what_changes(shop: Shop, stream: Any) -> None:
    one = stream(1, 2, 999)
    assert one.status == 200
    assert one.headers["Content-Type"].startswith("text/event-stream")
    assert one.headers["X-Accel-Buffering"] == "no"
    assert "Set-Cookie" not in one.headers
    snapshot = one.next("snapshot")
    assert {item["product_id"] for item in snapshot["items"]} == {1, 2}
    assert snapshot["unknown"] == [999]
    item = snapshot["items"][0]
    put(shop, item["sku"], 2)
    told = one.next("stock")
    assert (told["sku"], told["band"], told["left"]) == (item["sku"], "low", 2)
    assert told["version"] > item["version"]


@pytest.mark.parametrize(
    "query", ["", "product=", "product=x", "product=-1", "product=1&" * 101, "product=1%00"]
)
def test_what_is_no_list_of_products_is_refused(stream: Any, query: str) -> None:
    assert stream(query=query).status == 400


def test_a_stream_costs_the_worker_no_place_and_its_end_is_noticed(shop: Shop, stream: Any) -> None:
    streams = [stream(number % 100 + 1) for number in range(60)]
    for one in streams:
        assert one.next("snapshot")["items"]
    assert open_streams(shop) >= 60
    for one in streams:
        one.close()
    assert eventually(lambda: open_streams(shop) == 0)


@pytest.mark.slow
def test_streams_outlive_redis_and_badges_stay_right_meanwhile(
    shop: Shop, redis: Server, stream: Any
) -> None:
    one = stream(5)
    sku = one.next("snapshot")["items"][0]["sku"]
    put(shop, sku, 41)
    redis.kill()
    assert one.next("status") == {"live": False}
    put(shop, sku, 1)
    assert one.next("stock")["left"] == 1, "without Redis the database is asked now and then"
    redis.start()
    assert one.next("status") == {"live": True}
    put(shop, sku, 3)
    assert one.next("stock")["left"] == 3


@pytest.mark.slow
def test_a_reload_ends_streams_with_a_word_and_fails_no_page(shop: Shop, stream: Any) -> None:
    streams = [stream(7) for _ in range(20)]
    for one in streams:
        one.next("snapshot")
    (master,) = [p for p in psutil.process_iter() if p.pid == shop.process.pid]
    workers = {child.pid for child in master.children()}
    master.send_signal(signal.SIGHUP)
    for one in streams:
        assert 500 <= one.next("retry") <= 5000
        with pytest.raises(EOFError):
            one.next("stock")
    assert eventually(lambda: workers.isdisjoint(child.pid for child in master.children()))
    assert stream(7).next("snapshot")["items"]


def open_streams(shop: Shop) -> float:
    with urlopen(f"{shop.url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return float(next(line.split()[1] for line in lines if line.startswith("storefront_stock_streams ")))
