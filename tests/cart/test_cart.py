"""The cart: additions, changes, notices of changed prices and stock, and rejected forms."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.cart.models import Cart, CartLine
from storefront.catalog.list_index import writer
from storefront.catalog.models import Product, Variant
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem
from tests.factories import make_product
from tests.statements import statements

OWN = {"Sec-Fetch-Site": "same-origin"}


def lines() -> dict[str, int]:
    db.session.rollback()
    return {row.sku: row.quantity for row in db.session.execute(select(CartLine)).scalars()}


def put(client: FlaskClient, sku: str, quantity: object = 1) -> None:
    answer = client.post("/cart/lines", data={"sku": sku, "quantity": quantity}, headers=OWN)
    assert answer.status_code == 303, answer.text


def test_added_items_are_on_the_cart_page_and_in_the_header(client: FlaskClient) -> None:
    make_product("Teapot", variants=[{"sku": "TP", "price": 2500, "option1": "Blue"}])
    put(client, "TP", 2)
    put(client, "TP")
    page = client.get("/cart").text
    assert "Teapot" in page
    assert "Blue" in page
    assert "$75.00" in page
    assert client.get("/me").json == {"signed_in": False, "name": None, "cart_quantity": 3}


@pytest.mark.any_database
def test_a_line_links_to_its_variant_whatever_the_sku(client: FlaskClient) -> None:
    odd = "M&M #2 50%+"
    make_product("Mug", variants=[{"sku": odd}])
    put(client, odd)
    found = re.search(r'href="(/products/mug[?][^"]+)"', client.get("/cart").text)
    assert found
    assert parse_qs(urlsplit(unescape(found[1])).query) == {"variant": [odd]}


def test_other_visitors_do_not_see_a_cart(app: Flask, client: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP"}])
    put(client, "TP")
    assert app.test_client().get("/me").json["cart_quantity"] == 0
    assert "Items you add are saved for a year" in app.test_client().get("/cart").text


def test_adding_takes_at_most_three_statements(client: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP"}])
    for _ in range(2):
        with statements() as seen:
            put(client, "TP")
        assert len(seen) <= 3, seen


@pytest.mark.usefixtures("patient_writers")
def test_20_parallel_additions_make_20_items(app: Flask, client: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 50}])
    put(client, "TP")
    cookie = client.get_cookie("cart")

    def again(_: int) -> int:
        other = app.test_client()
        other.set_cookie("cart", cookie.value)
        return other.post("/cart/lines", data={"sku": "TP"}, headers=OWN).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(again, range(19))) == {303}
    assert lines() == {"TP": 20}


@pytest.mark.any_database
def test_a_line_can_be_changed_at_its_old_addresses(client: FlaskClient) -> None:
    make_product(variants=[{"sku": "A/1"}, {"sku": "B", "option1": "x"}])
    put(client, "A/1")
    put(client, "B")
    assert client.post("/cart/lines/A/1", data={"quantity": 7}, headers=OWN).status_code == 303
    assert lines() == {"A/1": 7, "B": 1}
    client.post("/cart/lines/B/saving", data={"saved": "1"}, headers=OWN)
    assert "Saved for later" in client.get("/cart").text
    assert client.get("/me").json["cart_quantity"] == 7
    client.post("/cart/lines/B/saving", data={"saved": "0"}, headers=OWN)
    assert client.get("/me").json["cart_quantity"] == 8
    for _ in range(2):  # a double click is not an error
        answer = client.post("/cart/lines/A/1/removal", headers=OWN)
        assert answer.status_code == 303
    assert "Removed." in client.get(answer.location).text
    assert lines() == {"B": 1}


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        *(
            ({"sku": "TP", "quantity": q}, "from 1 to 99")
            for q in ("0", "-1", "1e9", "NaN", "100", "", "٣٠٠")
        ),
        ({"sku": "TP", "quantity": "0000000019999"}, "from 1 to 99"),
        ({"sku": "TP", "quantity": "000000001" + "0" * 5000}, "from 1 to 99"),
        ({"sku": "nothing"}, "We don’t sell this product"),
        ({"sku": "DRAFT"}, "We don’t sell this product"),
        ({"sku": "OUT"}, "is sold out"),
        ({"sku": "FEW", "quantity": "5"}, "Only 2 of"),
        ({"sku": ""}, "Something went wrong with this form"),
        ({"sku": "a\x00b"}, "Something went wrong with this form"),
        ({"sku": "x" * 300}, "Something went wrong with this form"),
        ({}, "Something went wrong with this form"),
    ],
)
def test_an_invalid_addition_is_rejected_with_a_message(
    client: FlaskClient, form: dict[str, str], sentence: str
) -> None:
    make_product("Pot", variants=[{"sku": "TP"}, {"sku": "OUT", "option1": "a", "on_hand": 0}])
    make_product("Cup", variants=[{"sku": "FEW", "on_hand": 2}])
    make_product("Secret", status="draft", variants=[{"sku": "DRAFT"}])
    answer = client.post("/cart/lines", data=form, headers=OWN)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert lines() == {}
    said = client.post("/cart/lines", data=form, headers=OWN | {"Accept": "application/json"})
    assert said.status_code == 422
    assert sentence in said.json["message"]


@pytest.mark.any_database
def test_changes_since_adding_are_shown(client: FlaskClient) -> None:
    make_product(variants=[{"sku": "UP", "price": 1000}])
    make_product(variants=[{"sku": "DOWN", "price": 1000}])
    make_product(variants=[{"sku": "OUT"}])
    gone = make_product(variants=[{"sku": "GONE"}])
    few = make_product(variants=[{"sku": "FEW"}])
    for sku in ("UP", "DOWN", "OUT", "GONE"):
        put(client, sku)
    put(client, "FEW", 9)
    with write_transaction() as session:
        for sku, price in (("UP", 1200), ("DOWN", 800)):
            session.execute(select(Variant).where(Variant.sku == sku)).scalar_one().price = price
        for sku, left in (("OUT", 0), ("FEW", 3)):
            session.execute(select(StockItem).where(StockItem.sku == sku)).scalar_one().on_hand = left
        session.get_one(Product, gone.id).status = "archived"
        writer.refresh(session, [gone.id, few.id])
    page = client.get("/cart").text
    for said in (
        "price has gone up",
        "$10.00",
        "price has gone down",
        "Sold out",
        "o longer available",
        "Only 3 left",
    ):
        assert said in page, said
    assert "$20.00" in page, "the subtotal counts what can be bought: 12 + 8"
    assert ">2 items<" in page


@pytest.mark.any_database
def test_no_get_changes_a_cart(client: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP"}])
    put(client, "TP")
    for url in ("/cart/lines", "/cart/lines/TP", "/cart/lines/TP/removal", "/cart/lines/TP/saving"):
        assert client.get(url).status_code in (404, 405)
    assert lines() == {"TP": 1}


@pytest.mark.any_database
@pytest.mark.parametrize("value", ["", "x", "é", "a.b.c", "x" * 3000, "WzFd.sig", '"\\'])
def test_an_invalid_cart_cookie_is_a_new_visitor(app: Flask, value: str) -> None:
    make_product(variants=[{"sku": "TP"}])
    client = app.test_client()
    client.set_cookie("cart", value)
    assert client.get("/cart").status_code == 200
    put(client, "TP")
    assert client.get("/me").json["cart_quantity"] == 1


@pytest.mark.any_database
def test_scripts_and_other_sites_cannot_use_the_cookie(client: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP"}])
    answer = client.post("/cart/lines", data={"sku": "TP"}, headers=OWN)
    cookie = next(c for c in answer.headers.getlist("Set-Cookie") if c.startswith("cart="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    secure = client.post("/cart/lines", data={"sku": "TP"}, headers=OWN, base_url="https://localhost")
    cookie = next(c for c in secure.headers.getlist("Set-Cookie") if "cart=" in c)
    assert cookie.startswith("__Host-cart=")
    assert "Secure" in cookie


def test_visitors_who_only_look_create_no_rows(client: FlaskClient) -> None:
    client.get("/cart")
    client.get("/me")
    assert db.session.execute(select(Cart)).first() is None


def test_browser_without_cookies_is_told_why_its_basket_is_empty(client: FlaskClient) -> None:
    make_product(variants=[{"sku": "POT"}])
    location = client.post("/cart/lines", data={"sku": "POT"}).location
    assert "It is in your basket." in client.get(location).text
    page = client.application.test_client().get(location).text
    assert "Allow cookies for this shop" in page
    assert "It is in your basket." not in page
