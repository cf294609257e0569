"""Orders by invoice that nobody pays: a letter, then the end; never one without the other, and never a paid one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.checkout import orders, shipping
from storefront.checkout.models import Order, OrderEvent
from storefront.checkout.payment import invoice_expiry
from storefront.checkout.payment.cancellation import cancel_if_unpaid
from storefront.extensions import db, write_transaction
from tests.accounts.people import Browser, make_user, second_app, stored_mails
from tests.checkout.shoppers import make_draft, place, stock_differences, stock_level
from tests.factories import make_product

DAY = timedelta(days=1)


@pytest.fixture
def number(app: Flask) -> str:
    """An order by invoice of four of ten teapots; 23.98 each."""
    make_product("Teapot", variants=[{"sku": "T", "on_hand": 10, "price": 2398}])
    return place(make_draft({"T": 4})).number


def let_end_in(time: timedelta, **columns: object) -> None:
    with write_transaction() as session:
        session.execute(update(Order).values(pay_by=datetime.now(UTC) + time, **columns))


def the_order() -> Order:
    db.session.rollback()
    return db.session.execute(select(Order).execution_options(populate_existing=True)).scalar_one()


def test_unpaid_invoice_order_ends_between_two_letters(app: Flask, number: str) -> None:
    assert the_order().pay_by - the_order().placed_at == pytest.approx(14 * DAY, abs=DAY / 100)  # type: ignore[operator]
    assert invoice_expiry.expire_unpaid_invoices() == 0
    assert len(stored_mails(app)) == 1
    let_end_in(3 * DAY)
    for _ in range(2):
        assert invoice_expiry.expire_unpaid_invoices() == 0
    (reminder,) = [m for m in stored_mails(app) if m["Subject"] == f"Please pay your order {number}"]
    assert f"Reference: {number}" in reminder.get_body(("plain",)).get_content()
    assert stock_level("T") == (6, 0)
    let_end_in(-DAY)
    assert invoice_expiry.expire_unpaid_invoices() == 1
    assert (the_order().state, stock_level("T"), stock_differences()) == ("cancelled", (10, 0), [])
    (ended,) = [m for m in stored_mails(app) if m["Subject"] == f"Your order has been cancelled: {number}"]
    assert "The order wasn’t paid in time." in ended.get_body(("plain",)).get_content()
    assert invoice_expiry.expire_unpaid_invoices() == 0
    assert len(stored_mails(app)) == 3


@pytest.mark.any_database
def test_overdue_order_gets_its_letter_and_time_first(app: Flask, number: str) -> None:
    let_end_in(-30 * DAY)  # no worker ran for a month
    assert invoice_expiry.expire_unpaid_invoices() == 0
    assert the_order().state == "placed"
    assert the_order().pay_by > datetime.now(UTC) + 3 * DAY  # type: ignore[operator]


def test_old_orders_get_the_whole_time_from_the_upgrade_on(app: Flask, number: str) -> None:
    with write_transaction() as session:
        session.execute(update(Order).values(pay_by=None, placed_at=datetime.now(UTC) - 90 * DAY))
    assert invoice_expiry.expire_unpaid_invoices() == 0
    assert the_order().state == "placed"
    assert the_order().pay_by > datetime.now(UTC) + 13 * DAY  # type: ignore[operator]
    assert len(stored_mails(app)) == 1


@pytest.mark.any_database
@pytest.mark.parametrize("step", ["paid", "paid in part", "shipped", "by card"])
def test_settled_order_never_ends(app: Flask, number: str, step: str) -> None:
    with write_transaction() as session:
        if step.startswith("paid"):
            amount = the_order().total if step == "paid" else 100
            orders.record_payment(session, number, amount, "USD", actor="test")
        elif step == "shipped":
            shipping.mark_shipped(session, number, actor="test")
        else:
            session.execute(update(Order).values(payment="stripe"))
    let_end_in(-DAY, reminded_at=datetime.now(UTC))
    assert invoice_expiry.expire_unpaid_invoices() == 0
    assert (the_order().state != "cancelled", len(stored_mails(app))) == (True, 2 if step == "shipped" else 1)
    with write_transaction() as session:
        assert cancel_if_unpaid(session, number) is (step == "by card")


@pytest.mark.any_database
def test_order_that_keeps_no_goods_does_not_end(app: Flask) -> None:
    make_product(variants=[{"sku": "AHEAD", "on_hand": 0, "backorder": True}])
    place(make_draft({"AHEAD": 2}))
    assert invoice_expiry.expire_unpaid_invoices() == 0
    assert the_order().pay_by is None


@pytest.mark.any_database
def test_setting_turns_the_end_of_orders_off(app: Flask, number: str) -> None:
    let_end_in(-DAY, reminded_at=datetime.now(UTC))
    app.config["SHOP_SETTINGS"] = {"invoice_days": 0}
    assert invoice_expiry.expire_unpaid_invoices() == 0
    assert place(make_draft({"T": 1})).order.pay_by is None


@pytest.mark.any_database
def test_no_order_ends_in_a_shop_without_mail(
    app: Flask, number: str, tmp_path: Path, redis_url: str
) -> None:
    let_end_in(-DAY)
    production = {"STOREFRONT_ENV": "production", "TRUSTED_HOSTS": "shop.example", "SECRET_KEY": "k" * 40}
    with second_app(app, tmp_path / "silent", REDIS_URL=redis_url, **production):
        assert invoice_expiry.expire_unpaid_invoices() == 0
    assert (the_order().state, the_order().reminded_at) == ("placed", None)
    assert [event.kind for event in the_order().events] == ["placed"]


@pytest.mark.any_database
def test_letters_about_unpaid_orders_count_for_their_recipient(app: Flask) -> None:
    """A stranger places orders with the address of somebody else."""
    make_product(variants=[{"sku": "T", "on_hand": 20}])
    for _ in range(12):
        place(make_draft({"T": 1}))
    let_end_in(DAY)
    before = len(stored_mails(app))
    assert invoice_expiry.expire_unpaid_invoices() == 0
    assert len(stored_mails(app)) - before == 10
    let_end_in(-DAY)
    assert invoice_expiry.expire_unpaid_invoices() == 10, "the others have had no letter yet"
    assert len(stored_mails(app)) - before == 10
    assert stock_level("T") == (18, 0)
    let_end_in(-5 * DAY)
    assert invoice_expiry.expire_unpaid_invoices() == 2, "a full mailbox does not keep goods for ever"
    assert stock_level("T") == (20, 0)


@pytest.mark.usefixtures("patient_writers")
def test_workers_end_an_order_once(app: Flask, number: str) -> None:
    def run(_: int) -> int:
        with app.app_context():
            try:
                return invoice_expiry.expire_unpaid_invoices()
            finally:
                db.session.remove()

    db.session.remove()
    for time in (DAY, -DAY):
        let_end_in(time)
        db.session.remove()
        with ThreadPoolExecutor(8) as pool:
            ended = sum(pool.map(run, range(8)))
    kinds = list(db.session.execute(select(OrderEvent.kind).order_by(OrderEvent.id)).scalars())
    assert (ended, kinds) == (1, ["placed", "note", "cancelled"])
    assert (stock_level("T"), stock_differences(), len(stored_mails(app))) == ((10, 0), [], 3)


@pytest.mark.any_database
def test_staff_and_customer_see_the_end_and_staff_move_it(app: Flask, number: str) -> None:
    make_user("boss@shop.example", staff=True)
    staff = Browser(app)
    staff.sign_in("boss@shop.example")
    page = f"/admin/orders/{number}"
    let_end_in(DAY, reminded_at=datetime.now(UTC))
    assert "The customer has been reminded." in staff.get(page).text
    assert staff.post(f"{page}/events", kind="prolonged", note="She called.").status_code == 303
    assert (the_order().pay_by > datetime.now(UTC) + 13 * DAY, the_order().reminded_at) == (True, None)  # type: ignore[operator]
    assert "She called." in staff.get(page).text
    with write_transaction() as session:
        orders.record_payment(session, number, the_order().total, "USD", actor="test")
    assert "is cancelled automatically" not in staff.get(page).text
    assert staff.post(f"{page}/events", kind="prolonged").status_code == 409
