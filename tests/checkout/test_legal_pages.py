"""The merchant's published terms and right of withdrawal are linked at the end of the checkout, and in letters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.checkout import messages
from storefront.checkout.models import OrderEvent
from storefront.content import page_edits, starting_drafts
from storefront.content.models import ContentPage
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser
from tests.checkout.shoppers import make_draft, place
from tests.checkout.test_digital_goods import BUYER
from tests.factories import make_product

pytestmark = pytest.mark.any_database


def publish(*kinds: str) -> None:
    with write_transaction() as session:
        starting_drafts.add_missing(session)
        for page in session.execute(select(ContentPage).where(ContentPage.kind.in_(kinds))).scalars():
            values = PageValues(page.title, page.slug, published_at=datetime.now(UTC))
            page_edits.change(session, page.id, values, expected=1)


def confirmation() -> str:
    event = db.session.execute(select(OrderEvent.id).where(OrderEvent.kind == "placed")).scalar_one()
    text = messages._compose({"event": event, "site": "https://shop.example"})
    return str(text)


def test_the_order_leads_to_terms_and_withdrawal(app: Flask) -> None:
    make_product("Song", variants=[{"sku": "FILE", "price": 900, "requires_shipping": False}])
    browser = Browser(app)
    browser.post("/cart/lines", sku="FILE")
    assert browser.post("/checkout", **BUYER).status_code == 303
    assert "Please read before you order" not in browser.get("/checkout/review").text, "they are drafts"
    publish("terms", "withdrawal", "privacy")
    review = browser.get("/checkout/review").text.partition("<main")[2].partition("<footer")
    before = review[0].partition("Buy now for")[0]
    assert 'href="/pages/terms"' in before
    assert 'href="/pages/withdrawal"' in before
    assert "/pages/privacy" not in before
    assert 'href="/pages/privacy"' in review[2], "the footer of the checkout has it"


def test_the_confirmation_leads_to_them_too(app: Flask) -> None:
    make_product("Mug", variants=[{"sku": "MUG", "price": 900, "on_hand": 3}])
    place(make_draft({"MUG": 1}))
    assert "Read again" not in confirmation()
    publish("terms")
    assert "Terms of sale: https://shop.example/pages/terms" in confirmation()
    assert "/pages/withdrawal" not in confirmation()
