"""What the public may know of stock: the rule, and that pages, live updates, carts and the API follow it."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import outbox
from storefront.catalog import queries
from storefront.extensions import write_transaction
from storefront.live import Hub
from storefront.stock import Display, Shortage, StockLevel, badge_for, find_shortage, sell
from storefront.stock.stream import StockSource
from tests.factories import make_product

pytestmark = pytest.mark.any_database

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
    ("display", "available", "wanted", "sentence"),
    [
        ("exact", 3, 3, None),
        ("exact", UNTRACKED, 99, None),
        ("low", 1, 4, "Only 1 of Mug is left."),
        ("low", 3, 4, "Only 3 of Mug are left."),
        ("low", 12, 40, "We don’t have 40 of Mug. Choose a lower quantity."),
        ("band", 3, 4, "We don’t have 4 of Mug. Choose a lower quantity."),
        ("exact", 12, 40, "Only 12 of Mug are left."),
        ("band", 0, 1, "Mug is sold out."),
        ("low", -1, 1, "Mug is sold out."),
    ],
)
def test_a_shortage_names_only_a_public_number(
    app: Flask, display: Display, available: int | None, wanted: int, sentence: str | None
) -> None:
    found = find_shortage(StockLevel(available, 5), wanted, display)
    assert (found and found.describe("Mug")) == sentence


def test_a_secret_number_is_not_in_a_shortage() -> None:
    assert find_shortage(StockLevel(12, 5), 40, "low") == Shortage(40, None)


def test_a_backorder_is_buyable_when_sold_out(app: Flask) -> None:
    shown = badge_for(StockLevel(0, 5), "low", backorder=True)
    assert (shown.text, shown.buyable) == ("Available to order", True)


@pytest.mark.parametrize("display", ["low", "band", "exact"])
def test_page_stream_and_api_agree(app: Flask, client: FlaskClient, display: Display) -> None:
    app.config["SHOP_SETTINGS"] = {"stock_display": display}
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
    app.config["SHOP_SETTINGS"] = {"stock_display": display}
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


def test_a_stream_knows_only_products_with_a_page(app: Flask, client: FlaskClient) -> None:
    states: list[dict[str, Any]] = [{"status": "draft"}, {"status": "archived"}, {}, {"unlisted": True}]
    products = [
        make_product(f"Mug {n}", variants=[{"sku": f"M{n}"}], **state) for n, state in enumerate(states)
    ]
    shown = [client.get(f"/products/{product.slug}").status_code == 200 for product in products]
    assert shown == [False, False, True, True]

    frame = Hub(app, StockSource(app)).snapshot([product.id for product in products])
    snapshot = msgspec.json.decode(re.findall(rb"data: (.*)", frame)[0])
    assert sorted(item["sku"] for item in snapshot["items"]) == ["M2", "M3"]
    assert snapshot["unknown"] == [product.id for product in products[:2]]
