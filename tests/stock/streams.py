"""Open streams of a shop that is being served, read event by event."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil
from flask import Flask

from storefront import outbox, stock
from storefront.app import create_app
from storefront.extensions import write_transaction
from storefront.outbox.registry import registry
from tests.processes import ROOT, Shop, served

GUNICORN = (
    *(str(ROOT / ".venv/bin/gunicorn"), "--config", "deploy/gunicorn.conf.py"),
    *("--bind", "127.0.0.1:{port}", "--workers", "1", "wsgi:app"),
)


@contextmanager
def generated(folder: Path, **environ: str) -> Iterator[Shop]:
    """A shop of 100 generated products without pictures, behind one gevent worker, until the block ends."""
    instance = folder / "instance"
    settings = os.environ | {"STOREFRONT_INSTANCE_DIR": str(instance), "FLASK_APP": "wsgi", **environ}
    for command in (["setup", "--no-demo"], ["demo", "--products", "100", "--seed", "1", "--no-pictures"]):
        words = [sys.executable, "-m", "flask", *command]
        subprocess.run(words, cwd=ROOT, env=settings, check=True, capture_output=True)
    with served(instance, *GUNICORN, STOREFRONT_LIMITS="off", **environ) as shop:
        yield shop


class Stream:
    """An open stream, read event by event; a read that takes half a minute fails.

    Args:
        shop: serves it.
        ids: the products.
        query: instead of these.
        sender: whose connection a proxy passes on.

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
        """Return the data of the next event of this name; heartbeats and others are passed over.

        It has to come before the second event of the name that is given, if one is.
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


def put(shop: Shop, sku: str, number: int, *, told: bool = True) -> None:
    """Set what is on hand as another process of the shop does; if it is not told, the message is lost on its way."""
    app = _process(shop.instance, *shop.environ.items())
    handlers = registry.get(app).handlers
    deliver = handlers["stock.changed"]
    with app.app_context():
        try:
            handlers["stock.changed"] = deliver if told else lambda _events: None
            with write_transaction() as session:
                stock.set_on_hand(session, sku, number, reason="test", actor="test")
            outbox.deliver_overdue()  # or rather: delete what was delivered, before another process finds it
        finally:
            handlers["stock.changed"] = deliver


@lru_cache(maxsize=1)
def _process(instance: Path, *environ: tuple[str, str]) -> Flask:
    return create_app(dict(environ), instance=instance)


def worker_of(shop: Shop) -> psutil.Process:
    """Return the worker; there is one."""
    (worker,) = psutil.Process(shop.process.pid).children()
    return worker


def open_streams(shop: Shop) -> float:
    return metric(shop, "storefront_stock_streams")


def metric(shop: Shop, name: str) -> float:
    """Return the sum over a metric's labels."""
    with urlopen(f"{shop.url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))
