"""Staff set stock with a reason."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from storefront import stock
from storefront.extensions import db, write_transaction
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
    answer = staff.post("/admin/stock", data={"sku": "TP", "number": "9", "reason": "counted"}, headers=OWN)
    assert answer.status_code == 303
    page = staff.get(answer.location).text
    assert "9 on hand" in page
    assert "counted" in page


def test_the_staff_form_rejects_bad_values_with_a_message(staff: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    for form, status, sentence in (
        ({"sku": "TP", "number": "-1", "reason": "x"}, 422, "whole number"),
        ({"sku": "TP", "number": "9", "reason": " "}, 422, "Enter a reason."),
        ({"sku": "nothing", "number": "9", "reason": "x"}, 404, "No variant"),
    ):
        answer = staff.post("/admin/stock", data=form, headers=OWN)
        assert answer.status_code == status
        assert sentence in answer.text
    assert on_hand() == 5


def test_changed_stock_is_not_overwritten_by_a_form(staff: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    page = staff.get("/admin/stock?sku=TP").text
    assert '<input type="hidden" name="shown" value="5">' in page
    with write_transaction() as session:
        stock.sell(session, "TP", 2, reference="B", reserved=0)
    form = {"code": "TP", "shown": "5", "number": "9", "reason": "counted twice"}
    answer = staff.post("/admin/stock", data=form, headers=OWN)
    assert answer.status_code == 409
    assert "5 on hand when you opened this page, 3 now" in answer.text
    for kept in ('name="number" type="number" inputmode="numeric" min="0" value="9"', "counted twice"):
        assert kept in answer.text, "nothing that was typed is lost"
    assert on_hand() == 3
    assert 'name="shown" value="3"' in answer.text
    assert staff.post("/admin/stock", data=form | {"shown": "3"}, headers=OWN).status_code == 303
    assert on_hand() == 9


def test_staff_add_a_delivery_to_what_is_there(staff: FlaskClient) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    for number, status in (("0", 422), ("x", 422), ("12", 303)):
        form = {"code": "TP", "number": number, "reason": "note 7"}
        answer = staff.post("/admin/stock/deliveries", data=form, headers=OWN)
        assert answer.status_code == status
        assert f'min="1" value="{number}"' in answer.text or status == 303
    assert on_hand() == 17
    assert "note 7" in staff.get(answer.location).text


def test_staff_choose_among_variants_with_the_same_sku(staff: FlaskClient) -> None:
    sizes = [{"sku": "made-s", "label": "LINEN", "option1": "S"}, {"sku": "LINEN", "option1": "M"}]
    make_product(
        "Shirt", option_names=["Size"], variants=[*sizes, {"sku": "made-l", "label": "L", "option1": "L"}]
    )
    page = staff.get("/admin/stock?sku=LINEN").text
    assert ("Several variants" in page, "Set stock" in page) == (True, False)
    assert '<a href="/admin/stock?code=made-s"><bdi>Shirt, S</bdi></a>' in page
    assert '<a href="/admin/stock?code=LINEN"><bdi>Shirt, M</bdi></a>' in page
    assert "SKU <bdi>LINEN</bdi>, code <bdi>made-s</bdi>" in staff.get("/admin/stock?code=made-s").text
    assert "SKU <bdi>LINEN</bdi>." in staff.get("/admin/stock?code=LINEN").text
    assert "SKU <bdi>L</bdi>, code <bdi>made-l</bdi>" in staff.get("/admin/stock?sku=L").text
    form = {"sku": "LINEN", "number": "9", "reason": "counted"}
    assert staff.post("/admin/stock", data=form, headers=OWN).status_code == 409


def on_hand() -> int:
    """Return what is on hand of the only variant."""
    db.session.rollback()
    return db.session.query(StockItem).one().on_hand


def test_strangers_are_led_to_the_sign_in_page(client: FlaskClient) -> None:
    for address in ("8.8.8.8", "127.0.0.1"):
        for path in ("/admin/stock", "/admin/system/cache"):
            answer = client.get(path, environ_overrides={"REMOTE_ADDR": address})
            assert answer.status_code == 303
            assert answer.location.startswith("/account/login?next=")
