"""The hub: one subscription for a process, what is known of the variants that somebody watches, and who watches."""

from __future__ import annotations

import logging
import os
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Protocol

import msgspec
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from storefront.extensions import db
from storefront.redis_roles import Role, Subscription
from storefront.stock import telling
from storefront.stock.models import StockItem
from storefront.stock.queries import Level, badge
from storefront.stock.stream import frames
from storefront.stock.stream.frames import State

log = logging.getLogger(__name__)

HEARTBEAT = 15.0  # seconds
TICK = 0.25
LIFE = 600.0  # seconds, of which a random 80 to 100 % are used
LOOK_LIVE = 30.0  # seconds between looks into the database while Redis is heard, for what may have been lost
LOOK_AWAY = 5.0  # … and while it is not
BATCH = 500
SENDS = 256  # between pauses for others


class Client(Protocol):
    """An open stream. `offer` never waits; of frames with the same key only the newest is kept."""

    address: str
    ids: tuple[int, ...]
    ends_at: float
    next_beat: float

    def offer(self, key: str, frame: bytes) -> None:
        """Send a frame, or keep it until the client reads."""

    def end(self, frame: bytes) -> None:
        """Send a last frame and close."""


class Hub:
    """The streams of one process.

    Args:
        app: whose database and settings are used.

    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._display = app.config["STOCK_DISPLAY"]
        self._latest: dict[str, State] = {}
        self._skus: dict[int, set[str]] = {}
        self._watchers: defaultdict[int, set[Client]] = defaultdict(set)
        self._clients: set[Client] = set()
        self._lock = threading.RLock()
        self._by_address: Counter[str] = Counter()
        self._look = threading.Event()
        self._pid = 0
        self._live = False
        self.counts: Counter[str] = Counter()

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._clients)

    def full(self, address: str) -> bool:
        """Return whether this process, or this address, has as many streams as it may."""
        config = self._app.config
        return bool(
            self.streams >= config["STREAMS"] or self._by_address[address] >= config["STREAMS_PER_ADDRESS"]
        )

    def start(self) -> None:
        """Begin to listen, in this process; does nothing if it does so already."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
        channel, _ = telling.names(self._app)
        self._heard = Subscription(
            Role.STOCK, [channel], on_message=self._hear, on_subscribed=self._resync, on_lost=self._lose
        )
        self._heard.start()
        for work in (self._beat, self._watch):
            threading.Thread(target=work, name=f"stock-{work.__name__}", daemon=True).start()

    def attach(self, client: Client) -> bytes:
        """Register a stream, and return its first frames: registered first, so nothing falls between."""
        now = time.monotonic()
        client.ends_at = now + LIFE * random.uniform(0.8, 1)  # noqa: S311
        client.next_beat = now + HEARTBEAT
        with self._lock:
            self._clients.add(client)
            self._by_address[client.address] += 1
            for product_id in client.ids:
                self._watchers[product_id].add(client)
        return frames.retry(2000, 5000) + self.snapshot(client.ids)

    def detach(self, client: Client) -> None:
        """Forget a stream, and what nobody watches any more."""
        with self._lock:
            if client not in self._clients:
                return
            self._clients.discard(client)
            self._by_address[client.address] -= 1
            if not self._by_address[client.address]:
                del self._by_address[client.address]
            for product_id in client.ids:
                watching = self._watchers.get(product_id)
                if watching is None:
                    continue
                watching.discard(client)
                if not watching:
                    del self._watchers[product_id]
                    for sku in self._skus.pop(product_id, ()):
                        self._latest.pop(sku, None)

    def snapshot(self, ids: Iterable[int]) -> bytes:
        """Return everything that is known of these products: from memory, else from the database."""
        wanted = list(ids)
        missing = [product_id for product_id in wanted if product_id not in self._skus]
        states: dict[str, State] = {}
        if missing:
            states = {state.sku: state for state in self._read(missing)}
            with self._lock:
                for state in states.values():
                    if state.product_id in self._watchers:
                        self._learn(state)
        for product_id in wanted:
            for sku in tuple(self._skus.get(product_id, ())):
                if (held := self._latest.get(sku)) is not None:
                    states[sku] = held
        there = {state.product_id for state in states.values()}
        unknown = [product_id for product_id in wanted if product_id not in there]
        return frames.snapshot(states.values(), unknown, live=self._live)

    def close(self) -> int:
        """End every stream, each told to come back at a different moment; return how many there were."""
        clients = tuple(self._clients)
        for client in clients:
            client.end(frames.farewell())
        return len(clients)

    def _hear(self, _channel: str, data: bytes) -> None:
        told = msgspec.json.decode(data)
        self.counts["heard"] += 1
        level = Level(told["sku_stock"], 0)
        low = told["band"] == "low"
        shown = self._display == "exact" or (self._display == "low" and low)
        left = level.available if shown or (self._display == "low" and told["band"] == "out") else None
        if self._display == "band":
            left = None
        self._tell(State(told["product_id"], told["sku"], told["band"], left, told["version"]))

    def _tell(self, state: State) -> None:
        """Pass a change on to whoever watches, if it is news and can be seen."""
        with self._lock:
            before = self._latest.get(state.sku)
            if state.product_id not in self._watchers or (before and before.version >= state.version):
                return
            self._learn(state)
            if before and (before.band, before.left) == (state.band, state.left):
                return
            clients = tuple(self._watchers[state.product_id])
        frame = frames.stock(state)
        for place, client in enumerate(clients, 1):
            client.offer(state.sku, frame)
            if place % SENDS == 0:
                time.sleep(0)  # others may run
        self.counts["sent"] += len(clients)

    def _learn(self, state: State) -> None:
        known = self._latest.get(state.sku)
        if known is None or known.version < state.version:
            self._latest[state.sku] = state
        self._skus.setdefault(state.product_id, set()).add(state.sku)

    def _read(self, ids: Iterable[int]) -> list[State]:
        """Return the variants of products as the database has them; the connection is given back at once."""
        with self._app.app_context():
            rows = (
                db.session.execute(select(StockItem).where(StockItem.product_id.in_(list(ids))))
                .scalars()
                .all()
            )
            found = []
            for row in rows:
                level = Level(row.available if row.tracked else None, row.low_threshold)
                said = badge(level, self._display)
                left = 0 if said.band == "out" and self._display != "band" else said.left
                found.append(State(row.product_id, row.sku, said.band, left, row.version))
            db.session.remove()
        return found

    def _resync(self) -> None:
        # What was published before this moment may have been missed.
        self._look.set()

    def _lose(self) -> None:
        self._say(live=False)

    def _say(self, *, live: bool) -> None:
        if self._live == live:
            return
        self._live = live
        for client in tuple(self._clients):
            client.offer("", frames.LIVE[live])

    def _watch(self) -> None:
        """Look into the database for what is watched: at once after a (new) subscription, and now and then."""
        while True:
            resync = self._look.wait(LOOK_LIVE if self._live else LOOK_AWAY)
            self._look.clear()
            try:
                watched = list(self._watchers)
                for start in range(0, len(watched), BATCH):
                    for state in self._read(watched[start : start + BATCH]):
                        self._tell(state)
                if resync or self._heard.trusted:
                    self._say(live=True)
            except SQLAlchemyError as error:
                log.warning("stock cannot be looked up for open pages: %s", error)
                time.sleep(1)
                if resync:
                    self._look.set()

    def _beat(self) -> None:
        """Send heartbeats and end what has lived long enough, spread over time."""
        while True:
            time.sleep(TICK)
            now = time.monotonic()
            for place, client in enumerate(tuple(self._clients), 1):
                if now >= client.ends_at:
                    client.end(frames.farewell())
                elif now >= client.next_beat:
                    client.next_beat = now + HEARTBEAT
                    client.offer("heartbeat", frames.HEARTBEAT)
                if place % SENDS == 0:
                    time.sleep(0)  # others may run
