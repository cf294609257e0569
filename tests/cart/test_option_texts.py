"""The options of a line: a value that has no letter says of which option it is, in basket, checkout and order."""

from __future__ import annotations

from flask import Flask

from tests.accounts.people import Browser
from tests.checkout.shoppers import make_draft, place, stored_order
from tests.factories import make_product


def test_values_without_letters_have_their_options_name(app: Flask) -> None:
    variants = [{"sku": "TEA-3", "option1": "3", "option2": "Green"}]
    make_product("Tea for a year", option_names=["Months", "Kind"], variants=variants)
    browser = Browser(app)
    assert "Months: 3 / Green" in browser.get("/products/tea-for-a-year").text
    browser.post("/cart/lines", sku="TEA-3")
    for path in ("/cart", "/checkout"):
        assert "Months: 3 / Green" in browser.get(path).text, path
    (line,) = stored_order(place(make_draft({"TEA-3": 1})).number).lines
    assert line.options == "Months: 3 / Green"
