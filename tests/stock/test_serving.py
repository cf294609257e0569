"""Streams as gunicorn serves them: on sockets of their own, outliving Redis, ended with a retry."""

from __future__ import annotations

import json
import os
import signal
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Shop, eventually
from tests.redis_roles.servers import Server
from tests.stock.load import load
from tests.stock.streams import Stream, metric, open_streams, set_stock, small_shop, worker_of

WARMING, MESSAGES, ROUNDS = 40_000, 10_000, 8


def test_a_stream_starts_with_a_snapshot_then_sends_changes(shop: Shop, stream: Any) -> None:
    one = stream(1, 2, 999)
    assert one.status == 200
    assert one.headers["Content-Type"].startswith("text/event-stream")
    assert one.headers["X-Accel-Buffering"] == "no"
    assert "Set-Cookie" not in one.headers
    snapshot = one.next("snapshot")
    assert {item["product_id"] for item in snapshot["items"]} == {1, 2}
    assert snapshot["unknown"] == [999]
    item = snapshot["items"][0]
    set_stock(shop, item["sku"], 2)
    change = one.next("stock")
    assert (change["sku"], change["band"], change["left"]) == (item["sku"], "low", 2)
    assert change["version"] > item["version"]


def test_metrics_count_received_and_sent_events(shop: Shop, stream: Any) -> None:
    names = [f"storefront_stock_{name}_total" for name in ("events", "fanout", "dropped")]
    events, fanned_out, dropped = (metric(shop, name) for name in names)
    streams = [stream(3) for _ in range(5)]
    item = [one.next("snapshot") for one in streams][-1]["items"][0]
    sku = item["sku"]
    set_stock(shop, sku, 3)
    for one in streams:
        one.next("stock")
    assert eventually(lambda: metric(shop, names[0]) == events + 1 + 5), "one in, five out"
    assert metric(shop, names[1]) == fanned_out + 1
    assert metric(shop, names[2]) == dropped


@pytest.mark.parametrize(
    "query", ["", "product=", "product=x", "product=-1", "product=1&" * 101, "product=1%00"]
)
def test_an_invalid_list_of_products_is_rejected(stream: Any, query: str) -> None:
    assert stream(query=query).status == 400


def test_streams_take_no_connection_place_and_closes_are_seen(shop: Shop, stream: Any) -> None:
    streams = [stream(number % 100 + 1) for number in range(60)]
    for one in streams:
        assert one.next("snapshot")["items"]
    assert open_streams(shop) >= 60
    for one in streams:
        one.close()
    assert eventually(lambda: open_streams(shop) == 0)


@pytest.mark.slow
def test_beyond_the_caps_a_page_polls(redis: Server, tmp_path: Path) -> None:
    caps = {"STOREFRONT_STREAMS": "5", "STOREFRONT_STREAMS_PER_ADDRESS": "2", "TRUSTED_PROXIES": "1"}
    with (
        small_shop(tmp_path, REDIS_URL=redis.url, STOREFRONT_CACHE_PREFIX="caps", **caps) as shop,
        ExitStack() as opened,
    ):

        def comes_back(sender: str) -> int:
            one = opened.enter_context(closing(Stream(shop, 1, sender=sender)))
            wait = one.next("retry")
            assert one.next("snapshot")["items"]
            ends = "Content-Length" in one.headers
            assert ends == (wait >= 20_000)
            return wait if ends else 0

        first = Stream(shop, 1, sender="192.0.2.1")
        first.next("snapshot")
        assert not comes_back("192.0.2.1")
        assert 20_000 <= comes_back("192.0.2.1") <= 40_000, "an address has its two"
        assert not comes_back("2001:db8:7:1::1")
        assert not comes_back("2001:db8:7:1::2")
        assert 20_000 <= comes_back("2001:db8:7:1::3") <= 40_000, "IPv6 is counted by /64"
        assert not comes_back("192.0.2.2")
        assert 20_000 <= comes_back("192.0.2.3") <= 40_000, "the worker has its five"
        first.close()
        assert eventually(lambda: open_streams(shop) == 4)
        assert not comes_back("192.0.2.1")


def first_snapshot(one: Stream) -> Any:
    """Return a stream's snapshot once changes arrive at once, which takes a moment after a shop's start."""
    snapshot = one.next("snapshot")
    if not snapshot["live"]:
        assert one.next("status") == {"live": True}
    return snapshot


