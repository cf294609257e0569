"""Measures how late open pages are after an outage of Redis, while the stock changes all the time."""

from __future__ import annotations

import itertools
import random
import re
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path

from redis.exceptions import RedisError
from sqlalchemy import func, select

from benchmarks import servers
from benchmarks.listeners import Listeners, listening
from benchmarks.streams import SHOP
from storefront import stock
from storefront.app import create_app
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem
from tests.deploy.replicated import Replicated, replicated
from tests.processes import eventually
from tests.redis_roles.servers import Server
from tests.redis_roles.servers import server as redis_server

STREAMS = 20
PRODUCTS = 100
ROUNDS = 3
# Seconds between two changes of the stock.
CHANGE_INTERVAL = 0.2
# Seconds for which the stock continues to change after the return of Redis.
AFTERMATH = 8.0

Action = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Outage:
    """An outage of Redis.

    Attributes:
        name: what happens.
        cause: causes the outage; returns when Redis is back and accepts writes.
        repair: prepares Redis for the next outage.
    """

    name: str
    cause: Action
    repair: Action


def rows(environ: dict[str, str]) -> Iterator[list[str]]:
    """Yield a row of the table for each outage."""
    exact = environ | {"STOREFRONT_STOCK_DISPLAY": "exact"}
    with tempfile.TemporaryDirectory(prefix="storefront-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        one = stack.enter_context(redis_server(folder))
        many = stack.enter_context(replicated(folder, "state"))
        firsts = itertools.count(1000, 1000)
        for url, outages in ((one.url, _single_server_outages(one)), (many.url("state"), _failovers(many))):
            own = exact | {"REDIS_URL": url}
            with servers.server(SHOP, own) as shop, listening(shop) as streams:
                streams.open(["&".join(f"product={one + 1}" for one in range(PRODUCTS))] * STREAMS)
                for outage in outages:
                    behind = [_measure_delay(own, streams, outage, next(firsts)) for _ in range(ROUNDS)]
                    text = f"{max(behind):.2f} s ({', '.join(f'{each:.2f}' for each in behind)})"
                    yield [f"Redis {outage.name}: after its return pages are behind for, at most", text]


def _single_server_outages(redis: Server) -> list[Outage]:
    def interrupt(stop: Action, resume: Action) -> None:
        stop()
        time.sleep(random.uniform(4, 7))
        resume()

    return [
        Outage("killed", partial(interrupt, redis.kill, redis.start), lambda: None),
        Outage("frozen", partial(interrupt, redis.freeze, redis.thaw), lambda: None),
    ]


def _failovers(servers: Replicated) -> list[Outage]:
    def fail_over(disturb: Callable[[Server], None]) -> None:
        former = servers.master("state")
        disturb(former)
        while (now := servers.master("state")) is former or not _takes_writes(now):
            time.sleep(0.01)

    def request_failover(_: Server) -> None:
        servers.sentinels[0].client.sentinel_failover("state")

    def repair() -> None:
        for one in servers.servers["state"]:
            one.start() if one.process is None else one.thaw()
        master = servers.master("state")
        assert eventually(
            lambda: master.client.info("replication")["min_slaves_good_slaves"] == 2, seconds=60
        )
        time.sleep(6)  # Sentinel does not fail over twice in a row

    return [
        Outage("master killed, failed over", partial(fail_over, Server.kill), repair),
        Outage("master frozen, failed over", partial(fail_over, Server.freeze), repair),
        Outage("failed over on request", partial(fail_over, request_failover), repair),
    ]


def _takes_writes(server: Server) -> bool:
    with suppress(RedisError):
        return bool(server.client.set("probe", "1"))
    return False


def _measure_delay(environ: dict[str, str], streams: Listeners, outage: Outage, first: int) -> float:
    """Return the longest delay, in seconds after the return of Redis, until a change reached every page.

    The stock is set to `first`, and one more with each change, so that no figure occurs twice.
    """
    # The streams that show a figure, and when the last of them did.
    shown: defaultdict[int, set[int]] = defaultdict(set)
    complete: dict[int, float] = {}
    with _changing_stock(environ, first) as changes, ThreadPoolExecutor(1) as pool:
        returned = pool.submit(_cause_outage, outage)
        while not returned.done() or time.perf_counter() < returned.result() + AFTERMATH:
            _record_shown(streams, shown, complete)
    deadline = time.perf_counter() + 15
    while len(complete) < len(changes) and time.perf_counter() < deadline:
        _record_shown(streams, shown, complete)
    outage.repair()
    times = [(changed, complete.get(number, inf)) for number, changed in enumerate(changes, first)]
    return max(late - max(returned.result(), changed) for changed, late in times if late > returned.result())


def _cause_outage(outage: Outage) -> float:
    """Return the time at which Redis was back."""
    time.sleep(2)
    outage.cause()
    return time.perf_counter()


def _record_shown(streams: Listeners, shown: defaultdict[int, set[int]], complete: dict[int, float]) -> None:
    for fd, text in streams.hear(0.02):
        if not text:
            raise SystemExit("a stream has ended")
        for number in map(int, re.findall(rb'"left":(\d+),', text)):
            shown[number].add(fd)
            if len(shown[number]) == STREAMS:
                complete.setdefault(number, time.perf_counter())


@contextmanager
def _changing_stock(environ: dict[str, str], first: int) -> Iterator[list[float]]:
    """Change one variant after the other, as another process of the shop; yield the time of each change."""
    app = create_app(environ, instance=Path(environ["STOREFRONT_INSTANCE_DIR"]))
    ended, changes = threading.Event(), list[float]()

    def work() -> None:
        with app.app_context():
            wanted = select(func.min(StockItem.sku)).where(StockItem.product_id <= PRODUCTS)
            skus = db.session.execute(wanted.group_by(StockItem.product_id)).scalars().all()
            db.session.remove()
            while not ended.wait(CHANGE_INTERVAL):
                number = first + len(changes)
                changes.append(time.perf_counter())
                with write_transaction() as session:
                    stock.set_on_hand(session, skus[number % PRODUCTS], number, reason="bench", actor="bench")
            db.session.remove()
            db.engine.dispose()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield changes
    finally:
        ended.set()
        thread.join()
