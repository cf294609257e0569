"""Baskets of which not everything can be bought: basket and checkout say so at once, and offer what is left."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.cart.models import CartLine
from storefront.extensions import db, write_transaction
from storefront.stock import set_on_hand
from tests.accounts.people import Browser
from tests.checkout.shoppers import count_orders
from tests.checkout.test_pages import DETAILS, place, review
from tests.factories import make_product

pytestmark = pytest.mark.any_database


@pytest.fixture
def guest(app: Flask) -> Browser:
    """A guest with four of each of three products in the basket."""
    browser = Browser(app)
    for sku, title in (("A", "Teapot"), ("B", "Cup"), ("C", "Tray")):
        make_product(title, variants=[{"sku": sku, "on_hand": 20}])
        browser.post("/cart/lines", sku=sku, quantity="4")
    return browser


def leave(**left: int) -> None:
    """Sell all but these quantities, by SKU."""
    with write_transaction() as session:
        for sku, number in left.items():
            set_on_hand(session, sku, number, reason="count")


def basket() -> dict[str, tuple[int, bool]]:
    """Return the quantity of each line, and whether it is set aside, by SKU."""
    db.session.rollback()
    return {row.sku: (row.quantity, row.saved) for row in db.session.scalars(db.select(CartLine))}


def text(page: TestResponse) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def buttons(page: TestResponse) -> dict[str, str]:
    """Return the buttons that take what is left: their value by their text."""
    found = re.findall(r'<button [^>]*name="take" value="([^"]+)"[^>]*>(.*?)</button>', page.text, re.DOTALL)
    return {" ".join(re.sub(r"<[^>]*>", "", words).split()): value for value, words in found}


def is_off(page: TestResponse, button: str) -> bool:
    return bool(re.search(rf'name="do" value="{button}" disabled>', page.text))


@pytest.mark.parametrize("url", ["/cart", "/checkout"])
def test_a_sold_out_basket_stops_at_its_top(guest: Browser, url: str) -> None:
    button = {"/cart": "checkout", "/checkout": "review"}[url]
    before = guest.get(url)
    assert not is_off(before, button)
    assert "can be bought now" not in text(before)
    leave(A=0, B=0)
    part = guest.get(url)
    assert "Not everything in your basket can be bought now." in text(part)
    assert not is_off(part, button)
    leave(C=0)
    page = guest.get(url)
    assert "Nothing in your basket can be bought now." in text(page)
    assert page.text.index("can be bought now") < page.text.index(f'value="{button}" disabled')
    assert is_off(page, button)
    leave(C=1)
    assert not is_off(guest.get(url), button), "one can be bought"


def test_the_basket_takes_what_is_left_of_a_line(guest: Browser) -> None:
    leave(A=2, C=1)
    page = guest.get("/cart")
    offers = buttons(page)
    assert set(offers) == {
        "Take what is left, and save the rest for later",
        "Take the 2 that are left: Teapot",
        "Take the one that is left: Tray",
    }
    done = guest.post("/cart", take=offers["Take the 2 that are left: Teapot"])
    assert basket() == {"A": (2, False), "B": (4, False), "C": (4, False)}
    assert "Your basket now holds 2 of Teapot." in text(guest.get(done.location))


def test_the_basket_takes_all_that_is_left_at_once(guest: Browser) -> None:
    leave(A=2, C=0)
    done = guest.post("/cart", take="all")
    assert basket() == {"A": (2, False), "B": (4, False), "C": (4, True)}
    said = text(guest.get(done.location))
    assert "Your basket now holds 2 of Teapot." in said
    assert "Tray is saved for later." in said
    assert "can be bought now" not in said


@pytest.mark.parametrize("display", ["low", "band"])
def test_an_offer_tells_no_secret_number(app: Flask, guest: Browser, display: str) -> None:
    app.config["SHOP_SETTINGS"] = {"stock_display": display}
    guest.post("/cart/quantity", sku="A", quantity="40")
    leave(A=17)
    for url in ("/cart", "/checkout"):
        page = guest.get(url)
        assert "17" not in text(page).replace("$1,917", "")
        assert [words for words in buttons(page) if "Teapot" in words] == ["Take what is left: Teapot"]
    done = guest.post("/cart", take=buttons(page)["Take what is left: Teapot"])
    assert "Your basket now holds 17 of Teapot." in text(guest.get(done.location))


def test_the_checkout_keeps_what_was_typed(guest: Browser) -> None:
    leave(A=2, B=0)
    offers = buttons(guest.get("/checkout"))
    page = guest.post("/checkout", **DETAILS | {"line1": "2 Ledger Lane"}, take=offers["Save for later: Cup"])
    assert page.status_code == 200
    assert 'value="2 Ledger Lane"' in page.text
    assert "Cup is saved for later." in text(page)
    page = guest.post("/checkout", **DETAILS, take=buttons(page)["Take the 2 that are left: Teapot"])
    assert "Your basket now holds 2 of Teapot." in text(page)
    assert "can be bought now" not in text(page)
    assert place(guest, review(guest)).status_code == 303
    assert count_orders() == 1


def test_a_refused_order_leads_on_to_the_review(guest: Browser) -> None:
    leave(B=0, C=3)
    refused = guest.post("/checkout", **DETAILS)
    assert refused.status_code == 409
    answer = guest.post("/checkout", take="all")
    assert answer.location.startswith("/checkout/review")
    page = guest.get(answer.location)
    assert "Your basket now holds 3 of Tray." in text(page)
    assert place(guest, page).status_code == 303


def test_what_is_held_for_a_shopper_is_not_short(guest: Browser) -> None:
    leave(A=4)
    page = review(guest)
    for url in ("/cart", "/checkout", "/checkout/review"):
        assert "can be bought now" not in text(guest.get(url)), url
    assert place(guest, page).status_code == 303


def test_the_review_offers_what_is_left_after_a_hold(guest: Browser) -> None:
    review(guest)
    guest.post("/cart/quantity", sku="A", quantity="9")
    leave(A=6)
    page = guest.get("/checkout/review")
    offers = buttons(page)
    answer = guest.post("/checkout", take=offers["Take what is left: Teapot"])
    assert "Your basket now holds 6 of Teapot." in text(guest.get(answer.location))


@pytest.mark.parametrize("value", ["", "0", "all", "999999999", "9" * 50, "\x00", "x"])
def test_taking_without_a_basket_is_no_error(app: Flask, value: str) -> None:
    for path in ("/cart", "/checkout"):
        answer = Browser(app).post(path, take=value)
        assert answer.status_code in (303, 409)
