"""What happens to a cart at sign-in, at sign-out and when the account is deleted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import Connection, event

from storefront.accounts.models import User
from storefront.accounts.passwords import hash_password
from storefront.cart.models import Cart, CartLine
from storefront.extensions import db, write_transaction
from tests.factories import make_product

OWN = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def shelf(app: Flask) -> None:
    for sku in ("A", "B", "C"):
        make_product(variants=[{"sku": sku}])
    with write_transaction() as session:
        session.add(User(email="one@example.com", name="One", password_hash=hash_password(PASSWORD)))


def put(client: FlaskClient, sku: str, quantity: int) -> None:
    assert client.post("/cart/lines", data={"sku": sku, "quantity": quantity}, headers=OWN).status_code == 303


def sign_in(client: FlaskClient) -> None:
    form = {"email": "one@example.com", "password": PASSWORD}
    assert client.post("/account/login", data=form, headers=OWN).status_code == 303


def lines() -> dict[str, int]:
    db.session.rollback()
    return {row.sku: row.quantity for row in db.session.query(CartLine).all()}


def test_a_guest_cart_joins_the_account_on_all_devices(app: Flask) -> None:
    first, second = app.test_client(), app.test_client()
    put(first, "A", 2)
    sign_in(first)
    assert first.get("/me").json == {"signed_in": True, "name": "One", "cart_quantity": 2}
    sign_in(second)
    assert second.get("/me").json["cart_quantity"] == 2


def test_the_user_is_known_before_the_database_is_locked(app: Flask) -> None:
    client, user_known = app.test_client(), []
    put(client, "A", 2)
    sign_in(client)

    @event.listens_for(db.engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get("sqlite_begin") == "IMMEDIATE":
            # Finding the user may wait for Redis.
            user_known.append("storefront.accounts.current" in request.environ)

    put(client, "B", 1)
    for change, form in (("", {"quantity": 3}), ("/saving", {"saved": "1"}), ("/removal", {})):
        assert client.post(f"/cart/lines/A{change}", data=form, headers=OWN).status_code == 303
    assert user_known == [True] * 4


def test_merged_carts_keep_larger_quantities_with_a_notice(app: Flask) -> None:
    first, second = app.test_client(), app.test_client()
    put(first, "A", 2)
    put(first, "B", 5)
    sign_in(first)
    put(second, "B", 1)
    put(second, "C", 3)
    sign_in(second)
    assert lines() == {"A": 2, "B": 5, "C": 3}
    assert "from your earlier visit to your basket (2)" in second.get("/cart").text
    assert "from your earlier visit" not in second.get("/cart").text, "the notice is shown once"
    assert first.get("/me").json["cart_quantity"] == 10, "the first device sees the same basket"
    assert db.session.query(Cart).count() == 1


def test_a_cart_created_signed_in_is_on_every_device(app: Flask) -> None:
    first, second = app.test_client(), app.test_client()
    sign_in(first)
    sign_in(second)
    put(first, "A", 2)
    assert second.get("/me").json["cart_quantity"] == 2
    assert second.post("/cart/lines/A", data={"quantity": 3}, headers=OWN).status_code == 303
    put(second, "B", 1)
    assert first.get("/me").json["cart_quantity"] == 4
    assert db.session.query(Cart).count() == 1
    assert first.post("/account/logout", headers=OWN).status_code == 303
    assert "Items you add are saved for a year" in first.get("/cart").text, (
        "the next user of this browser does not see it"
    )


@pytest.mark.usefixtures("patient_writers")
def test_devices_that_create_a_cart_at_once_share_it(app: Flask) -> None:
    devices = [app.test_client() for _ in range(6)]
    for device in devices:
        sign_in(device)
    with ThreadPoolExecutor(len(devices)) as pool:
        list(pool.map(lambda device: put(device, "A", 1), devices))
    assert lines() == {"A": 6}
    assert db.session.query(Cart).count() == 1


def test_signing_out_hides_the_account_cart_and_keeps_it(app: Flask) -> None:
    client = app.test_client()
    put(client, "A", 2)
    sign_in(client)
    assert client.post("/account/logout", headers=OWN).status_code == 303
    assert client.get("/me").json["cart_quantity"] == 0
    assert "Items you add are saved for a year" in client.get("/cart").text
    put(client, "B", 1)
    assert client.get("/me").json["cart_quantity"] == 1
    sign_in(client)
    assert lines() == {"A": 2, "B": 1}


def test_an_export_has_the_cart_and_a_deletion_removes_it(app: Flask) -> None:
    client = app.test_client()
    put(client, "A", 2)
    sign_in(client)
    assert '"sku": "A"' in client.get("/account/data").text.replace('":"', '": "')
    client.post("/account/deletion", data={"password": PASSWORD}, headers=OWN)
    assert lines() == {}


def test_the_merge_notice_is_on_the_page_after_sign_in(app: Flask) -> None:
    first, second = app.test_client(), app.test_client()
    put(first, "A", 2)
    sign_in(first)
    put(second, "B", 1)
    sign_in(second)
    assert "from your earlier visit to your basket (1)" in second.get("/account").text
    assert "from your earlier visit" not in second.get("/cart").text, "the notice is shown once"
