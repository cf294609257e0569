"""The terms and the right of withdrawal are linked at the end of the checkout, and all legal pages in letters."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.checkout import messages, shipping
from storefront.checkout.models import OrderEvent
from storefront.content import page_edits, starting_drafts
from storefront.content.models import ContentPage
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from storefront.mail.messages import MailText, build_message, plain_text
from storefront.shop_settings import stored_settings
from storefront.web.language_routes import use_locale
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


def letters(order: str) -> list[EmailMessage]:
    """Return the letters about an order: that it was placed, and that it was shipped."""
    with write_transaction() as session:
        shipping.mark_shipped(session, order)
    events = db.session.execute(select(OrderEvent.id).where(OrderEvent.kind.in_(("placed", "shipped"))))
    texts = [
        messages._compose({"event": event, "site": "https://shop.example"}) for event in events.scalars()
    ]
    return [build_message("ada@shop.example", text, "key") for text in texts if text]


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


def test_each_letter_leads_to_the_legal_pages(app: Flask) -> None:
    make_product("Mug", variants=[{"sku": "MUG", "price": 900, "on_hand": 3}])
    order = place(make_draft({"MUG": 1})).number
    publish("terms", "privacy")
    found = letters(order)
    assert len(found) == 2
    url = "http://127.0.0.1:8000/pages/"
    for letter in found:
        text, html = plain_text(letter), letter.get_body(("html",)).get_content()
        before_signature = text.partition("\n-- \n")[0]
        assert before_signature.count(f"Terms of sale: {url}terms\n") == 1
        assert f"Privacy: {url}privacy" in before_signature
        assert html.count(f'href="{url}terms"') == 1
        assert "/pages/withdrawal" not in text, "it is a draft"
    assert plain_text(build_message("a@shop.example", MailText("Hello"), "key")).count("/pages/") == 2


def test_a_letter_leads_to_the_pages_of_its_language(app: Flask) -> None:
    stored_settings.set_value("languages", "de_DE")
    publish("terms")
    with use_locale("de_DE"):
        letter = build_message("a@shop.example", MailText("Hallo"), "key")
    assert "http://127.0.0.1:8000/de/pages/terms" in plain_text(letter)
