"""The pages from the basket to the order, and their errors."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from storefront.catalog.models import Variant
from storefront.checkout import shipping
from storefront.checkout.models import Hold, HoldTime
from storefront.extensions import write_transaction
from storefront.stock import set_on_hand
from tests import valid_html
from tests.accounts.people import Browser, make_user, second_app, staff_browser, stored_mails
from tests.checkout.shoppers import count_orders, stock_differences, stock_level
from tests.factories import make_product

pytestmark = pytest.mark.any_database

DETAILS = {
    "email": "Ada@Shop.example",
    "country": "US",
    "name": "Ada Byron",
    "company": "",
    "line1": "1 Kiln Row",
    "line2": "",
    "postcode": "62701",
    "city": "Springfield",
    "region": "IL",
    "phone": "",
    "delivery": "standard",
    "payment": "invoice",
}


@pytest.fixture
def guest(app: Flask) -> Browser:
    """A guest with two of the three teapots in the basket."""
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    browser = Browser(app)
    assert browser.post("/cart/lines", sku="T", quantity="2").status_code == 303
    return browser


def hidden(page: TestResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, f"no {name} in {page.text}"
    return found[1]


def review(browser: Browser, **changed: str) -> TestResponse:
    answer = browser.post("/checkout", **DETAILS | changed)
    assert answer.status_code == 303, re.findall(r'class="field__wrong"[^>]*>([^<]+)', answer.text)
    return browser.get(answer.location)


def place(browser: Browser, page: TestResponse) -> TestResponse:
    return browser.post("/checkout", do="place", key=hidden(page, "key"), seen=hidden(page, "seen"))


def buy(browser: Browser) -> str:
    """Place an order; return the URL of its page."""
    answer = place(browser, review(browser))
    assert answer.status_code == 303
    return answer.location


def test_guest_buys(app: Flask, guest: Browser) -> None:
    form = guest.get("/checkout")
    assert form.status_code == 200
    assert form.headers["Cache-Control"] == "private, no-store"
    assert stock_level("T") == (3, 0), "the form alone holds nothing"
    page = review(guest)
    assert stock_level("T") == (3, 2)
    assert "Reserved for you until" in page.text
    assert "$44.88" in page.text
    location = buy(guest)
    order = guest.get(location)
    assert order.status_code == 200
    assert "Thank you! We’ve received your order." in order.text
    assert "This shop doesn’t send e-mail yet" in order.text
    assert "Reference: " not in order.text.partition("This shop doesn’t send e-mail yet")[2], "nor shows it"
    assert stock_level("T") == (1, 0)
    assert guest.get("/me").json == {"signed_in": False, "name": None, "cart_quantity": 0}
    [letter] = stored_mails(app)
    plain, html = (letter.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert letter["To"] == "ada@shop.example"
    for words in ("2 × Teapot", "$44.88", "1 Kiln Row", "Reference: "):
        assert words in plain
        assert words in html
    link = re.search(r"http://127.0.0.1:8000(/orders/\S+)", plain)
    assert link
    assert Browser(app).get(link[1]).status_code == 200, "the link in the mail works in every browser"


def test_double_click_shows_the_same_order(guest: Browser) -> None:
    page = review(guest)
    first, second = place(guest, page), place(guest, page)
    assert first.location.split("?")[0] == second.location.split("?")[0]
    assert count_orders() == 1


def test_complete_form_places_an_order_in_one_request(guest: Browser) -> None:
    answer = guest.post("/checkout", **DETAILS, place="1", key="k" * 20)
    assert answer.location.startswith("/orders/")
    assert count_orders() == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "", "Enter your e-mail address."),
        ("email", "ada", "Enter a valid e-mail address"),
        ("country", "XX", "Choose a country."),
        ("name", "", "Enter the name."),
        ("name", "x" * 101, "up to 100 characters"),
        ("line1", "\x00", "Enter the street."),
        ("postcode", "", "Enter the ZIP code."),
        ("postcode", "6270", "Enter a valid ZIP code, such as 95014."),
        ("postcode", "95014", "The ZIP code 95014 doesn’t match the state."),
        ("city", "", "Enter the city."),
        ("region", "", "Enter the state."),
        ("region", "Bavaria", "Choose the state from the list."),
        ("delivery", "by owl", "Choose a delivery method."),
        ("payment", "stripe", "Choose a payment method."),
    ],
)
def test_error_is_shown_beside_its_field(guest: Browser, field: str, value: str, sentence: str) -> None:
    answer = guest.post("/checkout", **DETAILS | {field: value})
    assert answer.status_code == 422
    assert re.search(rf'<li><a href="#{field}">[^<]*{re.escape(sentence)}', answer.text)
    assert re.search(rf'id="{field}-wrong">[^<]*{re.escape(sentence)}', answer.text)
    assert answer.text.count(" autofocus") == 1
    assert stock_level("T") == (3, 0), "a form with errors holds nothing"


def test_country_changes_the_fields_without_a_script(guest: Browser) -> None:
    answer = guest.post("/checkout", **DETAILS | {"country": "AE", "region": "", "do": "country"})
    assert answer.status_code == 200
    assert "Emirate" in answer.text
    assert "field__wrong" not in answer.text
    assert 'value="1 Kiln Row"' in answer.text, "the typed values are kept"
    assert 'id="city"' not in answer.text
    wrong = guest.post("/checkout", **DETAILS | {"country": "GB", "postcode": "62701"})
    assert "Enter a valid postal code, such as EC1Y 8SY." in wrong.text
    guest.post("/checkout", **DETAILS | {"country": "GB", "postcode": "ec1y 8sy", "region": ""})
    assert "EC1Y 8SY" in guest.get("/checkout").text


def test_changed_prices_are_shown_and_need_another_click(guest: Browser) -> None:
    page = review(guest)
    with write_transaction() as session:
        session.execute(update(Variant).where(Variant.sku == "T").values(price=2500))
    answer = place(guest, page)
    assert answer.status_code == 409
    assert "<s>$19.99</s> <strong>$25.00</strong>" in answer.text
    assert "<s>$44.88</s>" in answer.text
    assert count_orders() == 0
    assert place(guest, answer).status_code == 303
    assert count_orders() == 1


@pytest.mark.parametrize("seen", ["", "0" * 64, "é"])
def test_unseen_totals_cannot_be_agreed_to(guest: Browser, seen: str) -> None:
    page = review(guest)
    answer = guest.post("/checkout", do="place", key=hidden(page, "key"), seen=seen, total="1")
    assert answer.status_code == 409
    assert count_orders() == 0


def test_slower_shopper_keeps_the_rest_of_the_basket(app: Flask, guest: Browser) -> None:
    make_product("Cup", variants=[{"sku": "C"}])
    guest.post("/cart/lines", sku="C")
    slower = Browser(app, "198.51.100.8")
    slower.post("/cart/lines", sku="T", quantity="2")
    slower.post("/cart/lines", sku="C")
    buy(guest)
    answer = slower.post("/checkout", **DETAILS)
    assert answer.status_code == 409
    assert "Only 1 left." in answer.text
    assert "1 × Cup" in answer.text
    assert slower.get("/me").json["cart_quantity"] == 3  # type: ignore[index]
    with write_transaction() as session:
        set_on_hand(session, "T", 0, reason="counted", actor="test")
    assert "Sold out." in slower.post("/checkout", **DETAILS).text
    assert stock_differences() == []


def test_what_is_held_for_a_shopper_is_not_sold_out_to_them(app: Flask, guest: Browser) -> None:
    with write_transaction() as session:
        set_on_hand(session, "T", 10, reason="counted", actor="test")
    review(guest)
    with write_transaction() as session:
        set_on_hand(session, "T", 2, reason="counted", actor="test")
    assert stock_level("T") == (2, 2)
    assert "cart-line__notice" not in guest.get("/cart").text
    slower = Browser(app, "198.51.100.8")
    assert "sold out" in slower.post("/cart/lines", sku="T").text


def test_empty_basket_is_explained(app: Flask) -> None:
    browser = Browser(app)
    sent = (browser.post("/checkout", **DETAILS), browser.post("/checkout", do="place"))
    for answer in (browser.get("/checkout"), *sent):
        assert answer.status_code == 409
        assert "Your basket is empty" in answer.text
    assert browser.get("/checkout/review").location == "/checkout"


def test_order_is_shown_only_to_its_owner(app: Flask, guest: Browser) -> None:
    location = buy(guest)
    number, token = re.fullmatch(r"/orders/(\w+)\?token=([^&]+).*", location).groups()  # type: ignore[union-attr]
    stranger = Browser(app, "198.51.100.9")
    other = guest.post("/cart/lines", sku="T")
    assert other.status_code == 303
    foreign = re.search("token=([^&]+)", buy(guest))[1]  # type: ignore[index]
    wrong = ("", f"?token={foreign}", f"?token={token[:-1]}", "?token=%00", "?token=é")
    for path in (f"/orders/XXXXXXXXXX?token={token}", *(f"/orders/{number}{query}" for query in wrong)):
        answer = stranger.get(path)
        assert answer.status_code == 404, path
        assert "We can’t find this order." in answer.text
        assert "no-store" in answer.headers["Cache-Control"]
    assert stranger.post(f"/orders/{number}/cancellation?token={foreign}").status_code == 404
    assert stranger.get(f"/orders/{number}?token={token}").status_code == 200


def test_order_is_cancelled_once_and_goods_return_to_stock(app: Flask, guest: Browser) -> None:
    location = buy(guest)
    path, _, query = location.partition("?")
    assert "you have nothing to pay" in guest.get(location).text
    for _ in range(2):
        answer = guest.post(f"{path}/cancellation?{query}")
        assert answer.status_code == 303
    assert "Your order has been cancelled" in guest.get(answer.location).text
    assert stock_level("T") == (3, 0)
    assert [mail["Subject"].partition(":")[0] for mail in stored_mails(app)][1:] == [
        "Your order has been cancelled"
    ]
    assert stock_differences() == []


def test_shipped_order_cannot_be_cancelled(guest: Browser) -> None:
    location = buy(guest)
    path, _, query = location.partition("?")
    with write_transaction() as session:
        shipping.mark_shipped(session, path.rpartition("/")[2], actor="test")
    answer = guest.post(f"{path}/cancellation?{query}")
    assert answer.status_code == 409
    assert "This order can no longer be cancelled. Please contact us." in answer.text
    assert stock_level("T") == (1, 0)


def test_customer_finds_addresses_and_orders_in_account(app: Flask, guest: Browser) -> None:
    make_user()
    assert guest.sign_in().status_code == 303
    book = {name: value for name, value in DETAILS.items() if name not in ("email", "delivery", "payment")}
    guest.post("/account/addresses", **book | {"line1": "9 Old Road"})
    guest.post("/account/addresses", **book | {"line1": "2 New Road"})
    page = guest.get("/checkout").text
    assert 'value="kim@example.com"' in page
    assert 'value="2 New Road"' in page
    wanted = re.search(r'value="(address-\d+)" formnovalidate><span[^>]*>[^<]*</span>Ada Byron, 9 Old', page)
    assert wanted
    assert 'value="9 Old Road"' in guest.post("/checkout", **DETAILS, do=wanted[1]).text
    assert 'value="1 Kiln Row"' in guest.post("/checkout", **DETAILS, do="address-999999").text
    location = buy(guest)
    assert "token" not in location
    assert guest.get(location).status_code == 200
    history = guest.get("/account/orders")
    assert location.partition("?")[0] in history.text
    assert Browser(app).get("/account/orders").location.startswith("/account/login")
    make_user("other@example.com")
    other = Browser(app, "198.51.100.9")
    other.sign_in("other@example.com")
    assert other.get(location).status_code == 404
    assert other.get("/account/orders?page=x").status_code == 404


def test_each_line_of_an_address_has_its_own_direction(guest: Browser) -> None:
    page = review(guest, name="نرگس").text
    assert "<dd><bdi>نرگس</bdi><br><bdi>1 Kiln Row</bdi><br>" in page


def test_review_says_when_the_hold_has_expired(guest: Browser) -> None:
    review(guest)
    with write_transaction() as session:
        session.execute(update(Hold).values(expires_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert "no longer reserved" in guest.get("/checkout/review").text
    answer = guest.post("/checkout", do="hold")
    assert "Reserved for you until" in guest.get(answer.location).text


def test_review_says_when_goods_are_not_held(guest: Browser) -> None:
    guest.post("/cart/lines", sku="T", quantity="1")  # all three: others could buy none
    shown = review(guest)
    assert "We can’t reserve your items right now" in shown.text
    assert stock_level("T") == (3, 0)
    again = guest.get(guest.post("/checkout", do="hold").location)
    assert "We can’t reserve your items right now" in again.text
    assert "Your items are reserved." not in again.text
    assert "no longer reserved" in guest.get("/checkout/review").text
    placed = guest.post("/checkout", do="place", key=hidden(shown, "key"), seen=hidden(shown, "seen"))
    assert placed.location.startswith("/orders/")
    assert (stock_level("T"), stock_differences()) == ((0, 0), [])


def test_review_says_when_a_hold_is_not_renewed(guest: Browser) -> None:
    review(guest)
    with write_transaction() as session:
        session.execute(update(HoldTime).values(seconds=HoldTime.seconds * 100))
    shown = guest.get(guest.post("/checkout", do="hold").location).text
    assert "Reserved for you until" in shown
    assert "We can’t reserve your items any longer" in shown


def test_review_of_a_changed_basket_is_not_called_held(guest: Browser) -> None:
    review(guest)
    guest.post("/cart/lines", sku="T", quantity="1")
    assert "Reserved for you until" not in guest.get("/checkout/review").text


@pytest.mark.needs("java")
def test_every_page_is_valid_html(guest: Browser, tmp_path: Path) -> None:
    staff = staff_browser(guest.client.application)
    pages = {
        "details": guest.get("/checkout"),
        "wrong": guest.post("/checkout"),
        "review": (shown := review(guest)),
        "changed": guest.post("/checkout", do="place", key=hidden(shown, "key"), seen="x"),
        "order": guest.get(location := buy(guest)),
        "ordered": guest.get("/checkout"),
        "empty": Browser(guest.client.application).get("/checkout"),
        "staff": staff.get("/admin/orders"),
        "staff-order": staff.get(location.partition("?")[0].replace("/orders/", "/admin/orders/")),
    }
    guest.post("/cart/lines", sku="T")
    with write_transaction() as session:
        set_on_hand(session, "T", 0, reason="counted", actor="test")
    pages["short"] = guest.post("/checkout", **DETAILS)
    make_user()
    guest.sign_in()
    pages["history"] = guest.get("/account/orders")
    assert [page.status_code for page in pages.values()] == [
        200,
        422,
        200,
        409,
        200,
        200,
        409,
        200,
        200,
        409,
        200,
    ]
    assert valid_html.problems({name: page.text for name, page in pages.items()}, tmp_path) == []


def test_order_numbers_cannot_be_guessed(app: Flask, guest: Browser, tmp_path: Path, redis_url: str) -> None:
    location = buy(guest)
    with second_app(
        app, tmp_path / "strict", REDIS_URL=redis_url, STOREFRONT_LIMIT_ORDER="3/minute"
    ) as strict:
        stranger = Browser(strict, "198.51.100.9")
        answers = [stranger.get(f"/orders/BCDFGHJKM{n}").status_code for n in range(2, 6)]
        assert answers == [404, 404, 404, 429]
        assert stranger.get(location).status_code == 429
        assert Browser(strict).get(location).status_code == 200


def test_checkout_works_without_redis(app: Flask, tmp_path: Path) -> None:
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 3, "price": 1999}])
    with second_app(app, tmp_path / "alone", REDIS_URL="redis://127.0.0.1:1/0") as alone:
        browser = Browser(alone)
        browser.post("/cart/lines", sku="T")
        assert browser.get(buy(browser)).status_code == 200
        assert [mail["To"] for mail in stored_mails(alone)] == ["ada@shop.example"]
    assert stock_level("T") == (2, 0)
    assert stock_differences() == []
