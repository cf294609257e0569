"""The currency is a setting until there is an order or a product of the merchant's own; the demo follows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from storefront import actors, demo, shop_settings
from storefront.catalog.models import Product, Variant
from storefront.checkout.stored_terms import show_part, store_part
from storefront.demo import removal
from storefront.extensions import db, write_transaction
from storefront.shop_settings import stored_settings
from storefront.shop_settings.stored_settings import SettingRefusedError
from tests.accounts.people import Browser, staff_browser
from tests.checkout.shoppers import current_digest, make_draft
from tests.checkout.test_terms import place_order
from tests.factories import make_product


@pytest.fixture
def loaded(app: Flask, media: Path) -> Flask:
    """A shop with the demo alone."""
    app.config["MEDIA_DIR"] = str(media)
    with actors.acting_as(actors.Actor("command", "kim")):
        demo.load(app)
    db.session.rollback()
    return app


def prices() -> dict[str, int]:
    db.session.rollback()
    return {row.sku: row.price for row in db.session.execute(select(Variant.sku, Variant.price))}


def test_the_demo_follows_the_currency(loaded: Flask) -> None:
    dollars, shopper = prices(), Browser(loaded)
    assert "$" in shopper.get("/products").text
    stored_settings.set_value("currency", "jpy")
    assert shop_settings.current().currency == "JPY"
    page = shopper.get("/products").text
    assert "¥" in page
    assert "$" not in page
    assert prices() == {sku: amount // 100 for sku, amount in dollars.items()}
    assert len(removal.plan_removal().kept) == 0, "it is still the demo"
    owner = staff_browser(loaded, "owner")
    sent = {"currency": "EUR", "seen-currency": "JPY"}
    assert owner.post("/admin/settings", **sent).status_code == 303
    assert prices() == dollars
    assert "€" in shopper.get("/products").text


def refused(currency: str = "EUR") -> str:
    with pytest.raises(SettingRefusedError) as error:
        stored_settings.set_value("currency", currency)
    db.session.rollback()
    assert shop_settings.current().currency == "USD"
    return str(error.value)


def test_an_own_product_fixes_the_currency(loaded: Flask) -> None:
    before = prices()
    with write_transaction() as session:
        session.scalars(select(Product).limit(1)).one().title = "Our own teapot"
    assert refused() == "There are products of your own, so the currency of the shop is fixed."
    assert prices() == before
    owner = staff_browser(loaded, "owner")
    sent = {"currency": "EUR", "seen-currency": "USD", "name": "Tea House", "seen-name": "Kettle & Clay"}
    answer = owner.post("/admin/settings", **sent)
    assert answer.status_code == 409
    assert "There are products of your own" in answer.text
    assert shop_settings.current().name != "Tea House", "nothing is half-saved"


@pytest.mark.any_database
def test_an_order_fixes_the_currency(app: Flask) -> None:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    draft = make_draft({"T": 1})
    place_order(draft, "a key of good length", current_digest(draft))
    assert refused() == "There is an order, so the currency of the shop is fixed."
    stored_settings.set_value("currency", "USD")
    assert shop_settings.current().currency == "USD", "the same one is no change"


def test_stored_prices_of_delivery_have_to_fit(app: Flask) -> None:
    part = show_part("delivery")
    store_part("delivery", part.tables, seen=part.version)
    db.session.rollback()
    assert refused("JPY") == "/admin/settings/delivery: Enter an amount in JPY, such as 5."
    stored_settings.set_value("currency", "EUR")
    assert shop_settings.current().currency == "EUR"
