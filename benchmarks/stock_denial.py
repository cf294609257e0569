"""Stock denial: a hundred addresses hold what they can, without paying. How much can others still buy?

`python -m benchmarks.stock_denial` runs for ten minutes on the demo shop (MINUTES); `--orders` also places orders by
invoice. The shop runs under gunicorn behind one trusted proxy, so that each request names its address.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from http.cookies import SimpleCookie
from pathlib import Path

from benchmarks.shops import ROOT
from tests.processes import Shop, gunicorn, served

ADDRESSES = 100
THREADS = 8
DETAILS = {
    "email": "mallory@shop.example",
    "country": "US",
    "name": "M. Allory",
    "line1": "1 Kiln Row",
    "postcode": "62701",
    "city": "Springfield",
    "region": "IL",
    "delivery": "standard",
    "payment": "invoice",
}
BUYABLE = "SELECT sku, on_hand - reserved FROM stock_item WHERE tracked AND on_hand > reserved ORDER BY sku"


class Visitor:
    """A browser with cookies at an address of its own."""

    def __init__(self, shop: Shop, address: str) -> None:
        self._shop, self._address = urllib.parse.urlsplit(shop.url), address
        self._cookies: dict[str, str] = {}

    def post(self, path: str, **form: object) -> tuple[int, str, str]:
        """Send a form; return the status, where it leads, and the page."""
        return self._ask("POST", path, urllib.parse.urlencode(form))

    def get(self, path: str) -> tuple[int, str, str]:
        """Request a page."""
        return self._ask("GET", path, None)

    def forget(self) -> None:
        """Begin with a new basket."""
        self._cookies.clear()

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        headers = {
            "X-Forwarded-For": self._address,
            "Sec-Fetch-Site": "same-origin",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._shop.port, timeout=30)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie", []):
                self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            connection.close()


class Attack:
    """Threads that share a hundred addresses; each address holds, renews, and begins again with a new basket."""

    def __init__(self, shop: Shop, database: Path, *, orders: bool) -> None:
        self.seen: Counter[str] = Counter()
        self._shop, self._database, self._orders = shop, database, orders
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(turn,)) for turn in range(THREADS)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; returns when all threads have ended."""
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _run(self, turn: int) -> None:
        chance = random.Random(turn)
        visitors = [Visitor(self._shop, f"198.51.100.{n}") for n in range(turn, ADDRESSES, THREADS)]
        while not self._done.is_set():
            for visitor in visitors:
                if self._done.is_set():
                    return
                self._hold(visitor, chance)

    def _hold(self, visitor: Visitor, chance: random.Random) -> None:
        if chance.random() < 0.3:
            self.seen[f"renewed {self._outcome(visitor.post('/checkout', do='hold'))}"] += 1
            return
        visitor.forget()
        stock = buyable(self._database)
        # One variant whole, or a few units of many; the scarcest first, since they are sold out soonest.
        many = chance.random() < 0.5
        wanted = sorted(chance.sample(sorted(stock), min(40, len(stock))), key=lambda sku: stock[sku])
        for sku in wanted[: chance.choice((8, 12)) if many else 1]:
            visitor.post("/cart/lines", sku=sku, quantity=min(99, max(1, stock[sku] // (4 if many else 1))))
        place = {"place": "1"} if self._orders and chance.random() < 0.5 else {}
        self.seen[f"began {self._outcome(visitor.post('/checkout', **DETAILS, **place))}"] += 1

    @staticmethod
    def _outcome(answer: tuple[int, str, str]) -> str:
        status, location, _ = answer
        if status != 303:
            return str(status)
        if "not-held" in location:
            return "without a hold"
        return "with an order" if "/orders/" in location else "with a hold"


def buyable(database: Path) -> dict[str, int]:
    """Return how many of each variant can be bought."""
    connection = sqlite3.connect(database, timeout=30)
    try:
        return dict(connection.execute(BUYABLE).fetchall())
    finally:
        connection.close()


def probe(shop: Shop, skus: list[str]) -> int:
    """Let a new address begin to buy one unit of each variant; return how many need not hear that it is sold out."""
    found = 0
    for number, sku in enumerate(skus):
        visitor = Visitor(shop, f"203.0.113.{number % 250}")
        visitor.post("/cart/lines", sku=sku, quantity=1)
        found += visitor.post("/checkout", **DETAILS)[0] == 303
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stock_denial", description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=10.0)
    parser.add_argument("--orders", action="store_true", help="also place orders by invoice")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="storefront-denial-") as folder:
        instance = Path(folder) / "shop"
        variables = {
            "PATH": os.environ["PATH"],
            "STOREFRONT_INSTANCE_DIR": str(instance),
            "FLASK_APP": "wsgi",
        }
        subprocess.run([sys.executable, "-m", "flask", "setup"], cwd=ROOT, env=variables, check=True)
        with served(instance, *gunicorn(2), TRUSTED_PROXIES="1") as shop:
            measure(shop, instance / "storefront.sqlite3", arguments.minutes, orders=arguments.orders)


def measure(shop: Shop, database: Path, minutes: float, *, orders: bool) -> None:
    """Attack for so many minutes and print the share of the variants that stays buyable."""
    before = buyable(database)
    attack, worst, end = Attack(shop, database, orders=orders), len(before), time.monotonic() + 60 * minutes
    attack.start()
    try:
        while time.monotonic() < end:
            time.sleep(2)
            worst = min(worst, len(buyable(database)))
        bought = probe(shop, sorted(before))
    finally:
        attack.stop()
    print(f"{len(before)} variants could be bought; {ADDRESSES} addresses for {minutes:g} minutes:")
    for name, number in attack.seen.most_common():
        print(f"  {number:6} × {name}")
    print(f"in stock at the worst moment: {worst} ({worst / len(before):.1%})")
    print(f"a new address could begin to buy: {bought} ({bought / len(before):.1%})")


if __name__ == "__main__":
    main()
