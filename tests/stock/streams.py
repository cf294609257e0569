"""Streams of a running shop, read event by event."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil
from flask import Flask

from storefront import outbox, stock
from storefront.app import create_app
from storefront.extensions import write_transaction
from storefront.outbox.registry import registry
from tests.processes import ROOT, Shop, filled, served

METRICS_TOKEN = "a-token-of-good-length"
GUNICORN = (
    *(str(ROOT / ".venv/bin/gunicorn"), "--config", "deploy/gunicorn.conf.py"),
    *("--bind", "127.0.0.1:{port}", "--workers", "1", "wsgi:app"),
)


@contextmanager
def small_shop(folder: Path, **environ: str) -> Iterator[Shop]:
    """Run a shop of 100 generated products without pictures behind one gevent worker, until the block ends."""
    instance = folder / "instance"
    environ["STOREFRONT_METRICS_TOKEN"] = METRICS_TOKEN
    filled(instance, 100, **environ)
    with served(instance, *GUNICORN, STOREFRONT_LIMITS="off", **environ) as shop:
        yield shop


class Stream:
    """An open stream, read event by event. A read that takes 30 s fails.

    Args:
        shop: the shop that serves it.
        ids: the products.
        query: the query string, instead of `ids`.
        sender: the client address that a proxy would pass on.

    """

    def __init__(self, shop: Shop, *ids: int, query: str | None = None, sender: str = "") -> None:
        address = urlsplit(shop.url)
        self.socket = socket.create_connection((address.hostname, address.port or 80), timeout=30)
        query = query if query is not None else "&".join(f"product={number}" for number in ids)
        head = f"GET /stock/stream?{query} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        head += f"X-Forwarded-For: {sender}\r\n\r\n" if sender else "\r\n"
        self.socket.sendall(head.encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        self.headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            self.headers[name] = value

    def next(self, wanted: str, *, before: str = "") -> Any:
        """Return the data of the next event of this name, skipping others; for `retry`, the milliseconds.

        If `before` is given, the event must come before the second event of that name.
        """
        name, seen = "", 0
        while line := self.file.readline():
            field, _, value = line.decode().rstrip("\n").partition(": ")
            if field == wanted == "retry":
                return int(value)
            if field == "event":
                name, seen = value, seen + (value == before)
                assert seen < 2, f"two of {before} came before {wanted}"
            elif field == "data" and name == wanted:
                return json.loads(value)
        raise EOFError(f"the stream ended before {wanted}")

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def set_stock(shop: Shop, sku: str, number: int, *, published: bool = True) -> None:
    """Set what is on hand as another process of the shop does. Without `published` the message is lost."""
    app = writer_app(shop)
    handlers = registry.get(app).handlers
    deliver = handlers["stock.changed"]
    with app.app_context():
        try:
            handlers["stock.changed"] = deliver if published else lambda _events: None
            with write_transaction() as session:
                stock.set_on_hand(session, sku, number, reason="test", actor="test")
            outbox.deliver_overdue()  # deletes the delivered row before another process finds it
        finally:
            handlers["stock.changed"] = deliver


def run_command(shop: Shop, *arguments: str) -> str:
    """Run a flask command on the data of a served shop in this process; return what it prints. Fail if it fails."""
    done = writer_app(shop).test_cli_runner().invoke(args=arguments)
    assert done.exit_code == 0, done.output
    return done.output


def import_products(shop: Shop, *rows: str) -> None:
    """Import these rows of a CSV file into a served shop. The first has the names of the columns."""
    file = shop.instance / "import.csv"
    file.write_text("\n".join([*rows, ""]))
    run_command(shop, "catalog", "import", str(file))


def writer_app(shop: Shop) -> Flask:
    """Return an application on the data of a served shop, as another process of the shop has it."""
    return _writer_app(shop.instance, *shop.environ.items())


@lru_cache(maxsize=1)
def _writer_app(instance: Path, *environ: tuple[str, str]) -> Flask:
    app = create_app(dict(environ), instance=instance)
    app.testing = True  # an import would lower the priority of this process
    return app


def worker_of(shop: Shop) -> psutil.Process:
    """Return the shop's only worker."""
    (worker,) = psutil.Process(shop.process.pid).children()
    return worker


def open_streams(shop: Shop) -> float:
    return metric(shop, "storefront_stock_streams")


def metric(shop: Shop, name: str) -> float:
    """Return a metric's value, summed over its labels."""
    about = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    with urlopen(Request(f"{shop.url}/metrics", headers=about)) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))
