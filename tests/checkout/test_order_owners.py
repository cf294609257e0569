"""Which orders an account sees: its own, and those of a guest with exactly the address that it has confirmed."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.accounts import credentials
from storefront.checkout.models import Order, OrderEvent
from storefront.extensions import db
from tests.accounts.people import PASSWORD, Browser, make_user, staff_browser, stored_mails
from tests.checkout.shoppers import make_draft, place
from tests.checkout.test_pages import DETAILS
from tests.factories import make_product

pytestmark = pytest.mark.any_database


@pytest.fixture(autouse=True)
def teapot(app: Flask) -> None:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 20, "price": 1999}])


def buy(app: Flask, email: str) -> str:
    """Buy as a guest; return the order's number."""
    guest = Browser(app)
    guest.post("/cart/lines", sku="T", quantity="1")
    answer = guest.post("/checkout", **{**DETAILS, "email": email}, place="1")
    found = re.search("/orders/([A-Z0-9]+)", answer.location)
    assert found, answer.text
    return found[1]


def follow(app: Flask, browser: Browser, kind: str, **form: str) -> None:
    """Use the link in the newest letter with this path."""
    letter = stored_mails(app)[-1].get_body(("plain",)).get_content()
    found = re.search(rf"http://127.0.0.1:8000(/account/{kind}/\S+)", letter)
    assert found, letter
    assert browser.post(found[1], **form).status_code == 303


def registered(app: Flask, email: str) -> Browser:
    """A browser that has opened an account by the mailed link."""
    browser = Browser(app)
    browser.post("/account/register", email=email)
    follow(app, browser, "register", password=PASSWORD)
    return browser


def sees(browser: Browser, number: str) -> bool:
    """Whether the account lists the order and may open it; both must agree."""
    is_listed = number in browser.get("/account/orders").text
    assert (browser.get(f"/orders/{number}").status_code == 200) == is_listed
    return is_listed


def test_a_guests_orders_appear_after_registration(app: Flask) -> None:
    numbers = {
        email: buy(app, email)
        for email in ("kim@shop.example", "kim@SHOP.Example", "Kim@shop.example", "kim+tag@shop.example")
    }
    browser = registered(app, "kim@shop.Example")
    assert [sees(browser, number) for number in numbers.values()] == [True, True, False, False]


def test_a_tagged_address_is_another_one(app: Flask) -> None:
    plain, tagged = buy(app, "kim@shop.example"), buy(app, "kim+tag@shop.example")
    browser = registered(app, "kim+tag@shop.example")
    assert (sees(browser, plain), sees(browser, tagged)) == (False, True)


def test_the_case_before_the_at_sign_counts(app: Flask) -> None:
    capital, small = buy(app, "Kim@shop.example"), buy(app, "kim@shop.example")
    browser = registered(app, "Kim@Shop.example")
    assert (sees(browser, capital), sees(browser, small)) == (True, False)


def test_an_address_that_nobody_confirmed_shows_nothing(app: Flask) -> None:
    number = buy(app, "kim@shop.example")
    make_user("kim@shop.example")  # as `flask user create` does
    browser = Browser(app)
    browser.sign_in("kim@shop.example")
    assert not sees(browser, number)
    browser.post("/account/reset", email="kim@shop.example")
    follow(app, browser, "reset", password="another long password")
    browser.sign_in("kim@shop.example", "another long password")
    assert sees(browser, number), "the link of a new password went to that address"


def test_a_changed_address_takes_its_own_orders_along(app: Flask) -> None:
    before, after = buy(app, "kim@shop.example"), buy(app, "new@shop.example")
    browser = registered(app, "kim@shop.example")
    own = place(make_draft({"T": 1}, user_id=credentials.find_by_email("kim@shop.example").id)).order.number
    browser.post("/account/email", email="new@shop.example", password=PASSWORD)
    assert (sees(browser, before), sees(browser, after)) == (True, False), "it is not confirmed yet"
    follow(app, browser, "email")
    assert (sees(browser, before), sees(browser, after), sees(browser, own)) == (False, True, True)


def test_another_accounts_order_stays_its_own(app: Flask) -> None:
    other = make_user("other@shop.example")
    number = place(
        make_draft({"T": 1}, user_id=other, email="kim@shop.example", exact_email="kim@shop.example")
    ).order.number
    assert not sees(registered(app, "kim@shop.example"), number)


def test_orders_of_earlier_releases_stay_where_they_are(app: Flask) -> None:
    number = place(make_draft({"T": 1}, email="kim@shop.example")).order.number  # without the exact address
    assert not sees(registered(app, "kim@shop.example"), number)
    db.session.rollback()


def test_staff_order_for_a_customer_by_phone(app: Flask) -> None:
    staff, sent = staff_browser(app, "orders"), DETAILS | {"email": "anna@shop.example", "city": "Tarn"}
    staff.post("/cart/lines", sku="T", quantity="1")
    answer = staff.post("/checkout", **sent, place="1")
    order = db.session.scalars(select(Order)).one()
    assert (order.user_id, order.client) == (None, None)
    assert "token=" in answer.location
    assert staff.get(answer.location).status_code == 200
    assert not sees(staff, order.number)
    assert sees(registered(app, "anna@shop.example"), order.number)
    event = db.session.scalars(select(OrderEvent)).one()
    assert event.actor.startswith("staff:")
    staff.post("/cart/lines", sku="T", quantity="1")
    assert "Tarn" not in staff.get("/checkout").text, "the next one may be another customer's"
