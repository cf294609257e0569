"""The shop's address: on orders, and on the merchant's pages, at once after a change."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import moments
from storefront.content import page_edits, starting_drafts
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from storefront.postal.shop_contact import find_shop_contact
from storefront.shop_settings import stored_settings

pytestmark = pytest.mark.any_database


def store(**values: str) -> None:
    for name, value in values.items():
        stored_settings.set_value(name, value)
    db.session.rollback()


@pytest.fixture
def address(app: Flask) -> None:
    store(
        company="Kiln & Sons <Ltd>",
        street="Lange Straße 5",
        postcode="10115",
        city="Berlin",
        country="de",
        contact_email="hello@shop.example",
        contact_phone="+49 30 555 0123",
        vat_id="DE123456789",
    )


def test_a_shop_without_an_address_prints_none(app: Flask) -> None:
    with app.test_request_context("/"):
        assert find_shop_contact().lines == ()


@pytest.mark.usefixtures("address")
def test_the_address_is_written_as_its_country_does(app: Flask) -> None:
    with app.test_request_context("/"):
        contact = find_shop_contact()
    assert contact.address == ("Kiln & Sons <Ltd>", "Lange Straße 5", "10115 Berlin", "Germany")
    assert contact.ways == (
        "E-mail: hello@shop.example",
        "Telephone: +49 30 555 0123",
        "VAT number: DE123456789",
    )


@pytest.mark.usefixtures("address")
def test_a_page_prints_what_the_settings_say_now(app: Flask, client: FlaskClient) -> None:
    with write_transaction() as session:
        body = "<p>{shop_address}</p><p>{shop_contact}</p>"
        page_edits.create(session, PageValues("Imprint", body_html=body, published_at=moments.now()))
    page = client.get("/pages/imprint").text
    assert "<bdi>Kiln &amp; Sons &lt;Ltd&gt;</bdi><br><bdi>Lange Straße 5</bdi><br>" in page
    assert "<bdi>E-mail: hello@shop.example</bdi>" in page
    store(city="Potsdam")
    assert "10115 Potsdam" in client.get("/pages/imprint").text
    for name in ("company", "street", "postcode", "city", "country"):
        stored_settings.reset_value(name)
    assert "enter it in the settings]" in client.get("/pages/imprint").text


def test_the_draft_of_the_imprint_has_the_slots(app: Flask) -> None:
    with app.test_request_context("/"), write_transaction() as session:
        drafts = {page.kind: page.body_html for page in starting_drafts.add_missing(session)}
    assert "{shop_address}" in drafts["imprint"]
    assert "{shop_contact}" in drafts["imprint"]
