"""Staff correct e-mail, addresses and telephone of an order that was not shipped; the history keeps both values."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from storefront.checkout import access
from storefront.checkout.order_contact import contact_of, correct_contact
from storefront.extensions import db, write_transaction
from storefront.mail import queue
from tests.accounts.people import Browser, make_user, second_app, stored_mails
from tests.checkout.shoppers import make_draft, place, stored_order
from tests.factories import make_product
from tests.mail.mailbox import mailbox
from tests.processes import free_port

pytestmark = pytest.mark.any_database


@pytest.fixture
def number(app: Flask) -> str:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    return place(make_draft({"T": 1}, exact_email="ada@shop.example")).order.number


@pytest.fixture
def staff(app: Flask) -> Browser:
    make_user("pack@shop.example", role="orders")
    browser = Browser(app)
    browser.sign_in("pack@shop.example")
    return browser


def version(staff: Browser, number: str) -> str:
    page = staff.get(f"/admin/orders/{number}/contact").text
    return re.findall(r'name="made_from" value="(\w+)"', page)[0]


def correct(staff: Browser, number: str, made_from: str = "", status: int = 303, **fields: str) -> str:
    made_from = made_from or version(staff, number)
    answer = staff.post(f"/admin/orders/{number}/contact", made_from=made_from, **fields)
    assert answer.status_code == status, answer.text
    return answer.text


def test_a_correction_is_in_the_order_and_its_history(app: Flask, staff: Browser, number: str) -> None:
    assert f"/admin/orders/{number}/contact" in staff.get(f"/admin/orders/{number}").text
    mails = len(stored_mails(app))
    correct(staff, number, line1="2 Kiln Row", phone="0123 4567")
    now = stored_order(number)
    assert now.ship_to["line1"] == "2 Kiln Row"
    assert (now.ship_to["city"], now.ship_to["region"], now.bill_to) == ("Springfield", "IL", None)
    assert len(stored_mails(app)) == mails, "the shopper gets no letter about a corrected street"
    assert now.events[-1].actor.startswith("staff:")
    page = staff.get(f"/admin/orders/{number}").text
    assert "<bdi>1 Kiln Row</bdi> → <bdi>2 Kiln Row</bdi>" in page
    owner = Browser(app)
    make_user("boss@shop.example", staff=True)
    owner.sign_in("boss@shop.example")
    history = owner.get("/admin/changes?kind=order").text
    for words in ("Contact details corrected.", "Street and number", "1 Kiln Row", "2 Kiln Row", "pack@"):
        assert words in history


def test_a_new_e_mail_address_gets_the_order_and_its_link(app: Flask, staff: Browser, number: str) -> None:
    former = access.order_url(stored_order(number), "")
    assert Browser(app).get(former).status_code == 200
    correct(staff, number, email="Ada.Byron@Shop.example")
    letter = stored_mails(app)[-1]
    assert (letter["To"], letter["Subject"]) == (
        "ada.byron@shop.example",
        f"The e-mail address of your order: {number}",
    )
    text = letter.get_body(("plain",)).get_content()
    assert "Teapot" in text
    assert f"Reference: {number}" in text, "an order that is not paid says how"
    [link] = re.findall(r"http://127.0.0.1:8000(/orders/\S+)", text)
    assert Browser(app).get(link).status_code == 200
    assert Browser(app).get(former).status_code == 404, "the former address may be a stranger's"
    assert stored_order(number).exact_email == "Ada.Byron@shop.example"


def test_a_letter_to_the_former_address_is_not_sent(app: Flask, tmp_path: Path, redis_url: str) -> None:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3}])
    url = f"smtp://127.0.0.1:{(port := free_port())}"
    with second_app(app, tmp_path / "mailing", REDIS_URL=redis_url, STOREFRONT_SMTP_URL=url):
        placed = place(make_draft({"T": 1})).order
        contact = replace(contact_of(placed), email="eve@shop.example")
        with write_transaction() as session:
            correct_contact(session, placed.number, contact, expected=contact_of(placed).version)
        with mailbox(port) as received:
            queue.send_due()
        db.session.remove()
    assert [recipient for recipient, _mail in received] == ["eve@shop.example"]


def test_two_people_do_not_overwrite_each_other(staff: Browser, number: str) -> None:
    made_from = version(staff, number)
    correct(staff, number, made_from, city="Shelbyville")
    page = correct(staff, number, made_from, 409, city="Capital City", company="Kiln & Sons")
    assert "Somebody else has changed this meanwhile" in page
    assert "Saved now: <bdi>Shelbyville</bdi>" in page
    assert 'value="Capital City"' in page, "what was typed stays"
    assert (stored_order(number).ship_to["city"], stored_order(number).ship_to["company"]) == (
        "Shelbyville",
        "",
    )
    again = re.findall(r'name="made_from" value="(\w+)"', page)[0]
    correct(staff, number, again, city="Capital City", company="Kiln & Sons")
    assert stored_order(number).ship_to["company"] == "Kiln & Sons"


def test_an_order_that_was_shipped_is_not_corrected(staff: Browser, number: str) -> None:
    made_from, before = version(staff, number), stored_order(number)
    staff.post(f"/admin/orders/{number}/events", kind="shipped")
    page = correct(staff, number, made_from, 409, line1="2 Kiln Row")
    assert "can no longer be corrected" in page
    assert 'value="2 Kiln Row"' in page
    assert stored_order(number).ship_to == before.ship_to
    assert f"{number}/contact" not in staff.get(f"/admin/orders/{number}").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": "nobody"}, "Enter a valid e-mail address"),
        ({"name": " "}, "Enter the name."),
        ({"postcode": "1"}, "Enter a valid ZIP code"),
        ({"line1": "x" * 201}, "Use up to 200 characters"),
        ({"bill_name": "", "bill_elsewhere": "1"}, "Billing address: Enter the name."),
    ],
)
def test_a_wrong_field_is_explained_and_nothing_saved(
    staff: Browser, number: str, fields: dict[str, str], sentence: str
) -> None:
    before = stored_order(number)
    assert sentence in correct(staff, number, status=422, city="Shelbyville", **fields)
    assert stored_order(number) == before


def test_country_and_absent_fields_stay_as_they_are(staff: Browser, number: str) -> None:
    correct(staff, number, country="DE", company="Kiln")
    assert stored_order(number).ship_to["country"] == "US", "tax and delivery were decided for it"
    assert stored_order(number).ship_to["postcode"] == "62701"
    count = len(stored_order(number).events)
    correct(staff, number, company="Kiln")
    assert len(stored_order(number).events) == count, "nothing was changed, so there is nothing to record"


def test_a_billing_address_comes_and_goes(staff: Browser, number: str) -> None:
    page = staff.get(f"/admin/orders/{number}/contact?bill_country=DE").text
    assert "Postal code" in page
    bill = {"name": "Kiln GmbH", "line1": "Ofenweg 1", "postcode": "10115", "city": "Berlin", "country": "DE"}
    fields = {f"bill_{name}": value for name, value in bill.items()}
    correct(staff, number, bill_elsewhere="1", **fields)
    billed = stored_order(number).bill_to
    assert billed is not None
    assert billed["city"] == "Berlin"
    assert number in staff.get("/admin/orders?q=Kiln").text, "staff find it by the new name"
    correct(staff, number, **fields)
    assert stored_order(number).bill_to is None
    assert number not in staff.get("/admin/orders?q=Kiln").text


def test_digital_goods_have_a_name_and_no_street(app: Flask, staff: Browser) -> None:
    make_product("Song", variants=[{"sku": "FILE", "price": 900, "requires_shipping": False}])
    address = {"name": "Ada", "country": "US", "line1": ""}
    number = place(make_draft({"FILE": 1}, address=address, delivery="")).order.number
    assert 'name="line1"' not in staff.get(f"/admin/orders/{number}/contact").text
    correct(staff, number, name="Ada Byron")
    assert stored_order(number).ship_to["name"] == "Ada Byron"


def test_a_viewer_finds_no_form(app: Flask, number: str) -> None:
    make_user("look@shop.example", role="viewer")
    viewer = Browser(app)
    viewer.sign_in("look@shop.example")
    assert viewer.get(f"/admin/orders/{number}/contact").status_code == 404
    assert viewer.post(f"/admin/orders/{number}/contact", made_from="x", name="Eve").status_code == 404
    assert f"{number}/contact" not in viewer.get(f"/admin/orders/{number}").text
