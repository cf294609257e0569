"""Budgets of unpaid goods: who is over one gets no hold, can order all the same, and leaves enough for others."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from storefront.checkout import order_events, order_goods, orders, queries, retention, shipping
from storefront.checkout.errors import OrderError
from storefront.checkout.hold_budgets import ADDRESS, BASKET, MIN_SHOP_SKUS
from storefront.checkout.holds import HoldStatus
from storefront.checkout.models import Checkout, Hold, HoldTime, Order
from storefront.checkout.order_view import order_view
from storefront.extensions import db, write_transaction
from storefront.stock import inventory
from tests.checkout.shoppers import (
    hold,
    make_draft,
    place,
    stock_differences,
    stock_level,
)
from tests.factories import make_product
from tests.statements import count_statements


def stock_of(number: int, on_hand: int = 100) -> list[str]:
    """Make so many SKUs with this quantity each, and return them."""
    skus = [f"S{n:03}" for n in range(number)]
    for first in range(0, number, 50):
        make_product(
            variants=[{"sku": sku, "option1": sku, "on_hand": on_hand} for sku in skus[first : first + 50]]
        )
    return skus


def expire_holds() -> None:
    with write_transaction() as session:
        session.execute(update(Hold).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))


def held() -> dict[str, int]:
    """Return the held quantities by SKU."""
    db.session.rollback()
    return dict(db.session.execute(select(Hold.sku, func.sum(Hold.quantity)).group_by(Hold.sku)).all())  # type: ignore[arg-type]


@pytest.mark.any_database
def test_basket_over_its_budgets_is_not_held(app: Flask) -> None:
    skus = stock_of(100)
    for wanted in (dict.fromkeys(skus[: BASKET.skus + 1], 1), {"S000": BASKET.units + 1}):
        draft = make_draft(wanted)
        assert (hold(draft), held()) == (HoldStatus(None, is_refused=True), {})
        assert hold(draft).is_refused
    assert hold(make_draft(dict.fromkeys(skus[: BASKET.skus], BASKET.units // BASKET.skus))).until
    assert (place(draft).order.state, stock_differences()) == ("placed", [])


@pytest.mark.any_database
@pytest.mark.parametrize("kind", ["account", "address"])
def test_client_with_many_baskets_has_one_budget(app: Flask, kind: str) -> None:
    skus = stock_of(150)
    clients = {"account": ("a", "b"), "address": ("a", "a")}[kind]
    users = {"account": (7, 7), "address": (None, None)}[kind]

    def begin(wanted: dict[str, int], turn: int) -> bool:
        return hold(make_draft(wanted, user_id=users[turn]), clients[turn]).until is not None

    assert begin(dict.fromkeys(skus[:8], 1), 0)
    assert not begin(dict.fromkeys(skus[8:13], 1), 1)
    assert not begin({skus[0]: 30 if kind == "account" else 30 + 10}, 1)
    assert begin({skus[0]: 1}, 1), "an SKU that it holds already is no further one"
    assert hold(make_draft({skus[20]: 30}, user_id=8), "c").until, "others have their own budgets"


def test_half_of_a_skus_units_can_be_held(app: Flask) -> None:
    stock_of(1, on_hand=10)
    drafts = [make_draft({"S000": 2}) for _ in range(4)]
    assert [hold(draft).is_refused for draft in drafts] == [False, False, True, True]
    assert hold(make_draft({"S000": 1})).until
    assert (stock_level("S000"), place(drafts[3]).order.state) == ((10, 5), "placed")
    make_product(variants=[{"sku": "LAST", "on_hand": 1}])
    assert hold(make_draft({"LAST": 1})).until, "half is rounded up: a single one can be held"
    make_product(variants=[{"sku": "PAIR", "on_hand": 2}])
    assert hold(make_draft({"PAIR": 2})).is_refused


def test_tenth_of_the_skus_can_be_held(app: Flask) -> None:
    skus = stock_of(70)
    refused = [hold(make_draft({sku: 1})).is_refused for sku in skus[:9]]
    assert refused == [False] * 7 + [True] * 2
    assert hold(make_draft({skus[0]: 1})).until, "what is held already takes no further SKU"


@pytest.mark.any_database
def test_small_shop_can_hold_some_skus(app: Flask) -> None:
    skus = stock_of(8)
    refused = [hold(make_draft({sku: 1})).is_refused for sku in skus]
    assert refused == [False] * MIN_SHOP_SKUS + [True] * 3


@pytest.mark.any_database
def test_hold_cannot_be_renewed_without_end(app: Flask) -> None:
    stock_of(1)
    draft = make_draft({"S000": 1})
    for _ in range(BASKET.holds):
        assert hold(draft).until
        expire_holds()
    assert hold(draft).is_refused
    assert place(draft).order.state == "placed"
    with write_transaction() as session:
        session.execute(update(HoldTime).values(at=datetime.now(UTC) - timedelta(days=1, seconds=1)))
    with write_transaction() as session:
        session.execute(update(Order).values(paid=Order.total, state="paid"))
    assert hold(make_draft({"S000": 1})).until
    retention.clean_up()
    assert db.session.execute(select(func.count(HoldTime.id))).scalar_one() == 1


@pytest.mark.any_database
def test_forms_sent_within_a_hold_cost_only_the_time_they_add(app: Flask) -> None:
    stock_of(1)
    draft = make_draft({"S000": 1})
    assert all(hold(draft).until for _ in range(3 * BASKET.holds))


@pytest.mark.any_database
def test_refused_renewal_leaves_the_earlier_hold(app: Flask) -> None:
    skus = stock_of(1)
    draft = make_draft({skus[0]: 1})
    until = hold(draft).until
    with write_transaction() as session:
        session.execute(update(HoldTime).values(seconds=BASKET.holds * 600 + 1))
    assert hold(draft).is_refused
    assert db.session.execute(select(Hold.expires_at)).scalar_one() == until


@pytest.mark.any_database
def test_address_cannot_hold_with_ever_new_baskets(app: Flask) -> None:
    stock_of(1)
    hold(make_draft({"S000": 1}), "a")
    with write_transaction() as session:
        session.execute(update(HoldTime).values(seconds=ADDRESS.holds * 600))
    assert hold(make_draft({"S000": 1}), "a").is_refused
    assert hold(make_draft({"S000": 1}), "b").until


def test_unpaid_orders_count_until_they_are_settled(app: Flask) -> None:
    stock_of(1, on_hand=10)
    draft = make_draft({"S000": 4})
    order = place(draft, client="a").order
    assert (order.client, order.checkout_id) == ("a", draft)
    assert hold(make_draft({"S000": 2})).is_refused, "6 of 10 would be unpaid"
    assert hold(make_draft({"S000": 1})).until
    with write_transaction() as session:
        shipping.mark_shipped(session, order.number, actor="test")
    assert hold(make_draft({"S000": 2})).until
    retention.clean_up()
    assert db.session.execute(select(Order.client)).scalar_one() is None, "its purpose has ended"


@pytest.mark.any_database
def test_unpaid_orders_count_for_their_client(app: Flask) -> None:
    skus = stock_of(150)
    for sku in skus[: ADDRESS.skus]:
        place(make_draft({sku: 1}), client="a")
    with write_transaction() as session:
        session.execute(update(Order).values(payment="stripe"))  # however they were going to be paid
    assert hold(make_draft({skus[20]: 1}), "a").is_refused
    assert hold(make_draft({skus[20]: 1}), "b").until


@pytest.mark.any_database
def test_unpaid_invoices_leave_nine_tenths_in_stock(app: Flask) -> None:
    skus = stock_of(120, on_hand=2)
    placed = [place(make_draft({sku: 2})).order for sku in skus[:8]]
    assert [stock_level(sku)[0] for sku in skus[:8]] == [0] * 6 + [2] * 2, "a twentieth of 120 is 6"
    waiting = order_view(placed[6])
    assert (waiting.is_unreserved, waiting.payment_ends, waiting.lines[0].unreserved) == (True, None, 2)
    assert place(make_draft({skus[8]: 1})).order.lines[0].from_stock == 1, "half of it can be ordered"
    assert stock_differences() == []


@pytest.mark.any_database
def test_unreserved_goods_leave_the_stock_with_the_payment(app: Flask) -> None:
    skus = stock_of(9, on_hand=2)
    first, paid, shipped, reserved = [
        place(make_draft({sku: 2}, user_id=7)).order.number for sku in (*skus[:5], *skus[5:8])
    ][4:]
    assert [stock_level(sku)[0] for sku in skus[4:8]] == [0, 2, 2, 2]
    with write_transaction() as session:
        orders.record_payment(session, paid, order_events.lock_order(session, paid).total, "USD")
        shipping.mark_shipped(session, shipped)
        order_goods.reserve_goods(session, reserved)
    assert [stock_level(sku)[0] for sku in skus[4:8]] == [0, 0, 0, 0]
    with pytest.raises(OrderError), write_transaction() as session:
        order_goods.reserve_goods(session, first)
    trusted = place(make_draft({skus[8]: 2}, user_id=7)).order
    assert not order_view(trusted).is_unreserved, "the account has paid before"
    assert stock_differences() == []


def test_payment_of_goods_that_are_gone_is_noted(app: Flask) -> None:
    skus = stock_of(6, on_hand=2)
    number = [place(make_draft({sku: 2})).order.number for sku in skus][5]
    with write_transaction() as session:
        inventory.set_on_hand(session, skus[5], 1, reason="one broke")
        orders.record_payment(session, number, order_events.lock_order(session, number).total, "USD")
    order = queries.find_order(number)
    assert order is not None
    assert (order.state, order.lines[0].unreserved, order.lines[0].returnable) == ("paid", 1, 1)
    assert any(note.note.startswith("Not in stock: 1 × ") for note in order.events)


@pytest.mark.any_database
def test_budgets_take_the_same_statements_in_a_busy_shop(app: Flask) -> None:
    skus = stock_of(100)
    drafts = [make_draft({sku: 1}) for sku in skus[:9]]
    counts = [count_statements(partial(hold, draft, "a")) for draft in drafts][1:]
    checks = 1 if db.engine.dialect.name == "sqlite" else 2  # PostgreSQL checks again behind the lock
    assert counts == [counts[0]] * 4 + [counts[0] + checks] * 4, "one more counts the SKUs of the shop"


def at_once(app: Flask, drafts: Iterable[int], client: str | None) -> int:
    """Hold all drafts at the same moment, and return how many are held."""
    drafts = list(drafts)
    together = threading.Barrier(len(drafts))

    def begin(draft: int) -> bool:
        together.wait()
        with app.app_context():
            try:
                return hold(draft, client).until is not None
            finally:
                db.session.remove()

    db.session.remove()
    with ThreadPoolExecutor(len(drafts)) as pool:
        return sum(pool.map(begin, drafts))


@pytest.mark.usefixtures("patient_writers")
def test_50_at_once_keep_within_each_budget(app: Flask) -> None:
    skus = stock_of(140, on_hand=20)
    same_address = [make_draft({sku: 1}) for sku in skus[:50]]
    assert at_once(app, same_address, "a") == len(held()) == ADDRESS.skus
    anybody = [make_draft({sku: 1}) for sku in skus[50:100]]
    assert at_once(app, anybody, None) == 14 - ADDRESS.skus
    expire_holds()
    retention.clean_up()
    assert at_once(app, [make_draft({"S100": 1}) for _ in range(50)], None) == held()["S100"] == 10
    assert stock_differences() == []
    assert db.session.execute(select(func.count(Checkout.id))).scalar_one() == 150
