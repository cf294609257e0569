"""Letters about an order are in the language in which it was placed; those to the merchant in the shop's own."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.checkout import orders, shipping
from storefront.extensions import write_transaction
from storefront.shop_settings.stored_settings import set_value
from storefront.web.language_routes import use_locale
from tests.accounts.people import stored_mails
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product

pytestmark = pytest.mark.any_database
MERCHANT = "merchant@shop.example"


@pytest.fixture(autouse=True)
def teapot(app: Flask) -> None:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 20, "price": 199900}])
    for name, value in (("languages", "de_DE"), ("order_email", MERCHANT)):
        set_value(name, value)


def _letters(app: Flask, recipient: str) -> list[str]:
    found = (letter for letter in stored_mails(app) if letter["To"] == recipient)
    return ["".join(part.get_content() for part in letter.iter_parts()) for letter in found]


def test_letters_follow_the_language_of_the_order(app: Flask) -> None:
    with use_locale("de_DE"):
        number = place(make_draft({"T": 1})).number
    with write_transaction() as session:
        orders.record_payment(session, number, 1000, "USD")
    with write_transaction() as session:
        shipping.mark_shipped(session, number)
    letters = _letters(app, "ada@shop.example")
    assert len(letters) > 1
    assert all(f"/de/orders/{number}" in each and '<html lang="de-DE"' in each for each in letters)
    assert any("1.999,00" in each for each in letters)
    [own] = _letters(app, MERCHANT)
    assert f"/admin/orders/{number}" in own
    assert "$1,999.00" in own


def test_letters_of_a_former_language_are_in_the_own_one(app: Flask) -> None:
    with use_locale("de_DE"):
        number = place(make_draft({"T": 1})).number
    set_value("languages", "ja")
    with write_transaction() as session:
        shipping.mark_shipped(session, number)
    [shipped] = [each for each in _letters(app, "ada@shop.example") if "shipped" in each]
    assert "/de/" not in shipped
