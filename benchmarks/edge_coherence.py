"""How long an edge still answers the old page after a commit: with everything healthy, and after it was away.

The commit's process sends the purge. It reaches Varnish through a small proxy, which can be closed: the edge is then
away for purges, and goes on answering visitors with what it has.
"""

from __future__ import annotations

import itertools
import select
import socket
import statistics
import tempfile
import threading
import time
import urllib.request
from contextlib import ExitStack, suppress
from pathlib import Path

from sqlalchemy import select as sql

from benchmarks import shops
from storefront import periodic
from storefront.app import create_app
from storefront.catalog.models import Product, Variant
from storefront.cdn import sender
from storefront.extensions import db, write_transaction
from tests.cdn.varnish import TOKEN, varnish
from tests.processes import filled, free_port, gunicorn, served

ROUNDS, ABSENCES, AWAY = 200, 10, 3.0  # commits, absences, seconds


class _Door:
    """A TCP proxy on a port of its own that can be closed."""

    def __init__(self, port: int, target: int) -> None:
        self._port, self._target = port, target
        self._listener: socket.socket | None = None

    def open(self) -> None:
        """Accept connections."""
        self._listener = socket.create_server(("127.0.0.1", self._port), backlog=64)
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Refuse connections."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._forward, args=(client,), daemon=True).start()

    def _forward(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    if not (data := ready.recv(65536)):
                        return
                    (server if ready is client else client).sendall(data)


def run() -> None:
    """Change a price repeatedly and print how long Varnish answers the old page."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port, door = free_port(), free_port()
        settings = {
            "STOREFRONT_EDGE": "varnish",
            "STOREFRONT_EDGE_URL": f"http://127.0.0.1:{door}",
            "STOREFRONT_EDGE_TOKEN": TOKEN,
            "STOREFRONT_LIMITS": "off",
        }
        path = next(iter(filled(folder / "shop", 30, **settings)))
        shop = stack.enter_context(served(folder / "shop", *gunicorn(2), **settings))
        edge = stack.enter_context(varnish(folder, int(shop.url.rpartition(":")[2]), port))
        way = _Door(door, port)
        way.open()
        stack.callback(way.close)
        app = create_app(shop.environ, instance=folder / "shop")
        stack.enter_context(app.app_context())
        periodic.start_tasks(app, sender.TASK)
        stack.callback(periodic.stop_tasks, app, sender.TASK)
        prices, url = itertools.count(1001), edge.url + path
        healthy = [_measure(path, url, next(prices)) for _ in range(ROUNDS)]
        away = [_measure(path, url, next(prices), way) for _ in range(ABSENCES)]
    shops.table(
        f"Until Varnish answers the new page, ms ({ROUNDS} commits, {ABSENCES} absences of {AWAY:g} s)",
        ["", "median", "P99", "longest"],
        [_row("after a commit", healthy), _row("after the edge is back", away)],
    )


def _row(title: str, seconds: list[float]) -> list[str]:
    figures = (statistics.median(seconds), statistics.quantiles(seconds, n=100)[98], max(seconds))
    return [title, *(f"{1e3 * figure:.0f}" for figure in figures)]


def _measure(path: str, url: str, price: int, way: _Door | None = None) -> float:
    """Commit a price; return the seconds until the edge answers it, counted from the commit or from its return."""
    _read(url)
    if way is not None:
        way.close()
    slug = path.rpartition("/")[2]
    with write_transaction() as session:
        product = session.scalars(sql(Product).where(Product.slug == slug)).one()
        for variant in session.scalars(sql(Variant).where(Variant.product_id == product.id)):
            variant.price = price
    began = time.monotonic()
    db.session.rollback()
    if way is not None:
        time.sleep(AWAY)
        way.open()
        began = time.monotonic()
    wanted = f"{price / 100:.2f}"
    while wanted not in _read(url):
        if time.monotonic() > began + 60:
            raise SystemExit("the edge still answers the old page after a minute")
    return time.monotonic() - began


def _read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return str(answer.read().decode())
