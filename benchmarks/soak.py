"""`make soak`: a mixed load for half an hour (MINUTES); memory must not grow and no request may fail."""

from __future__ import annotations

import os
import random
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil

from benchmarks import servers, shops
from tests.chaos.shoppers import Ask, plain
from tests.deploy.replicated import role
from tests.processes import Shop, filled, gunicorn, served
from tests.redis_roles.servers import Server

SHOPPERS = 6
ROWS = 10
# Memory may grow by this share between the end of the first fifth, when caches are filled, and the end.
GROWTH = 0.10
WORDS = ("tea", "cup", "green", "linen", "pot", "glaze")


class Soak:
    """The shoppers' threads and their results."""

    def __init__(self, shop: Shop, ask: Ask, products: dict[str, str]) -> None:
        self.shop, self._ask, self._products = shop, ask, products
        self.seen: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()
        self.done = threading.Event()

    def go_round(self, seed: int) -> None:
        """View pages, search, add to a basket and view it until the time is over."""
        chance, cookie = random.Random(seed), ""
        while not self.done.is_set():
            address, sku = chance.choice(list(self._products.items()))
            number = chance.randrange(1, 9)
            self.get(address)
            self.get(f"/products?page={number}&sort={chance.choice(('price', '-price', 'name', 'new'))}")
            self.get(f"/products?q={chance.choice(WORDS)}+{chance.choice(WORDS)}")
            self.get("/me", Cookie=cookie)
            form = urllib.parse.urlencode({"sku": sku, "quantity": 1}).encode()
            if chance.random() < 0.2:
                said = self.ask(
                    "/cart/lines",
                    method="POST",
                    body=form,
                    Cookie=cookie,
                    Sec_Fetch_Site="same-origin",
                    Content_Type="application/x-www-form-urlencoded",
                    expected=(303, 422),
                )
                cookie = said or cookie
            if chance.random() < 0.02:
                cookie = ""

    def change_stock(self) -> None:
        """Set the stock of a variant every few seconds, like a merchant."""
        chance = random.Random(0)
        while not self.done.wait(5):
            sku = chance.choice(list(self._products.values()))
            ran = self.shop.flask("stock", "set", sku, str(chance.randrange(200)), "--reason", "soak")
            self.seen["flask stock set"] += 1
            self.failed["flask stock set"] += ran.returncode != 0

    def get(self, path: str, **headers: str) -> None:
        """Request a page that must exist."""
        self.ask(path, expected=(200,), **headers)

    def ask(self, path: str, *, expected: tuple[int, ...], **how: object) -> str:
        """Send a request, count it, and return the basket's cookie if the response sets one."""
        what = f"/{path.split('/')[1].split('?')[0]}"
        self.seen[what] += 1
        try:
            answer = self._ask(path, **how)
        except OSError as error:
            self.failed[f"{what}: {type(error).__name__}"] += 1
            return ""
        if answer.status not in expected:
            self.failed[f"{what}: {answer.status}"] += 1
        return answer.headers.get("set-cookie", "").partition(";")[0]


def main() -> None:
    """Print a line for each tenth of the time; exit with status 1 if a request failed or memory grew."""
    servers.unwind_when_ended()
    text = os.environ.get("MINUTES") or "30"
    if not (text.isascii() and text.replace(".", "", 1).isdigit()) or not 0.5 <= float(text) <= 1440:
        raise SystemExit(f"MINUTES is {text!r}; it must be a number from 0.5 to 1440.")
    seconds = float(text) * 60
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storefront-soak-")))
        redis = stack.enter_context(role("cache", folder, "--maxmemory", "64mb"))
        settings = {
            "DATABASE_URL": f"sqlite:///{folder / 'shop.sqlite3'}",
            "REDIS_URL": redis.url,
            "STOREFRONT_LIMITS": "off",
            "STOREFRONT_CACHE_LOCAL_MB": "4",
        }
        products = filled(folder / "instance", 1000, **settings)
        shop = stack.enter_context(served(folder / "instance", *gunicorn(2), **settings))
        soak = Soak(shop, plain(shop), products)
        threads = [threading.Thread(target=soak.go_round, args=(seed,)) for seed in range(SHOPPERS)]
        threads.append(threading.Thread(target=soak.change_stock))
        for thread in threads:
            thread.start()
        try:
            memory = _watch(soak, redis, seconds)
        finally:
            soak.done.set()
            for thread in threads:
                thread.join()
    grown = memory[-1] / memory[ROWS // 5] - 1
    print(
        f"\n{sum(soak.seen.values()):,} requests, {sum(soak.failed.values())} failed {dict(+soak.failed)}; "
        f"memory of the workers {grown:+.1%} after the first fifth"
    )
    sys.exit(bool(+soak.failed) or grown > GROWTH)


def _watch(soak: Soak, redis: Server, seconds: float) -> list[float]:
    rows, memory, before, began = [], [], 0, time.monotonic()
    for row in range(ROWS + 1):
        time.sleep(max(0.0, began + row * seconds / ROWS - time.monotonic()))
        total = sum(soak.seen.values())
        memory.append(_workers(soak.shop))
        rate = (total - before) / (seconds / ROWS) if row else 0.0
        rows.append(
            [
                f"{row * seconds / ROWS / 60:.1f}",
                f"{total:,}",
                f"{rate:.0f}",
                str(sum(soak.failed.values())),
                f"{memory[-1]:.1f}",
                f"{redis.client.info('memory')['used_memory'] / 1e6:.1f}",
            ]
        )
        before = total
    shops.table(
        "A mixed load on two workers",
        ["minute", "requests", "requests/s", "failed", "workers MB", "Redis MB"],
        rows,
    )
    return memory


def _workers(shop: Shop) -> float:
    total = 0
    for child in psutil.Process(shop.process.pid).children():
        with suppress(psutil.Error):
            total += child.memory_full_info().uss
    return total / 1e6


if __name__ == "__main__":
    main()
