"""The hub: whatever messages are lost, late or doubled, every open page ends up with the database's values."""

from __future__ import annotations

import random
import time
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from storefront import stock
from storefront.catalog.models import Product
from storefront.extensions import db, write_transaction
from storefront.live import Hub
from storefront.live import hub as hub_module
from storefront.outbox.registry import registry
from storefront.stock import StockItem
from storefront.stock.stream import StockSource
from tests.factories import make_product

pytestmark = pytest.mark.any_database


class Browser:
    """An open page: keeps the newest version of each variant, as the badge element does.

    While it does not read, frames wait as they do in a stream: the newest of each key.
    """

    def __init__(self, ids: tuple[int, ...]) -> None:
        self.topics, self.address, self.slot, self.heartbeats_left, self.stuck = ids, "test", 0, 0, False
        self.badges: dict[str, tuple[int, str, int | None]] = {}
        self.unknown: list[int] = []
        self.mail: dict[str, bytes] | None = None

    def open(self, hub: Hub) -> Browser:
        self.mail = {}
        first = hub.attach(self)
        self.take(first)
        self.read()
        return self

    def read(self) -> None:
        mail, self.mail = self.mail or {}, None
        for frame in mail.values():
            self.take(frame)

    def offer(self, key: str, frame: bytes) -> None:
        if self.mail is None:
            self.take(frame)
        else:
            self.mail[key] = frame

    def end(self, frame: bytes) -> None:
        self.take(frame)

    def take(self, frames: bytes) -> None:
        for block in frames.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "data" not in fields:
                continue
            data = msgspec.json.decode(fields["data"])
            self.unknown += data.get("unknown", [])
            for item in data.get("items", [data] if "sku" in data else []):
                if item["version"] > self.badges.get(item["sku"], (0,))[0]:
                    self.badges[item["sku"]] = (item["version"], item["band"], item["left"])

    @property
    def shown(self) -> dict[str, tuple[str, int | None]]:
        return {sku: (band, left) for sku, (_, band, left) in self.badges.items()}


def database_state() -> dict[str, tuple[str, int | None]]:
    db.session.rollback()
    found = {}
    for row in db.session.execute(select(StockItem)).scalars():
        band = "out" if row.available <= 0 else "low" if row.available <= row.low_threshold else "in"
        found[row.sku] = (band, None if band == "in" else max(0, row.available))
    return found


def set_stock(sku: str, number: int) -> None:
    with write_transaction() as session:
        stock.set_on_hand(session, sku, number, reason="test", actor="test")


@pytest.fixture
def in_flight(app: Flask) -> list[bytes]:
    """The messages of the test's changes, which the test delivers itself."""
    kept: list[bytes] = []
    registry.get(app).handlers["stock.changed"] = lambda events: kept.extend(
        msgspec.json.encode(event) for event in events
    )
    return kept


def test_a_hidden_product_is_not_told_until_it_is_shown(app: Flask, in_flight: list[bytes]) -> None:
    hub = Hub(app, StockSource(app))
    product = make_product(status="draft", variants=[{"sku": "NEW"}])
    browser = Browser((product.id,)).open(hub)
    set_stock("NEW", 3)
    hub.receive("stock:updates", in_flight.pop())
    hub.poll(100)
    assert (browser.unknown, browser.badges) == ([product.id], {})

    show(product.id, "active")
    set_stock("NEW", 2)
    hub.receive("stock:updates", in_flight.pop())
    assert browser.badges == {}
    hub.poll(100)
    assert browser.shown == {"NEW": ("low", 2)}
    set_stock("NEW", 1)
    hub.receive("stock:updates", in_flight.pop())
    assert browser.shown == {"NEW": ("low", 1)}

    show(product.id, "archived")
    hub.poll(100)
    set_stock("NEW", 0)
    hub.receive("stock:updates", in_flight.pop())
    assert browser.shown == {"NEW": ("low", 1)}
    assert Browser((product.id,)).open(hub).unknown == [product.id]


def show(product_id: int, status: str) -> None:
    with write_transaction() as session:
        session.get_one(Product, product_id).status = status


