"""The merchant gets one letter about each order, in its transaction, if an address is set."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.checkout import order_events, orders, shipping
from storefront.checkout.models import Order
from storefront.checkout.place_order import place_order
from storefront.extensions import write_transaction
from storefront.shop_settings.stored_settings import set_value
from tests.accounts.people import stored_mails
from tests.checkout.shoppers import current_digest, make_draft, place
from tests.factories import make_product

pytestmark = pytest.mark.any_database
MERCHANT = "merchant@shop.example"


@pytest.fixture(autouse=True)
def teapot(app: Flask) -> None:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 20, "price": 1999}])


def letters(app: Flask) -> list[str]:
    """The texts of the letters to the merchant."""
    return [
        letter.get_body(("plain",)).get_content() for letter in stored_mails(app) if letter["To"] == MERCHANT
    ]


def test_without_an_address_there_is_no_letter(app: Flask) -> None:
    place(make_draft({"T": 1}))
    assert {letter["To"] for letter in stored_mails(app)} == {"ada@shop.example"}


def test_each_order_by_invoice_has_one_letter(app: Flask) -> None:
    set_value("order_email", MERCHANT)
    draft = make_draft({"T": 2})
    seen = current_digest(draft)
    first = place_order(draft, "a key of good length", seen)
    assert place_order(draft, "a key of good length", seen).repeated, "a double click"
    with write_transaction() as session:
        orders.record_payment(session, first.number, 4488, "USD")
    [letter] = letters(app)
    for words in (
        "2 × Teapot · T",
        "$44.88",
        "1 Kiln Row",
        f"http://127.0.0.1:8000/admin/orders/{first.number}",
    ):
        assert words in letter


def test_an_order_by_card_has_its_letter_when_it_is_paid(app: Flask) -> None:
    set_value("order_email", MERCHANT)
    number = place(make_draft({"T": 2})).number
    before = len(letters(app))
    with write_transaction() as session:
        session.execute(update(Order).where(Order.number == number).values(payment="stripe"))
    for amount, count in ((4000, 0), (488, 1)):
        with write_transaction() as session:
            orders.record_payment(session, number, amount, "USD")
        assert len(letters(app)) - before == count
    with write_transaction() as session:
        shipping.mark_shipped(session, number)
    assert len(letters(app)) - before == 1


def test_an_order_by_card_that_nobody_pays_has_none(app: Flask) -> None:
    set_value("order_email", MERCHANT)
    with write_transaction() as session:
        order = Order(
            number="CARD",
            request_digest="",
            email="",
            currency="USD",
            goods=1,
            delivery_price=0,
            tax=0,
            total=1,
            prices_include_tax=True,
            ship_to={},
            delivery="",
            payment="stripe",
        )
        session.add(order)
        session.flush()
        order_events.record_event(session, order, "placed")
        orders.cancel(session, "CARD")
    assert letters(app) == []


def test_letters_can_be_switched_off(app: Flask) -> None:
    set_value("order_email", MERCHANT)
    set_value("order_letters", "off")
    place(make_draft({"T": 1}))
    assert letters(app) == []
