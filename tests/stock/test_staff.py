"""Staff set stock with a reason."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from storefront.extensions import db
from storefront.stock import StockItem
from tests.accounts.people import sign_in_as_staff
from tests.factories import make_product

OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def staff(client: FlaskClient) -> FlaskClient:
    """A client in which staff are signed in."""
    return sign_in_as_staff(client)


def test_staff_set_stock_with_a_reason_in_the_ledger(staff: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    answer = staff.post("/ops/stock", data={"sku": "TP", "number": "9", "reason": "counted"}, headers=OWN)
    assert answer.status_code == 303
    page = staff.get(answer.location).text
    assert "9 on hand" in page
    assert "counted" in page


def test_the_staff_form_rejects_bad_values_with_a_message(staff: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    for form, status, sentence in (
        ({"sku": "TP", "number": "-1", "reason": "x"}, 422, "whole number"),
        ({"sku": "TP", "number": "9", "reason": " "}, 422, "Say why"),
        ({"sku": "nothing", "number": "9", "reason": "x"}, 404, "no variant"),
    ):
        answer = staff.post("/ops/stock", data=form, headers=OWN)
        assert answer.status_code == status
        assert sentence in answer.text
    db.session.rollback()
    assert db.session.query(StockItem).one().on_hand == 5


def test_strangers_get_404_for_staff_pages(client: FlaskClient) -> None:
    for address in ("8.8.8.8", "127.0.0.1"):
        about = {"REMOTE_ADDR": address}
        assert client.get("/ops/stock", environ_overrides=about).status_code == 404
        assert client.get("/ops/cache", environ_overrides=about).status_code == 404
