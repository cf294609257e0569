"""A guest who has lost the letter asks for the link to an order; nobody learns from the answer whether it exists."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.checkout.models import Order
from storefront.extensions import db, write_transaction
from storefront.mail.queue import QueuedMail
from tests.accounts.people import Browser, make_user, stored_mails
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product
from tests.statements import count_statements

pytestmark = pytest.mark.any_database


@pytest.fixture
def number(app: Flask) -> str:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    return place(make_draft({"T": 1}, email="ada@shop.example")).order.number


def ask(browser: Browser, number: str, email: str = "ada@shop.example") -> TestResponse:
    return browser.post("/orders", number=number, email=email)


def test_the_link_goes_to_the_address_of_the_order(app: Flask, number: str) -> None:
    guest = Browser(app)
    assert "Find your order" in guest.get("/").text, "the footer leads there"
    assert 'name="number"' in guest.get("/orders").text
    before = len(stored_mails(app))
    answer = ask(guest, f" {number.lower()} ", "ADA@Shop.Example")
    assert (answer.status_code, answer.location) == (303, "/orders/sent")
    assert "If we have an order with this number" in guest.get(answer.location).text
    letter = stored_mails(app)[before]
    assert letter["To"] == "ada@shop.example"
    link = re.search(r"http://127.0.0.1:8000(/orders/\S+)", letter.get_body(("plain",)).get_content())
    assert link
    assert Browser(app).get(link[1]).status_code == 200


@pytest.mark.parametrize(
    "pattern", ["{wide}", "Order {number}", "# {number}", "No. {number}", "{dashed}", "{spaced}"]
)
def test_the_number_is_found_however_people_type_it(app: Flask, number: str, pattern: str) -> None:
    guest = Browser(app)
    guest.get("/orders")
    before = len(stored_mails(app))
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in number)
    typed = pattern.format(
        number=number, wide=wide, dashed=f"{number[:5]}-{number[5:]}", spaced=" ".join(number)
    )
    assert ask(guest, typed, "ａｄａ＠shop.example").status_code == 303
    assert len(stored_mails(app)) == before + 1


def test_a_wrong_guess_gets_the_same_answer_and_work(app: Flask, number: str) -> None:
    guest = Browser(app)
    guest.get("/orders")
    app.config["SMTP_URL"] = "smtp://127.0.0.1:9"  # so that letters wait, as they do in production
    answers: list[TestResponse] = []
    found = count_statements(lambda: answers.append(ask(guest, number)))
    other_address = count_statements(lambda: answers.append(ask(guest, number, "eve@shop.example")))
    no_order = count_statements(lambda: answers.append(ask(guest, "2222222222", "eve@shop.example")))
    assert found == other_address == no_order
    assert (
        len({(one.status_code, one.location, one.data, str(sorted(one.headers.keys()))) for one in answers})
        == 1
    )
    assert sorted(db.session.scalars(select(QueuedMail.recipient))) == ["", "", "ada@shop.example"]


def test_a_form_with_errors_says_so(app: Flask) -> None:
    answer = ask(Browser(app), "", "nobody")
    assert answer.status_code == 422
    assert "Enter a valid e-mail address" in answer.text
    assert ask(Browser(app), "x" * 65).status_code == 422


def test_the_eleventh_question_in_an_hour_is_refused(app: Flask) -> None:
    statuses = [
        ask(Browser(app), "2222222222", f"ada{count}@shop.example").status_code for count in range(11)
    ]
    assert statuses == [303] * 10 + [429]


def test_a_mailbox_is_not_filled_from_many_addresses(app: Flask, number: str) -> None:
    for mailbox in ("ada@shop.example", "eve@shop.example"):  # one has an order, the other has none
        browsers = [Browser(app, f"203.0.113.{count}") for count in range(12)]
        answers = [ask(browser, number, mailbox).status_code for browser in browsers]
        assert answers[-1] == 429, mailbox


def test_the_number_of_another_shop_is_found(app: Flask, number: str) -> None:
    with write_transaction() as session:
        session.query(Order).filter_by(number=number).update({"imported_number": "#1001"})
    before = len(stored_mails(app))
    for typed in ("#1001", "1001"):
        ask(Browser(app), typed)
    assert len(stored_mails(app)) == before + 2


def test_an_order_without_an_address_is_nobodys(app: Flask, number: str) -> None:
    with write_transaction() as session:
        session.query(Order).filter_by(number=number).update({"email": ""})
    before = len(stored_mails(app))
    assert ask(Browser(app), number, "").status_code == 422
    assert len(stored_mails(app)) == before


def test_people_who_are_signed_in_need_not_type_their_address(app: Flask, number: str) -> None:
    make_user("kim@shop.example")
    browser = Browser(app)
    browser.sign_in("kim@shop.example")
    assert 'value="kim@shop.example"' in browser.get("/orders").text
    assert "Find an order you placed as a guest" in browser.get("/account/orders").text
