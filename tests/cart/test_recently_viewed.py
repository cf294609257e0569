"""Recently viewed products: the shelf follows the browser's cookie, and public pages ignore it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog.list_index import writer
from storefront.catalog.models import Product
from storefront.extensions import write_transaction
from tests.factories import make_product

pytestmark = pytest.mark.any_database

OWN = {"Sec-Fetch-Site": "same-origin"}


def shelf(client: FlaskClient, cookie: str, query: str = "") -> list[str]:
    """Return the titles on the shelf, in order."""
    client.set_cookie("recent", cookie)
    answer = client.get(f"/recent{query}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "Set-Cookie" not in answer.headers
    return re.findall(r'<h3 class="card__title"[^>]*><a[^>]*>(.*?)</a>', answer.text)


def test_the_last_four_others_are_shown_latest_first(client: FlaskClient) -> None:
    ids = [make_product(title).id for title in ("Pot", "Cup", "Bowl", "Jar", "Tray", "Mug")]
    cookie = ".".join(map(str, reversed(ids)))
    assert shelf(client, cookie) == ["Mug", "Tray", "Jar", "Bowl"]
    assert shelf(client, cookie, f"?without={ids[-1]}") == ["Tray", "Jar", "Bowl", "Cup"]


def test_products_that_left_the_shop_are_skipped(client: FlaskClient) -> None:
    pot, cup, draft = make_product("Pot"), make_product("Cup"), make_product("Secret", status="draft")
    cookie = f"{draft.id}.999999.{pot.id}.{cup.id}"
    assert shelf(client, cookie) == ["Pot", "Cup"]
    with write_transaction() as session:
        session.get_one(Product, pot.id).status = "archived"
        writer.refresh(session, [pot.id])
    assert shelf(client, cookie) == ["Cup"]


@pytest.mark.parametrize(
    "cookie", ["", ".", "1.", "0", "-1", "1e3", "٣", "1 OR 1=1", "1.1.1.1.1.1.1.1.1", "9" * 4000, "1" * 10]
)
def test_an_invalid_cookie_shows_nothing(client: FlaskClient, cookie: str) -> None:
    make_product()
    assert shelf(client, cookie) == []
    assert client.get("/cart").status_code == 200


def test_the_cart_shows_recent_products_not_in_it(client: FlaskClient) -> None:
    pot, cup = make_product("Pot", variants=[{"sku": "POT"}]), make_product("Cup")
    client.set_cookie("recent", f"{pot.id}.{cup.id}")
    client.post("/cart/lines", data={"sku": "POT"}, headers=OWN)
    page = client.get("/cart").text
    assert page.count(">Pot</a>") == 1
    assert page.count(">Cup</a>") == 1


def test_recent_products_can_be_forgotten(client: FlaskClient) -> None:
    client.set_cookie("recent", str(make_product("Pot").id))
    answer = client.post("/recent/removal", headers=OWN)
    assert answer.status_code == 303
    assert client.get_cookie("recent") is None
    assert "Pot" not in client.get("/cart").text


def test_a_product_page_does_not_depend_on_viewed_products(app: Flask) -> None:
    make_product("Pot", slug="pot")
    client = app.test_client()
    first = client.get("/products/pot")
    client.set_cookie("recent", "1.2.3")
    second = client.get("/products/pot")
    assert first.data == second.data
    for answer in (first, second):
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers["Vary"]
