"""Back at an emptied basket: the checkout leads to the order that was placed a moment ago."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.catalog.models import Product
from storefront.checkout.models import Order
from storefront.checkout.recent_order import RECENT
from storefront.extensions import write_transaction
from tests.accounts.people import SAME_ORIGIN, Browser, make_user
from tests.checkout.shoppers import count_orders, stock_differences, stock_level
from tests.checkout.test_pages import DETAILS, buy, hidden, review
from tests.factories import make_product


@pytest.fixture
def guest(app: Flask) -> Browser:
    """A guest with both of the two teapots in the basket."""
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 2}])
    make_product("Course", variants=[{"sku": "D", "requires_shipping": False}])
    browser = Browser(app)
    browser.post("/cart/lines", sku="T", quantity="2")
    return browser


def number_of(location: str) -> str:
    found = re.match(r"/orders/([^?]+)", location)
    assert found, location
    return found[1]


@pytest.mark.any_database
@pytest.mark.parametrize("who", ["guest", "customer"])
def test_back_after_an_order_leads_to_it(guest: Browser, who: str) -> None:
    if who == "customer":
        make_user()
        guest.sign_in()
    number = number_of(buy(guest))
    for path in ("/checkout", "/checkout/review?said=held"):
        page = guest.get(path)
        assert page.status_code == 200, path
        assert "reserved" not in page.text
        assert "2 × Teapot" in page.text
        link = re.search(rf'href="([^"]+)">See order {number}<', page.text)
        assert link
        assert guest.get(link[1]).status_code == 200
    again = guest.post("/checkout", **DETAILS)
    assert again.status_code == 409
    assert f"See order {number}" in again.text
    guest.post("/cart/lines", sku="D")
    assert "See order" not in guest.get("/checkout").text


@pytest.mark.any_database
def test_an_old_order_and_those_of_others_are_not_shown(app: Flask, guest: Browser) -> None:
    buy(guest)
    stranger = Browser(app)
    assert "Your basket is empty" in stranger.get("/checkout").text
    with write_transaction() as session:
        session.execute(update(Order).values(placed_at=datetime.now(UTC) - RECENT - timedelta(minutes=1)))
    assert "Your basket is empty" in guest.get("/checkout").text


def test_a_basket_of_withdrawn_products_is_not_called_empty(guest: Browser) -> None:
    with write_transaction() as session:
        session.execute(update(Product).values(status="archived"))
    page = guest.get("/checkout")
    assert page.status_code == 409
    assert "<h1>Nothing in your basket is available</h1>" in page.text
    assert "<bdi>Teapot</bdi> is no longer available." in page.text


@pytest.mark.usefixtures("patient_writers")
@pytest.mark.parametrize("form", ["whole", "reviewed", "digital"])
def test_a_form_without_a_key_sent_ten_times_shows_one_order(app: Flask, guest: Browser, form: str) -> None:
    fields = DETAILS | {"place": "1"}
    if form == "digital":
        guest.post("/cart/removal", sku="T")
        guest.post("/cart/lines", sku="D")
        fields = {
            "email": "a@shop.example",
            "country": "US",
            "name": "Ada",
            "payment": "invoice",
            "place": "1",
        }
    if form == "reviewed":
        fields = {"do": "place", "seen": hidden(review(guest), "seen")}
    cookie = guest.cookie("cart")
    assert cookie

    def send(turn: int) -> str:
        source = {"REMOTE_ADDR": f"198.51.100.{100 + turn}"}  # the limit of one address is lower
        client = app.test_client()
        client.set_cookie("cart", cookie)
        answer = client.post("/checkout", data=fields, headers=SAME_ORIGIN, environ_base=source)
        return answer.location or f"{answer.status}: {answer.text}"

    with ThreadPoolExecutor(10) as pool:
        locations = list(pool.map(send, range(10)))
    assert len({number_of(location) for location in locations}) == 1, locations
    assert number_of(send(10)) == number_of(locations[0]), "a reload does not order either"
    assert count_orders() == 1
    assert form == "digital" or stock_level("T") == (0, 0)
    assert stock_differences() == []
