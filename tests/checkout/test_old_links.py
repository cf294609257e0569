"""A guest's link shows an order for ever, and after 90 days neither its addresses nor a way to cancel it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.checkout import access, queries
from storefront.checkout.models import Order
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product


@pytest.fixture
def link(app: Flask) -> str:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    order = place(make_draft({"T": 2})).order
    return f"/orders/{order.number}?token={access.order_token(order)}"


def let_pass(days: int) -> Order:
    with write_transaction() as session:
        session.execute(update(Order).values(placed_at=datetime.now(UTC) - timedelta(days=days)))
    return db.session.scalars(db.select(Order)).one()


def test_link_of_90_days_shows_no_address(app: Flask, link: str) -> None:
    order = let_pass(89)
    private = [str(order.ship_to["line1"]), str(order.ship_to["name"])]
    page = Browser(app).get(link).text
    assert all(words in page for words in private)
    order = let_pass(90)
    page = Browser(app).get(link).text
    assert not any(words in page for words in (*private, order.email))
    assert "Teapot" in page
    assert "This link is older than 90 days" in page


def test_link_of_90_days_cannot_cancel(app: Flask, link: str) -> None:
    let_pass(90)
    browser = Browser(app)
    assert "Cancel the order" not in browser.get(link).text
    path, _, token = link.partition("?")
    answer = browser.post(f"{path}/cancellation?{token}")
    assert (answer.status_code, "This link has expired" in answer.text) == (403, True)
    db.session.rollback()
    assert [row.state for row in queries.list_orders().orders] == ["placed"]