@pytest.mark.parametrize("seed", range(20))
def test_badges_end_as_the_database_whatever_is_lost(
    app: Flask, in_flight: list[bytes], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    dice, hub = random.Random(seed), Hub(app, StockSource(app))
    product = make_product(variants=[{"sku": f"V{n}", "option1": str(n)} for n in range(3)])
    browsers = [Browser((product.id,)).open(hub) for _ in range(4)]

    def something_happens(_pause: float = 0) -> None:
        browser, what = dice.choice(browsers), dice.random()
        if what < 0.35:
            set_stock(f"V{dice.randrange(3)}", dice.choice((0, 1, 3, 5, 6, 50)))
        elif what < 0.75 and in_flight:
            message = dice.choice(in_flight[-3:] if dice.random() < 0.7 else in_flight)
            if dice.random() < 0.5:
                in_flight.remove(message)  # else it is delivered twice
            if dice.random() < 0.8:  # else it is lost
                hub.receive("stock:updates", message)
        elif what < 0.85:
            hub.detach(browser)
            browser.open(hub)
        elif browser.mail is None:
            browser.mail = {}  # stops reading
        else:
            browser.read()

    # A fan-out pauses after each send. In a pause anything may happen, such as another fan-out.
    monkeypatch.setattr(hub_module, "SENDS", 1)
    pauses = SimpleNamespace(
        sleep=lambda _s: dice.random() < 0.4 and something_happens(), monotonic=time.monotonic
    )
    monkeypatch.setattr(hub_module, "time", pauses)
    for _ in range(80):
        something_happens()
    monkeypatch.setattr(pauses, "sleep", lambda _s: None)
    hub.poll(500)  # as after every (new) subscription, and every 30 s
    for browser in browsers:
        browser.read()
        assert browser.shown == database_state()


def test_two_pages_opening_at_once_both_get_the_change(
    app: Flask, in_flight: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, product = Hub(app, StockSource(app)), make_product(variants=[{"sku": "V", "on_hand": 50}])
    early, late = Browser((product.id,)), Browser((product.id,))
    read = hub._source.read

    def wait_and_read(ids: list[int]) -> Any:
        monkeypatch.undo()
        early.open(hub)
        set_stock("V", 3)
        return read(ids)

    monkeypatch.setattr(hub._source, "read", wait_and_read)
    late.open(hub)
    for message in in_flight:
        hub.receive("stock:updates", message)
    assert early.shown == late.shown == {"V": ("low", 3)}


def test_an_invalid_message_changes_nothing(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    hub, product = Hub(app, StockSource(app)), make_product(variants=[{"sku": "V", "on_hand": 50}])
    browser = Browser((product.id,)).open(hub)
    for message in (
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"product_id": 1, "sku": "V", "sku_stock": "x", "band": "low"}',
    ):
        hub.receive("stock:updates", message)
    assert browser.shown == {"V": ("in", None)}
    assert caplog.text.count("is not valid") == 5


def test_an_invisible_change_is_not_sent(app: Flask) -> None:
    hub, product = Hub(app, StockSource(app)), make_product(variants=[{"sku": "V", "on_hand": 50}])
    browser = Browser((product.id,))
    hub.attach(browser)
    sent: list[Any] = []
    browser.take = sent.append  # type: ignore[method-assign]
    base = {"product_id": product.id, "stock": 0, "sku": "V", "timestamp": 0.0}
    for version, left, band in ((2, 40, "in"), (3, 30, "in"), (4, 4, "low"), (5, 4, "low"), (6, 0, "out")):
        hub.receive("c", msgspec.json.encode(base | {"sku_stock": left, "band": band, "version": version}))
    assert len(sent) == 2
    assert b"30" not in b"".join(sent), "the exact number stays secret"


def test_a_subscription_that_is_lost_during_a_poll_is_not_live(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub, product = Hub(app, StockSource(app)), make_product()
    Browser((product.id,)).open(hub)
    hub._resume()
    hub._schedule._poll()
    assert hub.live
    hub._pause()
    assert not hub.live

    read = hub._source.read

    def lose_redis_and_read(topics: Any) -> Any:
        hub._pause()
        return read(topics)

    monkeypatch.setattr(hub._source, "read", lose_redis_and_read)
    hub._resume()
    hub._schedule._poll()
    assert not hub.live, "pages would wait for messages that nobody receives"


def test_unwatched_topics_are_forgotten(app: Flask) -> None:
    hub, product = Hub(app, StockSource(app)), make_product()
    browsers = [Browser((product.id, 999)) for _ in range(2)]
    for browser in browsers:
        browser.take(hub.attach(browser))
        assert browser.unknown == [999]
    assert hub.streams == 2
    for browser in browsers:
        hub.detach(browser)
        hub.detach(browser)
    assert (
        hub.streams,
        len(hub._latest),
        len(hub._subscribers.topics),
        hub._subscribers.count_from("test"),
    ) == (0, 0, 0, 0)
