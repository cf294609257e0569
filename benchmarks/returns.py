"""Redis goes and comes back while stock changes all the time: how long open pages are behind after its return."""

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
EVERY = 0.2  # seconds between changes
AFTER = 8.0  # seconds for which stock goes on changing after the return

Harm = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to lose Redis: `harm` returns when it is back and takes writes; `mend` makes it ready again."""

    name: str
    harm: Harm
    mend: Harm


def rows(environ: dict[str, str]) -> Iterator[list[str]]:
    """Yield a row for each way to lose Redis."""
    exact = environ | {"STOREFRONT_STOCK_DISPLAY": "exact"}
    with tempfile.TemporaryDirectory(prefix="storefront-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        one = stack.enter_context(redis_server(folder))
        many = stack.enter_context(replicated(folder, "state"))
        firsts = itertools.count(1000, 1000)
        for url, ways in ((one.url, _alone(one)), (many.url("state"), _replicated(many))):
            own = exact | {"REDIS_URL": url}
            with servers.server(SHOP, own) as shop, listening(shop) as streams:
                streams.open(["&".join(f"product={one + 1}" for one in range(PRODUCTS))] * STREAMS)
                for way in ways:
                    behind = [_behind(own, streams, way, next(firsts)) for _ in range(ROUNDS)]
                    said = f"{max(behind):.2f} s ({', '.join(f'{each:.2f}' for each in behind)})"
                    yield [f"Redis {way.name}: after its return pages are behind for, at most", said]


def _alone(redis: Server) -> list[Way]:
    def away(go: Harm, come: Harm) -> None:
        go()
        time.sleep(random.uniform(4, 7))
        come()

    return [
        Way("killed", partial(away, redis.kill, redis.start), lambda: None),
        Way("frozen", partial(away, redis.freeze, redis.thaw), lambda: None),
    ]


def _replicated(servers: Replicated) -> list[Way]:
    def failed_over(go: Callable[[Server], None]) -> None:
        former = servers.master("state")
        go(former)
        while (now := servers.master("state")) is former or not _takes_writes(now):
            time.sleep(0.01)

    def asked_to(_: Server) -> None:
        servers.sentinels[0].client.sentinel_failover("state")

    def mend() -> None:
        for one in servers.servers["state"]:
            one.start() if one.process is None else one.thaw()
        master = servers.master("state")
        assert eventually(
            lambda: master.client.info("replication")["min_slaves_good_slaves"] == 2, seconds=60
        )
        time.sleep(6)  # sentinels do not elect twice in a row

    return [
        Way("master killed, failed over", partial(failed_over, Server.kill), mend),
        Way("master frozen, failed over", partial(failed_over, Server.freeze), mend),
        Way("failed over as asked", partial(failed_over, asked_to), mend),
    ]


def _takes_writes(server: Server) -> bool:
    with suppress(RedisError):
        return bool(server.client.set("probe", "1"))
    return False


def _behind(environ: dict[str, str], streams: Listeners, way: Way, first: int) -> float:
    """Return for how many seconds, after Redis was back, a change was not told to every page.

    Stock becomes `first`, and one more with each change: no number comes twice.
    """
    shown: defaultdict[int, set[int]] = defaultdict(set)  # which streams show a number
    told: dict[int, float] = {}  # when the last of them did
    with _changing(environ, first) as changes, ThreadPoolExecutor(1) as pool:
        returned = pool.submit(_harmed, way)
        while not returned.done() or time.perf_counter() < returned.result() + AFTER:
            _note(streams, shown, told)
    deadline = time.perf_counter() + 15
    while len(told) < len(changes) and time.perf_counter() < deadline:
        _note(streams, shown, told)
    way.mend()
    moments = [(changed, told.get(number, inf)) for number, changed in enumerate(changes, first)]
    return max(
        late - max(returned.result(), changed) for changed, late in moments if late > returned.result()
    )


def _harmed(way: Way) -> float:
    """Return the moment when Redis was back."""
    time.sleep(2)
    way.harm()
    return time.perf_counter()


def _note(streams: Listeners, shown: defaultdict[int, set[int]], told: dict[int, float]) -> None:
    for fd, said in streams.hear(0.02):
        if not said:
            raise SystemExit("a stream has ended")
        for number in map(int, re.findall(rb'"left":(\d+),', said)):
            shown[number].add(fd)
            if len(shown[number]) == STREAMS:
                told.setdefault(number, time.perf_counter())


@contextmanager
def _changing(environ: dict[str, str], first: int) -> Iterator[list[float]]:
    """Change one variant after the other, as another process of the shop does; and say when each change began."""
    app = create_app(environ, instance=Path(environ["STOREFRONT_INSTANCE_DIR"]))
    ended, changes = threading.Event(), list[float]()

    def work() -> None:
        with app.app_context():
            wanted = select(func.min(StockItem.sku)).where(StockItem.product_id <= PRODUCTS)
            skus = db.session.execute(wanted.group_by(StockItem.product_id)).scalars().all()
            db.session.remove()
            while not ended.wait(EVERY):
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
