"""Packing slips: of one order, and of a page of the list; without prices, in the customer's language."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from markupsafe import escape

from storefront import shop_settings
from storefront.checkout import queries
from storefront.checkout.models import Order, PaymentDispute
from storefront.extensions import db, write_transaction
from storefront.shop_settings.stored_settings import set_value
from tests.accounts.people import Browser, make_user
from tests.checkout.shoppers import ADDRESS, make_draft, place
from tests.factories import make_product
from tests.statements import count_statements

pytestmark = pytest.mark.any_database
LIST = "/admin/orders/packing-slips"


@pytest.fixture
def staff(app: Flask) -> Browser:
    make_product(
        "Teapot",
        variants=[{"sku": "made-up", "label": "TEA-1", "option1": "Celadon", "price": 1999, "on_hand": 30}],
    )
    make_product("Song", variants=[{"sku": "FILE", "price": 900, "requires_shipping": False}])
    make_user("pack@shop.example", role="orders")
    browser = Browser(app)
    browser.sign_in("pack@shop.example")
    return browser


def order_of(name: str, quantity: int = 2) -> str:
    return place(make_draft({"made-up": quantity}, address=ADDRESS | {"name": name})).order.number


def do(staff: Browser, number: str, kind: str, **form: str) -> None:
    assert staff.post(f"/admin/orders/{number}/events", kind=kind, **form).status_code == 303


def slips_of(page: str) -> list[str]:
    return re.findall(r'<article class="packing-slip".*?</article>', page, re.DOTALL)


def test_a_slip_says_what_goes_where_and_no_price(app: Flask, staff: Browser) -> None:
    set_value("street", "5 Shop Street")
    number = order_of("Ada <Byron>")
    assert f"/admin/orders/{number}/packing-slip" in staff.get(f"/admin/orders/{number}").text
    [slip] = slips_of(staff.get(f"/admin/orders/{number}/packing-slip").text)
    words = ("Ada &lt;Byron&gt;", "1 Kiln Row", number, "Teapot", "Celadon", "TEA-1", "made-up", "<td>2</td>")
    for word in (*words, escape(shop_settings.current().name), "5 Shop Street"):
        assert word in slip
    assert "$" not in slip
    assert "19.99" not in slip


def test_goods_that_went_back_are_not_packed(staff: Browser) -> None:
    number = order_of("Ada")
    order = queries.find_order(number)
    assert order is not None
    line = f"returned-{order.lines[0].id}"
    do(staff, number, "paid", amount=order.total.format_plain("en_US"))
    do(staff, number, "refunded", amount="19.99", key="one of two", **{line: "1"})
    [slip] = slips_of(staff.get(f"/admin/orders/{number}/packing-slip").text)
    assert "<td>1</td>" in slip


def test_the_list_prints_what_is_to_be_packed(staff: Browser) -> None:
    paid, unpaid, shipped, disputed = (order_of(f"Person {number}") for number in range(4))
    for number in (paid, disputed, shipped):
        order = queries.find_order(number)
        assert order is not None
        do(staff, number, "paid", amount=order.total.format_plain("en_US"))
    do(staff, shipped, "shipped")
    with write_transaction() as session:
        order_id = session.execute(db.select(Order.id).where(Order.number == disputed)).scalar_one()
        about = {"provider": "stripe", "reference": "dp_1", "amount": 1, "currency": "USD"}
        session.add(PaymentDispute(order_id=order_id, status="needs_response", **about))
    place(make_draft({"FILE": 1}, delivery=""))
    assert LIST in staff.get("/admin/orders").text
    page = staff.get(LIST).text
    assert [number in page for number in (paid, unpaid, shipped, disputed)] == [True, False, False, False]
    page = staff.get(f"{LIST}?state=placed&q=Person").text
    assert len(slips_of(page)) == 1
    assert unpaid in page
    assert "Nothing is to be packed here." in staff.get(f"{LIST}?q=nobody").text


def test_more_slips_cost_no_more_statements(app: Flask, staff: Browser) -> None:
    path = f"{LIST}?state=placed"
    for _ in range(2):
        order_of("Ada")
    staff.get(path)
    two = count_statements(lambda: staff.get(path))
    for _ in range(4):
        order_of("Ada")
    assert count_statements(lambda: staff.get(path)) == two <= 8


def test_a_slip_is_in_the_language_of_its_order(app: Flask, staff: Browser) -> None:
    set_value("languages", "de_DE")
    number = order_of("Ada")
    with write_transaction() as session:
        session.execute(db.update(Order).values(locale="de_DE"))
    page = staff.get(f"/admin/orders/{number}/packing-slip").text
    assert "<h1>Packing slips</h1>" in page
    [slip] = slips_of(page)
    assert 'lang="de' in slip
    assert "Lieferschein" in slip
    assert "Vereinigte Staaten" in slip


def test_orders_without_a_parcel_have_no_slip(staff: Browser) -> None:
    number = place(make_draft({"FILE": 1}, delivery="")).order.number
    assert "packing-slip" not in staff.get(f"/admin/orders/{number}").text
    for wrong in (number, "NOBODY"):
        assert staff.get(f"/admin/orders/{wrong}/packing-slip").status_code == 404
