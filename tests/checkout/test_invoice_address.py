"""The invoice address: it is checked and printed like the delivery address, and does not change the tax."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.accounts.people import Browser, second_app, staff_browser, stored_mails
from tests.checkout.test_pages import DETAILS, guest, place, review
from tests.factories import make_product

pytestmark = pytest.mark.any_database

__all__ = ["guest"]


def test_invoice_can_have_an_address_of_its_own(app: Flask, guest: Browser) -> None:
    invoice = {
        "bill_country": "DE",
        "bill_name": "Byron & Daughters",
        "bill_line1": "2 Ledger Lane",
        "bill_postcode": "10115",
        "bill_city": "Berlin",
    }
    wrong = guest.post("/checkout", **DETAILS | invoice | {"bill_elsewhere": "1", "bill_postcode": "62701-1"})
    assert wrong.status_code == 422
    said = "Billing address: Enter a valid postal code"
    assert re.search(rf'<li><a href="#bill_postcode">{said}', wrong.text)
    assert re.search(rf'id="bill_postcode-wrong">{said}', wrong.text)
    assert 'value="2 Ledger Lane"' in wrong.text
    assert "Same as delivery address" in review(guest, **invoice | {"bill_postcode": "x"}).text, (
        "no invoice address"
    )
    shown = review(guest, **invoice, bill_elsewhere="1")
    assert "10115 Berlin" in shown.text
    assert 'name="bill_elsewhere" value="1" checked' in guest.get("/checkout").text
    location = place(guest, shown).location
    staff = staff_browser(app).get(location.partition("?")[0].replace("/orders/", "/admin/orders/"))
    [letter] = stored_mails(app)
    for text in (guest.get(location).text, staff.text, letter.get_body(("plain",)).get_content()):
        assert "Billing address" in text
        assert "10115 Berlin" in text
        assert "1 Kiln Row" in text


def test_delivery_address_decides_the_tax(app: Flask, tmp_path: Path, redis_url: str) -> None:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    (terms := tmp_path / "terms.toml").write_text('prices_include_tax = false\n[tax.DE]\nrate = "19"\n')
    here = {"country": "DE", "postcode": "10115", "city": "Berlin", "region": ""}
    there = {"bill_elsewhere": "1"} | {f"bill_{name}": value for name, value in (DETAILS | here).items()}
    with second_app(app, tmp_path / "de", REDIS_URL=redis_url, STOREFRONT_CHECKOUT_FILE=str(terms)) as shop:
        browser = Browser(shop)
        browser.post("/cart/lines", sku="T", quantity="2")
        assert "Buy now for <bdi>$44.88</bdi>" in review(browser, **there).text
        assert "Buy now for <bdi>$53.41</bdi>" in review(browser, **here).text
