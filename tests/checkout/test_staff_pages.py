"""The pages on which staff work with orders, and their errors."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.models import Variant
from storefront.checkout import access
from storefront.checkout.models import OrderLine
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser, make_user, stored_mails
from tests.checkout.shoppers import make_draft, place, stock_differences, stock_level, stored_order
from tests.factories import make_product

pytestmark = pytest.mark.any_database


@pytest.fixture
def number(app: Flask) -> str:
    """An order of two teapots at 19.99; 44.88 with delivery."""
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    return place(make_draft({"T": 2})).order.number


@pytest.fixture
def staff(app: Flask) -> Browser:
    make_user("boss@shop.example", staff=True)
    browser = Browser(app)
    browser.sign_in("boss@shop.example")
    return browser


def do(staff: Browser, number: str, kind: str, **form: str) -> int:
    return staff.post(f"/admin/orders/{number}/events", kind=kind, **form).status_code


def test_an_order_keeps_the_sku_that_people_saw(app: Flask, staff: Browser) -> None:
    cup = make_product(
        "Cup", variants=[{"sku": "made-up", "label": "BLUE-1"}, {"sku": "plain", "label": "", "option1": "x"}]
    )
    number = place(make_draft({"made-up": 1, "plain": 1})).order.number
    with write_transaction() as session:
        session.get_one(Variant, cup.variants[0].id).label = "RED-2"
    page = staff.get(f"/admin/orders/{number}").text
    assert "BLUE-1" in page
    assert "x · plain" in page, "staff need the code of goods without an SKU"
    assert "RED-2" not in page
    assert "<bdi>BLUE-1</bdi> (code <bdi>made-up</bdi>)" in page, "stock and files name goods by the code"


def line_of(number: str) -> int:
    return stored_order(number).lines[0].id


def test_staff_take_an_order_through_its_states(app: Flask, staff: Browser, number: str) -> None:
    assert do(staff, number, "paid", amount="44.88", note="Statement 12") == 303
    assert do(staff, number, "shipped", note="PARCEL-7") == 303
    assert do(staff, number, "delivered") == 303
    assert do(staff, number, "note", note="Called: all well") == 303
    page = staff.get(f"/admin/orders/{number}").text
    for words in ("Delivered", "boss@shop.example", "PARCEL-7", "Called: all well"):
        assert words in page
    assert [event.kind for event in stored_order(number).events] == [
        "placed",
        "paid",
        "shipped",
        "delivered",
        "note",
    ]
    shipped = stored_mails(app)[-1]
    assert shipped["Subject"] == f"Your order is on its way: {number}"
    assert "PARCEL-7" in shipped.get_body(("plain",)).get_content()


def test_staff_refund_partly_and_fully_with_returned_goods(app: Flask, staff: Browser, number: str) -> None:
    do(staff, number, "paid", amount="44.88")
    returned = {f"returned-{line_of(number)}": "1"}
    for _ in range(2):  # a double click
        assert do(staff, number, "refunded", amount="19.99", note="Broken", key="form-1", **returned) == 303
    assert (stored_order(number).refunded.amount, stored_order(number).state) == (1999, "paid")
    assert stock_level("T") == (2, 0)
    assert do(staff, number, "refunded", amount="24.89", key="form-2") == 303
    assert stored_order(number).state == "refunded"
    assert "We’ve refunded $24.89" in stored_mails(app)[-1].get_body(("plain",)).get_content()
    assert stock_differences() == []


def test_amounts_are_written_as_the_shop_writes_them(app: Flask, staff: Browser, number: str) -> None:
    app.config["SHOP_SETTINGS"] = {"locale": "de_DE"}
    assert 'value="44,88"' in staff.get(f"/admin/orders/{number}").text
    assert (
        "Geben Sie den Betrag so ein: 44,88"
        in staff.post(f"/admin/orders/{number}/events", kind="paid", amount="?").text
    )
    assert do(staff, number, "paid", amount="44,88") == 303
    assert do(staff, number, "refunded", amount="4,88 $", key="form-1") == 303
    assert (stored_order(number).paid.amount, stored_order(number).refunded.amount) == (4488, 488)


@pytest.mark.parametrize(
    ("kind", "form", "sentence"),
    [
        ("", {}, "Something went wrong with this form"),
        ("eaten", {}, "Something went wrong with this form"),
        ("note", {"note": " "}, "Enter a note."),
        ("paid", {"amount": "much"}, "Enter the amount as 44.88"),
        ("paid", {"amount": " "}, "Enter an amount such as 44.88"),
        ("paid", {"amount": "-1"}, "Enter the amount as"),
        ("paid", {"amount": "1.001"}, "Enter the amount as"),
        ("paid", {"amount": "NaN"}, "Enter the amount as"),
        ("paid", {"amount": "1e999999"}, "Enter the amount as"),
        ("paid", {"amount": "44.89"}, "The amount due is"),
        ("refunded", {"amount": "1"}, "Only an amount that was paid"),
        ("delivered", {}, "placed cannot become delivered"),
    ],
)
def test_impossible_step_is_explained_and_changes_nothing(
    staff: Browser, number: str, kind: str, form: dict[str, str], sentence: str
) -> None:
    before = stored_order(number)
    answer = staff.post(f"/admin/orders/{number}/events", kind=kind, **form)
    assert answer.status_code == 409
    assert sentence in answer.text
    assert stored_order(number) == before


def test_more_goods_than_were_sold_cannot_be_returned(staff: Browser, number: str) -> None:
    do(staff, number, "paid", amount="44.88")
    for wrong in ("3", "-1", "x"):
        returned = {f"returned-{line_of(number)}": wrong}
        assert do(staff, number, "refunded", amount="1", key=f"key-{wrong}", **returned) == 409
    assert stored_order(number).refunded.amount == 0
    assert db.session.execute(select(OrderLine.returned)).scalar_one() == 0


def test_the_list_finds_and_filters(staff: Browser, number: str) -> None:
    assert number in staff.get("/admin/orders").text
    assert number in staff.get("/admin/orders?state=placed").text
    assert number not in staff.get("/admin/orders?state=paid").text
    assert staff.get(f"/admin/orders?number={number.lower()}").location == f"/admin/orders/{number}"
    assert "No order matches this search." in staff.get("/admin/orders?number=xyz").text
    assert staff.get("/admin/orders/XYZ").status_code == 404
    assert staff.get("/admin/orders?page=0").status_code == 404


def test_only_staff_see_the_order_pages(app: Flask, number: str) -> None:
    make_user()
    customer = Browser(app)
    customer.sign_in()
    for browser, status in ((customer, 404), (Browser(app, "198.51.100.9"), 303)):
        for path in ("/admin/orders", f"/admin/orders/{number}"):
            assert browser.get(path).status_code == status
        assert do(browser, number, "paid", amount="44.88") == status
    assert stored_order(number).state == "placed"


def test_an_unpaid_order_that_comes_back_is_closed(app: Flask, staff: Browser, number: str) -> None:
    assert "Came back" not in staff.get(f"/admin/orders/{number}").text
    do(staff, number, "shipped")
    do(staff, number, "paid", amount="10.00")
    page = staff.get(f"/admin/orders/{number}").text
    assert "Came back" in page
    returned = {f"returned-{line_of(number)}": "1"}
    assert do(staff, number, "returned", note="Refused at the door", **returned) == 303
    found = stored_order(number)
    assert (found.state, found.refund_due, found.events[-1].note) == (
        "cancelled",
        True,
        "Refused at the door",
    )
    assert stock_level("T") == (2, 0), "one of two went back into stock"
    letter = stored_mails(app)[-1]
    assert letter["Subject"] == f"Your parcel was returned: {number}"
    assert "You have nothing more to pay." in letter.get_body(("plain",)).get_content()
    assert do(staff, number, "returned", **returned) == 409, "once"
    assert do(staff, number, "refunded", amount="10.00", key="form-1") == 303
    assert not stored_order(number).refund_due
    assert stock_differences() == []


def test_a_paid_order_comes_back_with_its_refund(staff: Browser, number: str) -> None:
    assert do(staff, number, "returned") == 409, "it was not sent"
    do(staff, number, "shipped")
    do(staff, number, "paid", amount="44.88")
    assert "Came back" not in staff.get(f"/admin/orders/{number}").text
    assert do(staff, number, "returned", **{f"returned-{line_of(number)}": "1"}) == 409
    assert stored_order(number).state == "shipped"


def test_more_than_was_sold_does_not_come_back(staff: Browser, number: str) -> None:
    do(staff, number, "shipped")
    assert do(staff, number, "returned", **{f"returned-{line_of(number)}": "3"}) == 409
    assert (stored_order(number).state, stock_level("T")) == ("shipped", (1, 0))
    assert do(staff, number, "returned", **{f"returned-{line_of(number)}": "２"}) == 303, "in full width"


def test_tracking_is_added_and_corrected(app: Flask, staff: Browser, number: str) -> None:
    assert do(staff, number, "tracking", note="P-1") == 409, "nothing is on its way"
    do(staff, number, "shipped", note="P\t-0\u202e")
    assert stored_order(number).tracking == "P -0"
    assert do(staff, number, "tracking", note=" P-1 ") == 303
    assert do(staff, number, "tracking", note="P-1") == 409, "it says that already"
    assert do(staff, number, "tracking", note="") == do(staff, number, "tracking", note="x" * 201) == 409
    do(staff, number, "delivered")
    assert do(staff, number, "tracking", note="P-2") == 303
    assert (stored_order(number).state, stored_order(number).tracking) == ("delivered", "P-2")
    letters = stored_mails(app)[-2:]
    assert letters[-1]["Subject"] == f"Where your parcel is: {number}"
    assert "P-2" in letters[-1].get_body(("plain",)).get_content()
    token = access.order_token(stored_order(number))
    page = Browser(app).get(f"/orders/{number}?token={token}").text
    assert "Tracking number: <bdi>P-2</bdi>" in page
    assert "P-1" not in page


def test_a_corrected_number_replaces_the_first(app: Flask, staff: Browser, number: str) -> None:
    do(staff, number, "shipped", note="WRONG-7")
    do(staff, number, "tracking", note="RIGHT-8")
    page = Browser(app).get(f"/orders/{number}?token={access.order_token(stored_order(number))}").text
    assert "RIGHT-8" in page
    assert "WRONG-7" not in page
    assert "WRONG-7" in staff.get(f"/admin/orders/{number}").text, "the log keeps what was said"


@pytest.mark.parametrize(
    ("kind", "form", "kept"),
    [
        ("paid", {"amount": "44,8x", "note": "Statement 12"}, ["44,8x", "Statement 12"]),
        ("refunded", {"amount": "99999.00", "note": "Broken", "returned": "1"}, ["99999.00", "Broken"]),
        ("delivered", {"note": "A neighbour has it"}, ["A neighbour has it"]),
    ],
)
def test_a_refused_form_keeps_what_was_typed(
    staff: Browser, number: str, kind: str, form: dict[str, str], kept: list[str]
) -> None:
    if kind == "refunded":
        do(staff, number, "paid", amount="44.88")
        form = {**form, f"returned-{line_of(number)}": form["returned"]}
    page = staff.post(f"/admin/orders/{number}/events", kind=kind, **form).text
    [opened] = re.findall(r'<details class="order-step" open>.*?</details>', page, re.DOTALL)
    assert opened.count("autofocus") == 1
    assert 'role="alert"' in opened
    for text in kept:
        assert f'value="{text}"' in opened
    if kind == "refunded":
        assert f'name="returned-{line_of(number)}" inputmode="numeric" value="1"' in opened
