"""Goods that are not sent need no delivery, no street and no parcel; goods that are not taxed carry no tax."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.checkout import messages, queries, shipping
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.errors import IncompleteError, OrderError
from storefront.checkout.totals import LineItem, add_up
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser, make_user
from tests.checkout.shoppers import ADDRESS, make_draft, place, stock_level
from tests.factories import make_product

pytestmark = pytest.mark.any_database

POST = DeliveryMethod("post", "Post", 500, free_from=2000)
BUYER = {
    "email": "ada@shop.example",
    "name": "Ada Byron",
    "country": "DE",
    "payment": "invoice",
    "do": "review",
}


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A guest, in a shop with a book and its file."""
    make_product("Song", variants=[{"sku": "FILE", "price": 900, "requires_shipping": False}])
    make_product("Book", variants=[{"sku": "BOOK", "price": 1500}])
    return Browser(app)


def test_a_basket_of_digital_goods_is_bought_without_a_street(app: Flask, browser: Browser) -> None:
    browser.post("/cart/lines", sku="FILE")
    page = browser.get("/checkout?country=DE").text
    for absent in ('name="line1"', 'name="postcode"', 'name="region"', 'name="delivery"', "<dt>Delivery"):
        assert absent not in page
    assert "Your items are delivered digitally" in page
    assert browser.post("/checkout", **BUYER | {"name": ""}).status_code == 422
    assert browser.post("/checkout", **BUYER).status_code == 303
    review = browser.get("/checkout/review").text
    assert (
        "<dt>Delivery" in review,
        "Delivery address" in review,
        "Buy now for <bdi>$9.00</bdi>" in review,
    ) == (
        False,
        False,
        True,
    )
    page = browser.get(order_of(browser, review)).text
    assert ("Delivery address" in page, "<dt>Delivery" in page, "Ada Byron" in page) == (False, False, True)


def order_of(browser: Browser, review: str) -> str:
    """Place the reviewed order; return the address of its page."""
    fields = {name: review.split(f'name="{name}" value="')[1].split('"')[0] for name in ("key", "seen")}
    answer = browser.post("/checkout", do="place", **fields)
    assert answer.status_code == 303
    return str(answer.location)


def test_a_mixed_basket_needs_delivery_for_the_rest(browser: Browser) -> None:
    only = {"name": "Ada", "country": "US", "line1": ""}
    with pytest.raises(IncompleteError, match="Enter a delivery address"):
        place(make_draft({"FILE": 1, "BOOK": 1}, address=only))
    with pytest.raises(IncompleteError, match="Choose a delivery method"):
        place(make_draft({"FILE": 1, "BOOK": 1}, delivery=""))
    order = place(make_draft({"FILE": 1, "BOOK": 1}, address=ADDRESS)).order
    assert (order.delivery, order.delivery_price) == ("Standard delivery", 490)
    file = place(make_draft({"FILE": 1}, address=only), "another key of good length").order
    assert (file.delivery, file.delivery_price, file.total) == ("", 0, 900)


def test_digital_goods_are_delivered_without_being_shipped(app: Flask, browser: Browser) -> None:
    number = place(make_draft({"FILE": 1}, address={"name": "Ada", "country": "US"})).order.number
    make_user("boss@shop.example", staff=True)
    browser.sign_in("boss@shop.example")
    page = browser.get(f"/admin/orders/{number}").text
    assert ('value="shipped"' in page, 'value="delivered"' in page, "No delivery needed" in page) == (
        False,
        True,
        True,
    )
    with pytest.raises(OrderError, match="This order has nothing to ship"), write_transaction() as session:
        shipping.mark_shipped(session, number)
    assert browser.post(f"/admin/orders/{number}/events", kind="delivered").status_code == 303
    db.session.rollback()
    view = queries.find_order(number)
    assert view is not None
    assert (view.state, stock_level("FILE")) == ("delivered", (19, 0))
    with app.test_request_context():
        mail = messages.confirmation_letter(view, "https://shop.example").facts
    assert [row[0] for row in mail.rows] == ["1 × Song", "Total"]
    assert [block[0] for block in mail.blocks][:1] == ["Billing address:"]


@pytest.mark.parametrize("inclusive", [True, False])
def test_tax_and_delivery_count_only_what_they_concern(inclusive: bool) -> None:
    book = LineItem("B", "Book", "", 1, 1000, taxable=False)
    cup = LineItem("C", "Cup", "", 1, 1000)
    file = LineItem("F", "File", "", 1, 1190, requires_shipping=False)
    found = [
        add_up(lines, POST, 19_000, currency="EUR", inclusive=inclusive)
        for lines in ([book], [book, file], [cup, file], [file])
    ]
    assert [one.delivery for one in found] == [500, 500, 500, 0]
    assert [len(one.taxes) for one in found] == [0, 1, 1, 1]
    assert [[line.tax_rate for line in one.lines] for one in found[:2]] == [[0], [0, 19_000]]
    assert [one.taxes[0].base for one in found[1:]] == [1190, 2690, 1190]
    assert found[0].tax == 0
    assert found[3].tax == (190 if inclusive else 226)
    assert add_up([cup, cup, file], POST, 0, currency="EUR", inclusive=inclusive).delivery == 0, (
        "free from 20"
    )
