"""One's own account: name, e-mail, password, addresses, data export and deletion."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront import accounts
from storefront.accounts.models import Address, SignIn, User
from storefront.accounts.pages import addresses
from storefront.extensions import db
from tests.accounts.people import EMAIL, OTHER, PASSWORD, Browser, last_link, make_user, stored_mails, user

pytestmark = pytest.mark.any_database

HOME = {
    "name": "Kim Lang",
    "company": "",
    "line1": "Quai 3",
    "line2": "",
    "postcode": "8001",
    "city": "Zürich",
    "region": "",
    "country": "CH",
    "phone": "+41 44 000 00 00",
}


@pytest.fixture
def kims(browser: Browser, kim: int) -> Browser:
    """A browser in which Kim is signed in."""
    browser.sign_in()
    return browser


def test_new_name_shows_at_once(app: Flask, kims: Browser) -> None:
    def known() -> str | None:
        with app.test_request_context("/me", headers={"Cookie": f"signin={kims.cookie()}"}):
            db.session.rollback()
            found = accounts.current_user()
            return found.name if found else None

    assert known() == "Kim"
    answer = kims.post("/account/name", name="Kim L.")
    assert "Your name has been changed." in kims.get(answer.location).text
    assert known() == "Kim L."
    assert kims.post("/account/name", name="x" * 101).status_code == 422


def test_new_password_signs_other_devices_out(app: Flask, kims: Browser) -> None:
    other = Browser(app)
    other.sign_in()
    session = kims.cookie("session")
    answer = kims.post("/account/password", current_password=PASSWORD, password=OTHER)
    assert "Your password has been changed" in kims.get(answer.location).text
    assert kims.cookie("session") != session
    assert not other.is_signed_in()
    assert other.sign_in().status_code == 422
    assert other.sign_in(password=OTHER).status_code == 303
    assert stored_mails(app)[-1]["To"] == EMAIL


@pytest.mark.parametrize(
    ("current", "new", "sentence"),
    [
        ("wrong", OTHER, "Incorrect password."),
        ("", OTHER, "Enter a password."),
        (PASSWORD, "short", "at least 10 characters"),
        (PASSWORD, EMAIL, "Don’t use your name"),
    ],
)
def test_invalid_form_changes_no_password(
    app: Flask, kims: Browser, current: str, new: str, sentence: str
) -> None:
    answer = kims.post("/account/password", current_password=current, password=new)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert Browser(app).sign_in().status_code == 303


def test_new_email_is_set_when_confirmed(app: Flask, kims: Browser, kim: int) -> None:
    other = Browser(app)
    other.sign_in()
    answer = kims.post("/account/email", email="New@Example.com", password=PASSWORD)
    assert "Its messages are files in" in kims.get(answer.location).text
    assert stored_mails(app)[-1]["To"] == "new@example.com"
    path = last_link(app)
    assert "new@example.com" in kims.get(path).text
    assert user(kim).email == EMAIL, "opening the link changes nothing"
    answer = kims.post(path)
    assert "Your e-mail address has been changed" in kims.get(answer.location).text
    assert user(kim).email == "new@example.com"
    assert stored_mails(app)[-1]["To"] == EMAIL, "the old address gets a notice"
    assert not other.is_signed_in()
    assert kims.post(path).status_code == 410
    assert Browser(app).sign_in("new@example.com").status_code == 303


def test_taken_email_gets_same_answer_but_is_not_set(app: Flask, kims: Browser, kim: int) -> None:
    free = kims.post("/account/email", email="lee@example.com", password=PASSWORD)
    path = last_link(app)
    make_user("lee@example.com")
    taken = kims.post("/account/email", email="lee@example.com", password=PASSWORD)
    assert (free.status_code, free.location[:20]) == (taken.status_code, taken.location[:20])
    assert "You already have an account" in stored_mails(app)[-1]["Subject"]
    assert kims.post(path).status_code == 410, "another account has the e-mail by now"
    assert user(kim).email == EMAIL


@pytest.mark.parametrize(
    ("email", "password", "sentence"),
    [("nothing", PASSWORD, "Enter a valid e-mail address"), ("a@example.com", "wrong", "Incorrect password")],
)
def test_invalid_form_changes_no_email(
    app: Flask, kims: Browser, email: str, password: str, sentence: str
) -> None:
    answer = kims.post("/account/email", email=email, password=password)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert stored_mails(app) == []


def test_address_is_added_changed_and_removed(kims: Browser) -> None:
    assert "You have no addresses yet." in kims.get("/account/addresses").text
    assert '<option value="US" selected>' in kims.get("/account/addresses/new").text
    answer = kims.post("/account/addresses", **HOME)
    page = kims.get(answer.location).text
    assert "The address has been saved." in page
    for words in ("Kim Lang", "8001 Zürich", "Switzerland"):
        assert words in page
    number = db.session.execute(select(Address.id)).scalar_one()
    form = kims.get(f"/account/addresses/{number}").text
    assert 'value="Quai 3"' in form
    assert 'autocomplete="shipping address-line1"' in form
    kims.post(f"/account/addresses/{number}", **HOME | {"line1": "Quai 4"})
    assert "Quai 4" in kims.get("/account/addresses").text
    for _ in range(2):  # a double click is not an error
        assert kims.post(f"/account/addresses/{number}/removal").status_code == 303
    assert "You have no addresses yet." in kims.get("/account/addresses").text


def test_address_is_printed_and_typed_back_as_on_an_order(kims: Browser) -> None:
    us = {"country": "US", "postcode": "941031234", "city": "San Francisco", "region": "CA"}
    assert kims.post("/account/addresses", **HOME | us).status_code == 303
    assert "San Francisco, CA 94103-1234</bdi>" in kims.get("/account/addresses").text
    for typed in ("CH-8001", "８００１"):
        page = kims.get(kims.post("/account/addresses", **HOME | {"postcode": typed}).location).text
        assert "<bdi>CH-8001 Zürich</bdi>" in page


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Enter the name."),
        ({"line1": " \t "}, "Enter the street."),
        ({"city": "x" * 101}, "up to 100 characters"),
        ({"country": "XX"}, "Choose a country."),
        ({"country": ""}, "Choose a country."),
    ],
)
def test_invalid_address_is_422_and_not_saved(kims: Browser, wrong: dict[str, str], sentence: str) -> None:
    answer = kims.post("/account/addresses", **HOME | wrong)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert 'value="8001"' in answer.text
    assert db.session.execute(select(Address)).first() is None


def test_number_of_addresses_is_limited(kims: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "MAX_ADDRESSES", 1)
    kims.post("/account/addresses", **HOME)
    answer = kims.post("/account/addresses", **HOME)
    assert answer.status_code == 422
    assert "1 addresses" in answer.text


def test_addresses_are_private_to_their_account(app: Flask, kims: Browser) -> None:
    kims.post("/account/addresses", **HOME)
    number = db.session.execute(select(Address.id)).scalar_one()
    make_user("lee@example.com")
    lee = Browser(app)
    lee.sign_in("lee@example.com")
    assert lee.get(f"/account/addresses/{number}").status_code == 404
    assert lee.get(f"/account/addresses/{2**64}").status_code == 404
    assert lee.post(f"/account/devices/{2**64}/removal").status_code == 404
    assert lee.post(f"/account/addresses/{number}", **HOME).status_code == 404
    lee.post(f"/account/addresses/{number}/removal")
    assert "Quai 3" in kims.get("/account/addresses").text
    assert "Quai 3" not in lee.get("/account/addresses").text


def test_data_export_contains_all_rooms(app: Flask, kims: Browser) -> None:
    kims.post("/account/addresses", **HOME)
    accounts.add_export(app, "basket", lambda user_id: {"of": user_id})
    answer = kims.get("/account/data")
    assert "attachment" in answer.headers["Content-Disposition"]
    data = json.loads(answer.data)
    assert data["profile"]["email"] == EMAIL
    assert data["addresses"][0]["city"] == "Zürich"
    assert data["sign_ins"][0]["device"] == "Firefox on Linux"
    assert data["basket"] == {"of": db.session.execute(select(User.id)).scalar_one()}
    assert "argon2" not in answer.text


def test_deletion_removes_all_data_of_the_account(app: Flask, kims: Browser, kim: int) -> None:
    deleted: list[int] = []

    def also(_: Session, user_id: int) -> None:
        deleted.append(user_id)

    accounts.account_deleted.register(app, also)
    kims.post("/account/addresses", **HOME)
    other = Browser(app)
    other.sign_in()
    assert kims.get("/account/deletion").status_code == 200
    answer = kims.post("/account/deletion", password=PASSWORD)
    assert "Your account is closed" in kims.get(answer.location).text
    assert deleted == [kim]
    for model in (User, SignIn, Address):
        assert db.session.execute(select(func.count()).select_from(model)).scalar_one() == 0
    assert not kims.is_signed_in()
    assert not other.is_signed_in()
    assert kims.sign_in().status_code == 422
    assert make_user("lee@example.com") != kim, "the id is not reused: other rows may still refer to it"


def test_deletion_needs_the_password(kims: Browser, kim: int) -> None:
    for password in ("", "wrong"):
        answer = kims.post("/account/deletion", password=password)
        assert answer.status_code == 422
    assert user(kim)
    assert kims.is_signed_in()
