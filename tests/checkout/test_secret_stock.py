"""No page, error or answer names a number of stock that `STOREFRONT_STOCK_DISPLAY` keeps from the public."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from storefront.extensions import write_transaction
from storefront.stock import Display, set_on_hand
from tests.accounts.people import Browser
from tests.checkout.test_pages import DETAILS, place, review
from tests.factories import make_product

pytestmark = pytest.mark.any_database

STOCK, WANTED = 73, 97


def names_the_number(text: str) -> bool:
    return re.search(rf"(?<![\w./-]){STOCK}(?![\w./-])", text) is not None


@pytest.mark.parametrize(
    ("display", "threshold", "is_public"),
    [("low", 5, False), ("low", 80, True), ("band", 5, False), ("band", 80, False), ("exact", 5, True)],
)
def test_every_door_keeps_the_number(app: Flask, display: Display, threshold: int, is_public: bool) -> None:
    app.config["SHOP_SETTINGS"] = {"stock_display": display}
    product = make_product(
        "Teapot", variants=[{"sku": "T", "on_hand": 98, "low_threshold": threshold, "price": 100}]
    )
    browser = Browser(app)
    order = {"sku": "T", "quantity": str(WANTED)}
    browser.post("/cart/lines", **order)
    reviewed = review(browser)  # while there is enough; budgets allow nobody to hold so many
    with write_transaction() as session:
        set_on_hand(session, "T", STOCK, reason="counted", actor="test")
    doors = {
        "placing what was reviewed": place(browser, reviewed),
        "placing in one request": browser.post("/checkout", **DETAILS, place="1"),
        "holding": browser.post("/checkout", **DETAILS),
        "the basket": browser.get("/cart"),
        "adding": browser.post("/cart/lines", **order),
        "adding by script": app.test_client().post(
            "/cart/lines",
            data=order,
            headers={"Accept": "application/json", "Sec-Fetch-Site": "same-origin"},
        ),
    }
    for door, answer in doors.items():
        text = re.sub(r"<head>.*</head>", "", answer.text, flags=re.S)
        assert names_the_number(text) == is_public, (door, text)
    for path in (f"/products/{product.slug}", f"/api/v1/products/{product.id}"):
        assert names_the_number(app.test_client().get(path).text) == is_public, path


@pytest.mark.parametrize("display", ["low", "band", "exact"])
def test_sold_out_is_never_a_secret(app: Flask, display: Display) -> None:
    app.config["SHOP_SETTINGS"] = {"stock_display": display}
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 1}])
    browser = Browser(app)
    browser.post("/cart/lines", sku="T")
    with write_transaction() as session:
        set_on_hand(session, "T", 0, reason="counted", actor="test")
    for answer in (
        browser.get("/cart"),
        browser.post("/cart/lines", sku="T"),
        browser.post("/checkout", **DETAILS),
    ):
        assert "sold out" in answer.text.lower()
