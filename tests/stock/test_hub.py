"""The hub: whatever is lost, late or doubled on the way, every open page ends with what the database says."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from flask import Flask
from sqlalchemy import select

from storefront import stock
from storefront.extensions import db, writing
from storefront.stock import StockItem
from storefront.stock.stream.hub import Hub
from tests.factories import make_product


class Browser:
    """An open page: keeps the newest of what it is told of each variant, as the badge element does."""

    def __init__(self, ids: tuple[int, ...]) -> None:
        self.ids, self.address, self.ends_at, self.next_beat = ids, "test", 0.0, 0.0
        self.badges: dict[str, tuple[int, str, int | None]] = {}
        self.unknown: list[int] = []

    def offer(self, _key: str, frame: bytes) -> None:
        self.take(frame)

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


def truth() -> dict[str, tuple[str, int | None]]:
    db.session.rollback()
    found = {}
    for row in db.session.execute(select(StockItem)).scalars():
        band = "out" if row.available <= 0 else "low" if row.available <= row.low_threshold else "in"
        found[row.sku] = (band, None if band == "in" else max(0, row.available))
    return found


@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_to_the_messages_the_badge_ends_as_the_database_says(app: Flask, seed: int) -> None:
    dice, hub = random.Random(seed), Hub(app)
    product = make_product(variants=[{"sku": f"V{n}", "option1": str(n)} for n in range(3)])
    browsers = [Browser((product.id,)) for _ in range(3)]
    for browser in browsers:
        browser.take(hub.attach(browser))
    on_their_way: list[bytes] = []
    app.extensions["outbox"].handlers["stock.changed"] = lambda events: on_their_way.extend(
        msgspec.json.encode(event) for event in events
    )
    for _ in range(60):
        what = dice.random()
        if what < 0.5:
            with writing() as session:
                sku = f"V{dice.randrange(3)}"
                stock.set_on_hand(session, sku, dice.choice((0, 1, 3, 5, 6, 50)), reason="test", actor="test")
        elif what < 0.9 and on_their_way:
            message = dice.choice(on_their_way)
            if dice.random() < 0.5:
                on_their_way.remove(message)  # else it comes again
            if dice.random() < 0.8:  # else it is lost
                hub._hear("stock:updates", message)
        else:
            browser = dice.choice(browsers)
            hub.detach(browser)
            browser.take(hub.attach(browser))
    for state in hub._read([product.id]):  # what a resync does
        hub._tell(state)
    for browser in browsers:
        assert {sku: badge[1:] for sku, badge in browser.badges.items()} == truth()


def test_a_change_that_cannot_be_seen_is_not_sent(app: Flask) -> None:
    hub, product = Hub(app), make_product(variants=[{"sku": "V", "on_hand": 50}])
    browser = Browser((product.id,))
    hub.attach(browser)
    sent: list[Any] = []
    browser.take = sent.append  # type: ignore[method-assign]
    base = {"product_id": product.id, "stock": 0, "sku": "V", "timestamp": 0.0}
    for version, left, band in ((2, 40, "in"), (3, 30, "in"), (4, 4, "low"), (5, 4, "low"), (6, 0, "out")):
        hub._hear("c", msgspec.json.encode(base | {"sku_stock": left, "band": band, "version": version}))
    assert len(sent) == 2
    assert b"30" not in b"".join(sent), "rivals cannot read the stock"


def test_what_nobody_watches_any_more_is_forgotten(app: Flask) -> None:
    hub, product = Hub(app), make_product()
    browsers = [Browser((product.id, 999)) for _ in range(2)]
    for browser in browsers:
        browser.take(hub.attach(browser))
        assert browser.unknown == [999]
    assert hub.streams == 2
    for browser in browsers:
        hub.detach(browser)
        hub.detach(browser)
    assert (hub.streams, len(hub._latest), len(hub._watchers), len(hub._by_address)) == (0, 0, 0, 0)
