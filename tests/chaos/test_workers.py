"""Workers and whole gunicorns end and restart behind nginx; shoppers do not notice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from tests.chaos.conftest import Pair
from tests.chaos.shoppers import Shoppers, plain
from tests.processes import Shop, answers, eventually

pytestmark = [pytest.mark.slow, pytest.mark.needs("nginx", "openssl")]


def workers(shop: Shop) -> set[int]:
    found = set()
    for child in psutil.Process(shop.process.pid).children():
        with suppress(psutil.NoSuchProcess):
            if "gunicorn" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found


def is_asked(shop: Shop) -> bool:
    """Return whether nginx sends forms to a gunicorn that has just started, which takes nginx some seconds."""
    return b'endpoint="cart.add_line"' in plain(shop)("/metrics").body


def kill(shop: Shop) -> None:
    (worker,) = workers(shop)
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: workers(shop) - {worker} and answers(shop))


def reload(shop: Shop) -> None:
    before = workers(shop)
    shop.process.send_signal(signal.SIGHUP)
    assert eventually(lambda: workers(shop) and workers(shop).isdisjoint(before) and answers(shop))


def restart(shop: Shop) -> None:
    shop.restart()
    assert eventually(lambda: is_asked(shop))


@pytest.mark.parametrize("harm", [reload, restart], ids=lambda harm: harm.__name__)
def test_a_release_fails_no_page_and_no_form(pair: Pair, harm: Callable[[Shop], None]) -> None:
    with Shoppers(pair.front.get, pair.merchant, pair.products) as shoppers:
        shoppers.pass_by(40)
        for shop in pair.shops:
            harm(shop)
            shoppers.pass_by(40)
    assert shoppers.failed == []
    assert shoppers.wrong == []
    assert shoppers.refused == {}
    shoppers.check_baskets()


def test_a_killed_worker_fails_at_most_the_form_it_was_writing(pair: Pair) -> None:
    with Shoppers(pair.front.get, pair.merchant, pair.products) as shoppers:
        for shop in pair.shops * 2:
            shoppers.pass_by(40)
            kill(shop)
        shoppers.pass_by(40)
    assert shoppers.failed == [], "what was asked of it is asked of the other"
    assert shoppers.wrong == []
    # nginx never repeats a form, so that nothing is bought twice: the answer is 503 or is cut off.
    assert set(shoppers.refused) <= {"503", "IncompleteRead"}
    assert shoppers.refused.total() <= 4 * 4, "one of each shopper at each of four times"
    shoppers.check_baskets()
