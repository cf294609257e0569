"""What the public may know of stock: the rule, and that pages, live updates, carts and the API follow it."""

from __future__ import annotations

import re

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import outbox
from storefront.catalog import queries
from storefront.extensions import write_transaction
from storefront.live import Hub
from storefront.stock import Display, StockLevel, badge_for, number_if_short, sell, set_on_hand
from storefront.stock.stream import StockSource
from tests.factories import make_product

UNTRACKED = None
# (display, available, threshold): band, number, text
RULE: dict[tuple[Display, int | None, int], tuple[str, int | None, str]] = {
    ("low", 40, 5): ("in", None, "In stock"),
    ("low", 6, 5): ("in", None, "In stock"),
    ("low", 5, 5): ("low", 5, "Only 5 left"),
    ("low", 1, 5): ("low", 1, "Only 1 left"),
    ("low", 0, 5): ("out", 0, "Sold out"),
    ("low", -2, 5): ("out", 0, "Sold out"),
    ("low", 1, 0): ("in", None, "In stock"),
    ("low", UNTRACKED, 5): ("in", None, "In stock"),
    ("band", 40, 5): ("in", None, "In stock"),
    ("band", 5, 5): ("low", None, "Low stock"),
    ("band", 0, 5): ("out", 0, "Sold out"),
    ("band", UNTRACKED, 5): ("in", None, "In stock"),
    ("exact", 40, 5): ("in", 40, "40 in stock"),
    ("exact", 5, 5): ("low", 5, "Only 5 left"),
    ("exact", 0, 5): ("out", 0, "Sold out"),
    ("exact", UNTRACKED, 5): ("in", None, "In stock"),
}


@pytest.mark.parametrize(("case", "expected"), RULE.items())
def test_badges_follow_the_rule(
    app: Flask, case: tuple[Display, int | None, int], expected: tuple[str, int | None, str]
) -> None:
    display, available, threshold = case
    shown = badge_for(StockLevel(available, threshold), display)
    assert (shown.band, shown.left, shown.text) == expected
    assert shown.buyable == (shown.band != "out")


@pytest.mark.parametrize(
    ("available", "wanted", "number"),
    [(3, 2, None), (3, 3, None), (3, 4, 3), (0, 1, 0), (-1, 1, 0), (UNTRACKED, 99, None)],
)
def test_a_shortage_names_the_number(available: int | None, wanted: int, number: int | None) -> None:
    assert number_if_short(available, wanted) == number


def test_a_backorder_is_buyable_when_sold_out(app: Flask) -> None:
    shown = badge_for(StockLevel(0, 5), "low", backorder=True)
    assert (shown.text, shown.buyable) == ("Available to order", True)


@pytest.mark.parametrize("display", ["low", "band", "exact"])
def test_page_stream_and_api_agree(app: Flask, client: FlaskClient, display: Display) -> None:
    app.config["STOCK_DISPLAY"] = display
    product = make_product(
        variants=[
            {"sku": "MANY", "option1": "a", "on_hand": 40},
            {"sku": "FEW", "option1": "b", "on_hand": 3},
            {"sku": "NONE", "option1": "c", "on_hand": 0},
        ]
    )
    expected = {
        sku: RULE[display, available, 5][:2] for sku, available in {"MANY": 40, "NONE": 0}.items()
    } | {"FEW": ("low", None if display == "band" else 3)}

    pages = {v.sku: (v.badge.band, v.badge.left) for v in queries.load_product_page(product.slug).variants}
    assert pages == expected

    source = StockSource(app)
    frame = Hub(app, source).snapshot([product.id])
    items = msgspec.json.decode(re.findall(rb"data: (.*)", frame)[0])["items"]
    assert {item["sku"]: (item["band"], item["left"]) for item in items} == expected

    base = {"product_id": product.id, "version": 9}
    for sku, available in {"MANY": 40, "FEW": 3, "NONE": 0}.items():
        event = base | {"sku": sku, "sku_stock": available, "band": expected[sku][0]}
        state = source.decode(msgspec.json.encode(event))
        assert (state.band, state.left) == expected[sku]

    variants = client.get(f"/api/v1/products/{product.id}").get_json()["variants"]
    assert {v["sku"]: (v["band"], v["stock"]) for v in variants} == expected


@pytest.mark.parametrize("display", ["low", "band", "exact"])
def test_an_untracked_variant_shows_no_number(app: Flask, display: Display) -> None:
    app.config["STOCK_DISPLAY"] = display
    product = make_product(variants=[{"sku": "CARD", "tracked": False, "on_hand": 7}])
    events: list[bytes] = []
    outbox.subscribe(
        app, "stock.changed", lambda rows: events.extend(map(msgspec.json.encode, rows)), name="test"
    )
    with write_transaction() as session:
        sell(session, "CARD", 1, reference="order", reserved=0)
    source = StockSource(app)
    states = [*source.read([product.id]), *map(source.decode, events)]
    assert [(state.band, state.left) for state in states] == [("in", None)] * 2


@pytest.mark.parametrize("display", ["low", "band", "exact"])
def test_a_basket_names_the_number_only_if_short(app: Flask, client: FlaskClient, display: Display) -> None:
    app.config["STOCK_DISPLAY"] = display
    make_product(variants=[{"sku": "TP", "on_hand": 9}])
    client.post("/cart/lines", data={"sku": "TP", "quantity": 8}, headers={"Sec-Fetch-Site": "same-origin"})
    assert "left" not in re.findall(r"<main.*</main>", client.get("/cart").text, re.S)[0]
    with write_transaction() as session:
        set_on_hand(session, "TP", 7, reason="count", actor="test")
    assert "Only 7 left. Lower the quantity" in client.get("/cart").text
