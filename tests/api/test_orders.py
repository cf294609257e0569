"""Orders over the API: reading them with a scope, and changing their state."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.checkout.models import Order, OrderLine
from storefront.extensions import write_transaction
from storefront.stock import StockItem
from tests.api.conftest import Call
from tests.factories import make_product


@pytest.fixture
def number(app: Flask) -> str:
    """The number of an order of two pots."""
    make_product("Pot", variants=[{"sku": "POT", "on_hand": 5}])
    with write_transaction() as session:
        order = Order(
            request_digest="",
            email="kim@example.org",
            currency="USD",
            goods=200,
            delivery_price=50,
            tax=0,
            total=250,
            prices_include_tax=True,
            ship_to={"name": "Kim"},
            delivery="Post",
            payment="invoice",
        )
        session.add(order)
        session.flush()
        line = {
            "sku": "POT",
            "label": "P-1",
            "title": "Pot",
            "quantity": 2,
            "unit_price": 100,
            "total": 200,
            "from_stock": 2,
        }
        session.add(OrderLine(order_id=order.id, tax_rate=0, tax=0, **line))
        return str(order.number)


def test_orders_are_read_with_lines(call: Call, number: str) -> None:
    found = call("GET", f"/orders/{number}", scopes="orders:read").get_json()
    assert (found["number"], found["state"], found["total"]) == (
        number,
        "placed",
        {"amount": 250, "currency": "USD"},
    )
    assert [(line["sku"], line["label"], line["quantity"]) for line in found["lines"]] == [("POT", "P-1", 2)]
    listed = call("GET", "/orders?state=placed", scopes="orders:read")
    assert listed.get_json() == {"items": [found], "page": 1, "pages": 1, "total": 1}
    assert listed.headers["Cache-Control"] == "private, no-store"
    assert call("GET", "/orders?state=paid", scopes="orders:write").get_json()["items"] == []


def test_order_changes_state_and_returns_stock(call: Call, number: str, app: Flask) -> None:
    state = f"/orders/{number}/state"
    early = call("PUT", state, {"state": "delivered"}, scopes="orders:write")
    assert (early.status_code, early.mimetype) == (409, "application/problem+json")
    first = call(
        "PUT", state, {"state": "cancelled", "note": "by phone"}, scopes="orders:write", Idempotency_Key="a"
    )
    again = call(
        "PUT", state, {"state": "cancelled", "note": "by phone"}, scopes="orders:write", Idempotency_Key="a"
    )
    assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
    found = first.get_json()
    event = found["events"][-1]
    assert (found["state"], event["kind"], event["actor"], event["note"]) == (
        "cancelled",
        "cancelled",
        "token tests",
        "by phone",
    )
    with write_transaction() as session:
        assert session.execute(select(StockItem.on_hand).where(StockItem.sku == "POT")).scalar_one() == 7


def test_orders_need_a_token_with_the_scope(call: Call, number: str) -> None:
    for address in ("/orders", f"/orders/{number}"):
        assert call("GET", address).status_code == 401
        assert call("GET", address, scopes="catalog:write stock:write").status_code == 403
    shipped = {"state": "shipped"}
    assert call("PUT", f"/orders/{number}/state", shipped, scopes="orders:read").status_code == 403
    assert call("PUT", "/orders/NONE/state", shipped, scopes="orders:write").status_code == 404
    assert call("PUT", f"/orders/{number}/state", {"state": "paid"}, scopes="orders:write").status_code == 422
    assert call("GET", "/orders?state=lost", scopes="orders:read").status_code == 400
    assert call("GET", f"/orders/{number}", scopes="orders:read").get_json()["state"] == "placed"
