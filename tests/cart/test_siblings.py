"""Two simultaneous first additions of one browser lose nothing."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.cart import Cart, CartLine
from storefront.extensions import db
from tests.accounts.people import EMAIL, PASSWORD, make_user
from tests.factories import make_product
from tests.web.test_cookies import Jar, quantity

pytestmark = pytest.mark.any_database
OWN = {"Sec-Fetch-Site": "same-origin"}


def add_at_once(app: Flask, jar: Jar, *skus: str) -> None:
    """Send an addition of each SKU before any answer is seen; the browser keeps the cookies of all answers."""

    def add(sku: str) -> list[str]:
        client = app.test_client(use_cookies=False)
        return client.post("/cart/lines", data={"sku": sku}, headers=OWN).headers.getlist("Set-Cookie")

    with ThreadPoolExecutor(len(skus)) as pool:
        for headers in list(pool.map(add, skus)):
            jar.keep(headers)


@pytest.fixture
def jar(app: Flask) -> Jar:
    for sku in ("A", "B", "C"):
        make_product(variants=[{"sku": sku, "on_hand": 99}])
    return Jar()


def lines() -> dict[str, int]:
    db.session.rollback()
    return {line.sku: line.quantity for line in db.session.execute(select(CartLine)).scalars()}


def test_simultaneous_first_additions_are_merged(app: Flask, jar: Jar) -> None:
    add_at_once(app, jar, "A", "B", "C", "A")
    page = jar.send(app, "GET", "/cart")
    assert len(set(re.findall(r'name="remove" value="(\d+)"', page))) == 3
    assert lines() == {"A": 2, "B": 1, "C": 1}
    assert len(db.session.execute(select(Cart)).all()) == 1
    assert quantity(app, jar) == "4"
    assert len([name for name in jar.kept if name.startswith("cart.")]) == 1, "used cookies are gone"


def test_an_answer_that_comes_after_the_basket_was_seen_counts(app: Flask, jar: Jar) -> None:
    late = Jar()
    add_at_once(app, jar, "A")
    add_at_once(app, late, "B")
    assert quantity(app, jar) == "1"
    jar.kept |= late.kept
    assert quantity(app, jar) == "2"


def test_signing_in_at_once_merges_all(app: Flask, jar: Jar) -> None:
    make_user()
    add_at_once(app, jar, "A", "B")
    jar.send(app, "POST", "/account/login", email=EMAIL, password=PASSWORD)
    assert quantity(app, jar) == "2"


def test_a_sibling_of_another_person_is_not_merged(app: Flask, jar: Jar) -> None:
    make_user()
    owner = Jar()
    add_at_once(app, owner, "A")
    stolen = dict(owner.kept)
    owner.send(app, "POST", "/account/login", email=EMAIL, password=PASSWORD)
    add_at_once(app, jar, "B")
    jar.kept |= {name: value for name, value in stolen.items() if "." in name}
    jar.kept |= {"cart.forged": "IkEi.forged"}
    assert quantity(app, jar) == "1"
    assert quantity(app, owner) == "1"
