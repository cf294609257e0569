"""A restart or a full disk of the database: pages are still served, and writes succeed or are refused as a whole."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from sqlalchemy import make_url

from tests.chaos.conftest import Pair, World
from tests.chaos.disk import full
from tests.chaos.shoppers import Shoppers, all_show, plain
from tests.processes import eventually

pytestmark = [pytest.mark.slow, pytest.mark.root]


@pytest.mark.needs("nginx", "openssl")
def test_a_postgresql_restart_fails_no_cached_page_or_basket(pair: Pair) -> None:
    ask = pair.front.get
    with Shoppers(ask, pair.merchant, pair.products) as shoppers:
        shoppers.pass_by(80)
        pair.database.stop()
        shoppers.pass_by(120)
        unseen = ask("/products?sort=-price&page=2")
        assert (unseen.status, unseen.headers["retry-after"]) == (503, "5")
        assert "Nothing you’ve done here is lost".encode() in unseen.body
        assert ask("/healthz").status == 200
        assert ask("/readyz").status == 503
        pair.database.ensure_postgres_running()
        assert eventually(lambda: ask("/readyz").status == 200)
        before = shoppers.puts
        shoppers.pass_by(80)
    assert shoppers.failed == []
    assert shoppers.wrong == []
    assert set(shoppers.refused) == {"503"}, "a basket cannot be filled meanwhile, and is not emptied"
    assert shoppers.puts > before
    shoppers.check_baskets()
    newest = pair.merchant.reprice()
    assert eventually(lambda: all_show(ask, pair.merchant.address, newest), seconds=30)


def test_a_full_disk_fails_no_page_and_loses_no_basket(world: World) -> None:
    ask = plain(world.shop)
    processes = psutil.Process(world.shop.process.pid).children()
    assert processes
    database = Path(str(make_url(world.shop.environ["DATABASE_URL"]).database))
    with Shoppers(ask, world.merchant, world.products) as shoppers:
        shoppers.pass_by(60)
        with full(database, processes):
            assert eventually(lambda: shoppers.refused.total() > 3), "the disk is full"
            shoppers.pass_by(60)
            page = ask("/products?sort=-price&vendor=nobody")
            assert page.status == 200, "what is only read needs no room"
        done = shoppers.puts
        assert eventually(lambda: shoppers.puts > done + 3), "and goes on by itself when there is room again"
    assert shoppers.failed == []
    assert shoppers.wrong == []
    assert set(shoppers.refused) == {"503"}
    shoppers.check_baskets()
    assert world.shop.flask("stock", "audit").returncode == 0
