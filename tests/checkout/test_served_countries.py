"""The countries that the shop serves bound delivery methods, orders and address forms."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from storefront import shop_settings
from storefront.checkout.errors import IncompleteError
from storefront.checkout.terms import current_terms
from storefront.extensions import db
from storefront.ops import doctor
from storefront.shop_settings.models import ShopSetting
from storefront.shop_settings.stored_settings import set_value
from tests.accounts.people import Browser, make_user, staff_browser
from tests.checkout.shoppers import count_orders, make_draft, place, stock_level
from tests.checkout.test_pages import DETAILS
from tests.factories import make_product

pytestmark = pytest.mark.any_database
SALES, DELIVERY = "/admin/settings/sales", "/admin/settings/delivery"
POST = {
    "name-0": "Post",
    "price-0": "4.90",
    "where-0": "some",
    "countries-0": "DE, US",
    "place-0": "1",
    "code-0": "standard",
}


@pytest.fixture
def owner(app: Flask) -> Browser:
    make_product("Pot", variants=[{"sku": "POT", "price": 900, "on_hand": 5}])
    return staff_browser(app, "owner")


def serve(owner: Browser, codes: str, status: int = 303) -> str:
    seen = shop_settings.current().served_countries if status != 409 else ""
    answer = owner.post(SALES, **{"served_countries": codes, "seen-served_countries": seen})
    assert answer.status_code == status
    return answer.text


def countries_of(page: str, name: str = "country") -> list[str]:
    [inside] = re.findall(rf'<select[^>]* name="{name}".*?</select>', page, re.DOTALL)
    return re.findall(r'<option value="(\w+)"', inside)


def test_an_order_goes_to_served_countries_alone(app: Flask, owner: Browser) -> None:
    shopper = Browser(app)
    assert "to Austria and Germany" not in shopper.get("/products/pot").text
    draft = make_draft({"POT": 1})
    serve(owner, "de, at")
    assert "to Austria and Germany" in shopper.get("/products/pot").text, "the page is built again"
    shopper.post("/cart/lines", sku="POT")
    page = shopper.get("/checkout").text
    assert countries_of(page) == ["AT", "DE"]
    assert "US" in countries_of(page, "bill_country"), "an invoice may go anywhere"
    answer = shopper.post("/checkout", **DETAILS)
    assert answer.status_code == 422
    assert "We don’t deliver to this country yet. Choose another one." in answer.text
    with pytest.raises(IncompleteError, match="We don’t deliver to this country yet"):
        place(draft)
    assert stock_level("POT") == (5, 0)
    serve(owner, "")
    assert place(draft).number


def test_orders_by_phone_come_from_served_countries(app: Flask, owner: Browser) -> None:
    serve(owner, "DE, AT")
    owner.post("/cart/lines", sku="POT")
    page = owner.get("/checkout").text
    assert "You order as staff" in page
    assert countries_of(page) == ["AT", "DE"]
    by_phone = DETAILS | {"email": "caller@shop.example"}
    for typed in (by_phone, by_phone | {"place": "1"}):
        answer = owner.post("/checkout", **typed)
        assert (answer.status_code, "We don’t deliver to this country yet" in answer.text) == (422, True)
    in_berlin = {"country": "DE", "region": "", "postcode": "10115", "city": "Berlin"}
    assert owner.post("/checkout", **by_phone | in_berlin).status_code == 303
    serve(owner, "AT")
    answer = owner.post("/checkout", do="place", key="a key of good length")
    assert "We don’t deliver to this country yet" in answer.text, "the setting changed after the review"
    assert count_orders() == 0


def test_digital_goods_are_sold_to_served_countries(app: Flask, owner: Browser) -> None:
    make_product("Song", variants=[{"sku": "FILE", "price": 900, "requires_shipping": False}])
    serve(owner, "JP")
    shopper = Browser(app)
    shopper.post("/cart/lines", sku="FILE")
    page = shopper.get("/checkout").text
    assert countries_of(page) == ["JP"]
    assert '<option value="JP" selected' in page, "the only country is chosen"
    assert shopper.post("/checkout", **DETAILS).status_code == 422
    assert shopper.post("/checkout", **DETAILS | {"country": "JP"}).status_code == 303


def test_addresses_of_an_account_are_in_served_countries(app: Flask, owner: Browser) -> None:
    make_user()
    browser = Browser(app)
    browser.sign_in()
    browser.post("/account/addresses", **DETAILS)
    serve(owner, "DE")
    assert countries_of(browser.get("/account/addresses/new").text) == ["DE"]
    answer = browser.post("/account/addresses", **DETAILS)
    assert (answer.status_code, "We don’t deliver to this country yet" in answer.text) == (422, True)
    [number] = re.findall(r"/account/addresses/(\d+)", browser.get("/account/addresses").text)[:1]
    page = browser.get(f"/account/addresses/{number}").text
    assert countries_of(page) == ["DE", "US"], "what is stored may stay"
    assert browser.post(f"/account/addresses/{number}", **DETAILS | {"name": "Bea"}).status_code == 303


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("UK", "GB"),
        ("DE, EL", "GR"),
        ("Schweitz", "CH"),
        ("EU", "a code such as DE or US"),
    ],
)
def test_a_wrong_code_is_refused_in_one_sentence(owner: Browser, typed: str, meant: str) -> None:
    sentence = f"is not the code of a country (ISO 3166-1); write {meant}."
    assert sentence in serve(owner, typed, 422)
    answer = owner.post("/admin/settings/delivery", **POST | {"countries-0": typed})
    assert sentence in answer.text, "a delivery method says the same"
    assert sentence in owner.post("/admin/settings", country=typed.split()[-1]).text
    assert not shop_settings.current().served_countries


def test_a_shop_without_a_way_of_delivery_is_refused(owner: Browser) -> None:
    without_express = {"name-1": "Express", "code-1": "express", "remove-1": "1"}
    seen = re.search(r'name="seen" value="([^"]+)"', owner.get(DELIVERY).text)[1]
    assert owner.post(DELIVERY, **POST | without_express | {"seen": seen}).status_code == 303
    assert "No delivery method covers the countries that the shop serves: JP." in serve(owner, "JP", 409)
    assert not shop_settings.current().served_countries
    serve(owner, "US, CH")
    assert [each.countries for each in current_terms().delivery_methods] == [{"US"}]
    page = owner.get(DELIVERY).text
    assert "Your shop serves these countries only, whatever stands below: CH, US." in page
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]
    answer = owner.post(DELIVERY, **POST | {"seen": seen, "countries-0": "DE"})
    assert "No delivery method covers the countries that the shop serves: CH, US." in answer.text
    db.session.rollback()
    [about] = [found.sentence for found in doctor.examine(None) if found.about == "countries"]
    assert about.startswith("No delivery method covers CH, which the shop serves")


def test_a_stored_list_that_no_longer_is_valid_is_not_used(app: Flask) -> None:
    set_value("served_countries", "DE")
    db.session.get_one(ShopSetting, "served_countries").value = "XX"
    db.session.commit()
    assert not shop_settings.current().served_countries
