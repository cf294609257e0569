"""When another Redis becomes the master, streams stay open and end up with the database's values."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes import eventually
from tests.redis_roles.servers import Server, server
from tests.stock.streams import Stream, open_streams, set_stock, small_shop


@pytest.mark.slow
def test_open_streams_follow_the_master(redis: Server, tmp_path: Path) -> None:
    with ExitStack() as stack:
        first, second = (stack.enter_context(server(tmp_path)) for _ in range(2))
        file = tmp_path / "sentinel.conf"
        file.write_text("")
        sentinel = stack.enter_context(server(tmp_path, str(file), "--sentinel"))
        sentinel.client.sentinel_monitor("shop", "127.0.0.1", first.port, 1)
        followed = f"redis+sentinel://127.0.0.1:{sentinel.port}/shop"
        shop = stack.enter_context(small_shop(tmp_path, REDIS_URL=redis.url, STOCK_REDIS_URL=followed))
        stream = Stream(shop, 1)
        sku = stream.next("snapshot")["items"][0]["sku"]
        assert eventually(lambda: first.client.pubsub_numsub("stock:updates")[0][1] == 1)
        set_stock(shop, sku, 4)
        assert stream.next("stock")["left"] == 4
        sentinel.client.sentinel_remove("shop")
        sentinel.client.sentinel_monitor("shop", "127.0.0.1", second.port, 1)
        set_stock(shop, sku, 2)  # published on one of the two servers
        assert stream.next("stock")["left"] == 2
        assert eventually(lambda: second.client.pubsub_numsub("stock:updates")[0][1] == 1)
        set_stock(shop, sku, 1)
        assert stream.next("stock")["left"] == 1
        assert open_streams(shop) == 1
        stream.close()