def fill_up(shop: Shop, one: Stream) -> str:
    """Set the stock of a stream's first item to a number that pages do not show; return its SKU.

    If that changes what the page shows, wait for it: without Redis it would come later, among what the test expects.
    """
    item = first_snapshot(one)["items"][0]
    set_stock(shop, item["sku"], 41)
    if item["band"] != "in":
        assert one.next("stock")["band"] == "in"
    return str(item["sku"])


@pytest.mark.slow
def test_streams_outlive_redis_and_badges_stay_right(shop: Shop, redis: Server, stream: Any) -> None:
    one = stream(5)
    sku = fill_up(shop, one)
    redis.kill()
    assert one.next("status") == {"live": False}
    set_stock(shop, sku, 1)
    assert one.next("stock")["left"] == 1, "without Redis the database is polled"
    redis.start()
    assert one.next("status") == {"live": True}
    set_stock(shop, sku, 2, published=False)
    left = one.next("stock", before="heartbeat")["left"]
    assert left == 2, (
        "another process may not know yet that Redis is back, so at first the database is polled often"
    )
    set_stock(shop, sku, 3)
    assert one.next("stock")["left"] == 3


@pytest.mark.slow
def test_a_frozen_redis_stops_no_heartbeat_and_loses_nothing(shop: Shop, redis: Server, stream: Any) -> None:
    one = stream(6)
    sku = fill_up(shop, one)
    redis.freeze()
    try:
        assert one.next("status") == {"live": False}
        assert one.next("heartbeat") == {}
        set_stock(shop, sku, 2)
        assert one.next("stock")["left"] == 2
    finally:
        redis.thaw()
    assert one.next("status") == {"live": True}
    set_stock(shop, sku, 1)
    assert one.next("stock")["left"] == 1


@pytest.mark.parametrize("ending", ["reload", "end of a worker"])
@pytest.mark.slow
def test_a_stopping_worker_ends_streams_and_fails_no_request(shop: Shop, stream: Any, ending: str) -> None:
    streams = [stream(7) for _ in range(20)]
    for one in streams:
        sku = one.next("snapshot")["items"][0]["sku"]
    worker = worker_of(shop)
    with load(shop, sku) as loaded:
        assert eventually(lambda: loaded.more_than({}, 20))
        if ending == "reload":
            os.kill(shop.process.pid, signal.SIGHUP)
        else:
            worker.terminate()
        for one in streams:
            assert 500 <= one.next("retry") <= 5000
            with pytest.raises(EOFError):
                one.next("stock")
        assert eventually(lambda: not worker.is_running())
        before = dict(loaded.answers)
        assert eventually(lambda: loaded.more_than(before, 20))
    assert loaded.failures == []


@pytest.mark.slow
def test_clients_that_never_read_cost_almost_nothing(shop: Shop, redis: Server, stream: Any) -> None:
    lazy, reader = [stream(8) for _ in range(20)], stream(8)
    item = reader.next("snapshot")["items"][0]
    latest = item["version"]

    def publish(count: int) -> None:
        nonlocal latest
        for start in range(latest + 1, latest + count + 1, 1000):
            with redis.client.pipeline(transaction=False) as pipe:
                for version in range(start, start + 1000):
                    about = {
                        "band": "low" if version % 2 else "out",
                        "sku_stock": version % 2,
                        "version": version,
                    }
                    pipe.publish("stock:updates", json.dumps(item | about))
                pipe.execute()
        latest += count
        while reader.next("stock")["version"] < latest:
            pass

    publish(WARMING)  # the first messages cost a worker memory, however many clients do not read
    worker = worker_of(shop)

    def used() -> tuple[int, int]:
        return worker.memory_full_info().uss, redis.client.info("memory")["used_memory"]

    def next_round_costs_little() -> bool:
        before = used()
        publish(MESSAGES)
        return all(now - then < 2**19 for now, then in zip(used(), before, strict=True))

    # Kept messages would cost 18 MB in each. A new worker fills its cache in some, and an allocator takes a step.
    assert any(next_round_costs_little() for _ in range(ROUNDS))
    assert lazy[0].next("snapshot")["items"]
    versions = []
    while not versions or versions[-1] < latest:
        versions.append(lazy[0].next("stock")["version"])
    assert versions == sorted(versions)
    assert len(versions) < WARMING + MESSAGES, "unread messages were replaced by newer ones"
