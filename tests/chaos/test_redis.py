"""With any fault of Redis or of the connection to it, pages are right and baskets are kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.chaos.conftest import World
from tests.chaos.fault_proxy import Mode
from tests.chaos.shoppers import Shoppers, all_show, plain
from tests.processes import eventually

pytestmark = pytest.mark.slow


def kill(world: World) -> None:
    world.redis.kill()


def freeze(world: World) -> None:
    world.redis.freeze()


def fill(world: World) -> None:
    world.redis.client.config_set("maxmemory-policy", "noeviction")
    world.redis.client.config_set("maxmemory", "1")


def flush(world: World) -> None:
    world.redis.client.flushall()


def through(mode: Mode) -> Callable[[World], None]:
    def harm(world: World) -> None:
        world.link.mode = mode

    harm.__name__ = mode
    return harm


def heal(world: World) -> None:
    world.link.mode = "whole"
    if world.redis.process is None:
        world.redis.start()
    world.redis.thaw()
    assert eventually(world.redis.answers)
    world.redis.client.config_set("maxmemory", "0")


@pytest.mark.parametrize(
    "harm",
    [kill, freeze, fill, flush, *map(through, ("slow", "trickling", "cut", "resetting"))],
    ids=lambda harm: harm.__name__,
)
def test_no_page_fails_or_is_wrong_and_no_basket_is_lost(world: World, harm: Callable[[World], None]) -> None:
    ask = plain(world.shop)
    with Shoppers(ask, world.merchant, world.products) as shoppers:
        try:
            shoppers.pass_by(40)
            harm(world)
            world.merchant.reprice()
            shoppers.pass_by(60)
            world.merchant.reprice()
            shoppers.pass_by(60)
            assert ask("/readyz").status == 200, "one Redis must not take every shop out"
        finally:
            heal(world)
        newest = world.merchant.reprice()
        assert eventually(lambda: all_show(ask, world.merchant.address, newest), seconds=30)
        shoppers.pass_by(40)
    assert shoppers.failed == []
    assert shoppers.wrong == []
    assert shoppers.refused == {}
    assert shoppers.puts > 10
    shoppers.check_baskets()
    assert ask("/readyz").status == 200
