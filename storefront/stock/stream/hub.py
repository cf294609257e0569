"""The hub: one subscription for a process, what is known of the variants that somebody watches, and who watches."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence

import msgspec
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from storefront.redis_roles import Role, Subscription
from storefront.stock import publisher
from storefront.stock.stream import frames
from storefront.stock.stream.frames import State
from storefront.stock.stream.last_states import Known
from storefront.stock.stream.rounds import Rounds
from storefront.stock.stream.subscribers import Client, Clients

log = logging.getLogger(__name__)

SENDS = 256  # between pauses for others
LONGEST_PAUSE = 1.25  # seconds between attempts to hear Redis: 2 s after its return all pages are right
DELAYS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)  # seconds: bounds for /metrics


class Hub:
    """The streams of one process.

    Args:
        app: whose database and settings are used.

    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._known = Known(app)
        self._clients = Clients()
        self._lock = threading.RLock()
        self._rounds = Rounds(self)
        self._pid = 0
        self._heard: Subscription | None = None
        self._closing = False
        self.live = False
        self.counts: Counter[str] = Counter()
        self.delays: Counter[float] = Counter()

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._clients)

    @property
    def heard(self) -> bool:
        """Whether Redis is heard."""
        return self._heard is not None and self._heard.trusted

    def start(self) -> None:
        """Begin to listen, in this process; does nothing if it does so already."""
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
        channel, _ = publisher.names(self._app)
        self._heard = Subscription(
            Role.STOCK, [channel], on_message=self.hear, on_subscribed=self._rounds.look_now,
            on_lost=lambda: self.say(live=False), longest_pause=LONGEST_PAUSE,
        )  # fmt: skip
        self._heard.start()
        self._rounds.start()

    def refuses(self, address: str) -> bytes | None:
        """Return when to come back, if this process is ending or has as many streams as it, or an address, may."""
        if self._closing:
            return frames.soon()
        config = self._app.config
        if self.streams >= config["STREAMS"] or self._clients.of(address) >= config["STREAMS_PER_ADDRESS"]:
            return frames.later()
        return None

    def attach(self, client: Client) -> bytes:
        """Register a stream, and return its first frames: registered first, so nothing falls between.

        It is ended if the database is away: told to come back, as EventSource does after no other answer than 200.
        """
        with self._lock:
            self._clients.add(client)
        try:
            return frames.begin() + self.snapshot(client.ids)
        except SQLAlchemyError as error:
            log.warning("stock cannot be looked up for a page that opens: %s", error)
            client.end(frames.farewell())
            return b""

    def detach(self, client: Client) -> None:
        """Forget a stream, and what nobody watches any more."""
        with self._lock:
            for product_id in self._clients.remove(client):
                self._known.forget(product_id)

    def snapshot(self, ids: Collection[int]) -> bytes:
        """Return everything that is known of these products: from memory, else from the database."""
        missing = [product_id for product_id in ids if product_id not in self._known]
        states = {state.sku: state for state in self._known.read(missing)} if missing else {}
        for state in states.values():
            # Another stream may have been told something older in the same moment.
            self.tell(state, first=True)
        with self._lock:
            states |= {state.sku: state for state in self._known.of(ids)}
        there = {state.product_id for state in states.values()}
        unknown = [product_id for product_id in ids if product_id not in there]
        return frames.snapshot(states.values(), unknown, live=self.live)

    def hear(self, channel: str, message: bytes) -> None:
        """Take what Redis tells."""
        began = time.monotonic()
        self.counts["heard"] += 1
        try:
            state = self._known.decode(message)
        except msgspec.MsgspecError as error:
            log.warning("what was published on %s is no stock event: %s", channel, error)
            return
        if self.tell(state):
            took = time.monotonic() - began
            self.delays[next((bound for bound in DELAYS if took <= bound), float("inf"))] += 1

    def tell(self, state: State, *, first: bool = False) -> bool:
        """Pass a change on to whoever watches, if it is news and can be seen; return whether it was.

        What nobody could have been told yet is only kept, if it is `first`: snapshots tell it.
        """
        with self._lock:
            if state.product_id not in self._clients.watched:
                return False
            known = self._known.has(state.sku)
            if not self._known.learn(state) or (first and not known):
                return False
            clients = tuple(self._clients.watching(state.product_id))
        sent = self._send(clients, state.sku, frames.stock(state), lambda: self._known.is_last_told(state))
        self.counts["sent"] += sent
        return True

    def say(self, *, live: bool) -> None:
        """Tell every page whether changes are told at once."""
        with self._lock:
            if self.live == live:
                return
            self.live = live
            clients = tuple(self._clients)
        self._send(clients, "", frames.LIVE[live], lambda: self.live == live)

    def look(self, most: int) -> None:
        """Look up everything that is watched in the database, so many products at a time, and tell what is news."""
        with self._lock:
            watched = list(self._clients.watched)
        for start in range(0, len(watched), most):
            for state in self._known.read(watched[start : start + most]):
                self.tell(state)

    def beat(self) -> None:
        """Send heartbeats, end what has lived long enough, and drop who does not read."""
        with self._lock:
            due = self._clients.turn()
        for client in due:
            client.beats -= 1
            if client.stuck:
                self.counts["dropped"] += 1
                client.end(b"")
                self.detach(client)
            elif client.beats <= 0:
                client.end(frames.farewell())
            else:
                client.offer(frames.HEARTBEAT_KEY, frames.HEARTBEAT)

    def close(self) -> int:
        """Take no more streams and end every one, each told to come back at a different moment; return how many."""
        self._closing = True
        with self._lock:
            clients = tuple(self._clients)
        for start in range(0, len(clients), SENDS):
            for client in clients[start : start + SENDS]:
                client.end(frames.farewell())
            time.sleep(0)
        return len(clients)

    def _send(self, clients: Sequence[Client], key: str, frame: bytes, holds: Callable[[], bool]) -> int:
        """Offer a frame to all, and return to how many: not to all when it no longer holds, others tell what does."""
        for start in range(0, len(clients), SENDS):
            if start:
                time.sleep(0)  # others may run
            with self._lock:
                if not holds():
                    return start
                for client in clients[start : start + SENDS]:
                    client.offer(key, frame)
        return len(clients)
