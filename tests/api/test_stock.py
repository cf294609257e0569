"""The calls that set stock and receive deliveries."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import select

from storefront import stock
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem
from tests.api.conftest import Call
from tests.factories import make_product

SCOPE = "stock:write"


def available(sku: str) -> int:
    db.session.rollback()
    return db.session.execute(select(StockItem).where(StockItem.sku == sku)).scalar_one().available


def test_stock_is_not_set_over_a_number_that_has_changed(call: Call, pot: int) -> None:
    body = {"stock": 20, "reason": "count", "expected": 7}
    with write_transaction() as session:
        stock.sell(session, "POT", 3, reference="B", reserved=0)
    answer = call("PUT", "/variants/POT/stock", body, scopes=SCOPE)
    assert answer.status_code == 409
    assert "it was 7, now it is 4" in answer.get_json()["detail"]
    assert available("POT") == 4
    assert call("PUT", "/variants/POT/stock", body | {"expected": 4}, scopes=SCOPE).status_code == 200
    assert available("POT") == 20


@pytest.mark.any_database
def test_a_delivery_is_added_once_for_each_key(call: Call, pot: int) -> None:
    body = {"sku": "POT", "quantity": 5}
    for _repetition in range(2):
        answer = call("POST", "/variants/deliveries", body, scopes=SCOPE, Idempotency_Key="lorry-1")
        assert answer.get_json() == {"sku": "POT", "product_id": pot, "stock": 12}
    most = call("POST", "/variants/deliveries", body | {"quantity": 2**31 - 1}, scopes=SCOPE)
    assert most.status_code == 422
    assert call("POST", "/variants/deliveries", body | {"sku": "none"}, scopes=SCOPE).status_code == 404
    assert available("POT") == 12


@pytest.mark.any_database
def test_codes_that_no_path_can_hold_stand_in_the_query(call: Call) -> None:
    for code in (".", "..", "%2e", "ü b?", "a/../b"):
        make_product(variants=[{"sku": code, "on_hand": 5}])
        address = f"/variants/stock?sku={quote(code, safe='')}"
        answer = call(
            "PUT", address, {"stock": 9, "reason": "x"}, scopes=SCOPE, Idempotency_Key=f"k{len(code)}"
        )
        assert (answer.status_code, answer.get_json()["sku"], available(code)) == (200, code, 9)
    address = "/variants/stock?sku=.."
    answer = call("PUT", address, {"stock": 9, "reason": "x"}, scopes=SCOPE, Idempotency_Key="k1")
    assert answer.status_code == 409, "the code is a part of the request"
    missing = call("PUT", "/variants/stock", {"stock": 1, "reason": "x"}, scopes=SCOPE)
    assert (missing.status_code, "?sku=CODE" in missing.get_json()["detail"]) == (400, True)
