"""Letters about an account are in its language: the one in which its owner last used the shop on purpose."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.extensions import write_transaction
from storefront.mail import Words
from storefront.mail.letter_words import save_words
from storefront.shop_settings import stored_settings
from tests.accounts.people import EMAIL, OTHER, PASSWORD, Browser, last_link, make_user, stored_mails, user
from tests.checkout.shoppers import ADDRESS
from tests.factories import make_product

pytestmark = pytest.mark.any_database


@pytest.fixture
def shop(app: Flask) -> Flask:
    """A shop in English, German and Japanese."""
    stored_settings.set_value("languages", "de_DE, ja_JP")
    return app


def subject(app: Flask) -> str:
    """Return the subject of the last letter."""
    return str(stored_mails(app)[-1]["Subject"])


def test_an_account_is_in_the_language_of_its_sign_up(shop: Flask) -> None:
    browser = Browser(shop)
    browser.post("/de/account/register", email=EMAIL)
    assert subject(shop) == "Ihr Konto bei Kettle & Clay"
    path = last_link(shop)
    assert path.startswith("/de/account/register/")
    browser.post(path, name="Kim", password=PASSWORD)
    # Somebody else asks, in English: the letters are for Kim.
    Browser(shop).post("/account/reset", email=EMAIL)
    assert "Passwort" in subject(shop)
    link = last_link(shop)
    assert link.startswith("/de/account/reset/")
    Browser(shop).post("/account/register", email=EMAIL)
    assert subject(shop) == "Sie haben bereits ein Konto bei Kettle & Clay"
    Browser(shop).post(link.removeprefix("/de"), password=OTHER)
    assert subject(shop) == "Ihr Passwort für Kettle & Clay wurde geändert"


def test_signing_in_and_choosing_change_the_language(shop: Flask) -> None:
    kim, browser = make_user(), Browser(shop)
    assert user(kim).locale == ""
    browser.post("/ja/account/login", email=EMAIL, password=PASSWORD)
    assert user(kim).locale == "ja_JP"
    browser.get("/de/account")
    assert user(kim).locale == "ja_JP", "reading a page changes nothing"
    browser.post("/language", language="de", next="/")
    assert user(kim).locale == "de_DE"
    browser.post("/language", language="", next="/")
    assert user(kim).locale == ""
    Browser(shop).post("/language", language="de", next="/")
    assert user(kim).locale == "", "a guest's choice is of no account"
    browser.post("/de/account/email", email="new@example.com", password=PASSWORD)
    assert subject(shop) == "Confirm your new e-mail address for Kettle & Clay"


def test_an_order_keeps_the_language_of_its_account(shop: Flask) -> None:
    kim, browser = make_user(), Browser(shop)
    browser.sign_in()
    make_product("Mug", variants=[{"sku": "M", "price": 1999, "on_hand": 5}])
    browser.post("/de/cart/lines", sku="M", quantity="1")
    how = {"email": EMAIL, "delivery": "standard", "payment": "invoice", "place": "1", "key": "k" * 20}
    assert browser.post("/de/checkout", **ADDRESS, **how).location.startswith("/de/orders/")
    assert user(kim).locale == "de_DE"


def test_a_language_that_the_shop_gave_up_is_its_own(shop: Flask) -> None:
    kim, browser = make_user(), Browser(shop)
    browser.post("/ja/account/login", email=EMAIL, password=PASSWORD)
    stored_settings.set_value("languages", "de_DE")
    browser.post("/account/reset", email=EMAIL)
    assert subject(shop) == "Reset your Kettle & Clay password"
    assert user(kim).locale == "ja_JP", "it comes back with the language"


def test_words_of_the_merchant_are_in_the_language_too(shop: Flask) -> None:
    make_user()
    with write_transaction() as session:
        save_words(session, "password_reset", "ja", Words("{shop_name}のパスワード"))
    browser = Browser(shop)
    browser.post("/ja/account/login", email=EMAIL, password=PASSWORD)
    browser.post("/account/reset", email=EMAIL)
    assert subject(shop) == "Kettle & Clayのパスワード"
