"""The operations on orders, and the holds: allowed steps are recorded, others are refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.accounts import privacy
from storefront.accounts.models import User
from storefront.cart import Cart
from storefront.cart.models import CartLine
from storefront.checkout import order_events, orders, queries, retention, shipping
from storefront.checkout.errors import NoSuchOrderError, OrderError, ShortageError
from storefront.checkout.models import Checkout, Hold, Order, OrderEvent
from storefront.extensions import db, write_transaction
from tests.checkout.shoppers import count_orders, hold, make_draft, place, stock_differences, stock_level
from tests.factories import make_product

Step = Callable[..., OrderEvent]


@pytest.fixture
def order(app: Flask) -> Order:
    """An order of 3 × 20.00 with free delivery."""
    make_product("Teapot", variants=[{"sku": "TP", "price": 2000, "on_hand": 10}])
    return place(make_draft({"TP": 3})).order


def do(step: Step, order: Order, *arguments: Any, **options: Any) -> str:
    """Run an operation in a transaction of its own; return the order's state."""
    with write_transaction() as session:
        step(session, order.number, *arguments, actor="staff", **options)
    return order_events.lock_order(db.session(), order.number).state


def test_every_step_of_an_order_is_in_its_log(order: Order) -> None:
    assert do(orders.record_payment, order, 2000, "USD") == "placed", "in part"
    assert do(orders.record_payment, order, 4000, "USD") == "paid"
    assert do(shipping.mark_shipped, order) == "shipped"
    assert do(shipping.mark_delivered, order) == "delivered"
    assert do(orders.record_refund, order, 1000, note="a scratch") == "delivered"
    line = order.lines[0].id
    assert do(orders.record_refund, order, 5000, returned={line: 2}) == "refunded"
    assert do(orders.add_note, order, "rang them up") == "refunded"
    found = queries.find_order(order.number)
    assert found is not None
    assert [(event.kind, event.amount and event.amount.amount) for event in found.events] == [
        ("placed", 6000),
        ("paid", 2000),
        ("paid", 4000),
        ("shipped", None),
        ("delivered", None),
        ("refunded", 1000),
        ("refunded", 5000),
        ("note", None),
    ]
    assert (stock_level("TP"), stock_differences()) == ((9, 0), [])


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("before", "refused", "arguments", "sentence"),
    [
        ((), shipping.mark_delivered, (), "placed cannot become delivered"),
        ((shipping.mark_shipped,), orders.cancel, (), "shipped cannot become cancelled"),
        ((shipping.mark_shipped,), shipping.mark_shipped, (), "shipped cannot become shipped"),
        ((orders.cancel,), shipping.mark_shipped, (), "cancelled cannot become shipped"),
        ((orders.cancel,), orders.cancel, (), "cancelled cannot become cancelled"),
        ((), orders.record_payment, (6001, "USD"), r"The amount due is \$60.00, not \$60.01"),
        ((), orders.record_payment, (0, "USD"), "The amount due is"),
        ((), orders.record_payment, (-1, "USD"), "The amount due is"),
        ((), orders.record_payment, (6000, "EUR"), "in USD, the payment in EUR"),
        ((), orders.record_refund, (1,), r"\$0.00 can be refunded"),
    ],
)
def test_forbidden_step_is_refused_and_changes_nothing(
    order: Order, before: tuple[Step, ...], refused: Step, arguments: tuple[Any, ...], sentence: str
) -> None:
    for step in before:
        do(step, order)
    was = queries.find_order(order.number)
    with pytest.raises(OrderError, match=sentence):
        do(refused, order, *arguments)
    assert queries.find_order(order.number) == was


def test_more_than_was_sold_cannot_be_returned(order: Order) -> None:
    do(orders.record_payment, order, 6000, "USD")
    line = order.lines[0].id
    for returned in ({line: 4}, {line: -1}, {line + 1: 1}):
        with pytest.raises(OrderError):
            do(orders.record_refund, order, 100, returned=returned)
    do(orders.record_refund, order, 100, returned={line: 3})
    with pytest.raises(OrderError, match="0 of Teapot can go back"):
        do(orders.record_refund, order, 100, returned={line: 1})
    with pytest.raises(NoSuchOrderError), write_transaction() as session:
        shipping.mark_shipped(session, "NOTHING", actor="staff")
    assert (stock_level("TP"), stock_differences()) == ((10, 0), [])


def test_cancelled_order_restocks_and_late_money_is_refundable(order: Order) -> None:
    assert do(orders.cancel, order) == "cancelled"
    assert (stock_level("TP"), stock_differences()) == ((10, 0), [])
    assert do(orders.record_payment, order, 6000, "USD") == "cancelled"
    assert do(orders.record_refund, order, 6000) == "cancelled"


def test_holds_are_reused_and_follow_the_basket(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 10}])
    make_product(variants=[{"sku": "CUP", "on_hand": 5}])
    draft = make_draft({"TP": 4, "CUP": 1})
    first = hold(draft).until
    assert first is not None
    assert first - datetime.now(UTC) > timedelta(minutes=9, seconds=50)
    with write_transaction() as session:
        session.execute(update(CartLine).where(CartLine.sku == "TP").values(quantity=5))
    assert hold(draft).until > first  # type: ignore[operator]
    assert (stock_level("TP"), stock_level("CUP")) == ((10, 5), (5, 1)), (
        "its own hold does not count against it"
    )
    with write_transaction() as session:
        session.execute(update(CartLine).where(CartLine.sku == "TP").values(quantity=2))
        session.execute(update(CartLine).where(CartLine.sku == "CUP").values(saved=True))
    hold(draft)
    assert (stock_level("TP"), stock_level("CUP"), stock_differences()) == ((10, 2), (5, 0), [])


def test_expired_hold_is_taken_by_the_next_shopper(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 3}])
    slow, quick = make_draft({"TP": 2}), make_draft({"TP": 2})
    hold(slow)
    for attempt in (hold, place):
        with pytest.raises(ShortageError):
            attempt(quick)
    expire_all_holds()
    assert place(quick).order.total == 2 * 1999 + 490
    assert (stock_level("TP"), stock_differences()) == ((1, 0), [])
    with pytest.raises(ShortageError, match="Only 1 of"):
        place(slow)


def test_expired_hold_still_serves_its_own_shopper(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 1}])
    draft = make_draft({"TP": 1})
    assert hold(draft).until
    expire_all_holds()
    assert not place(draft).repeated
    assert (stock_level("TP"), stock_differences()) == ((0, 0), [])


def test_cleanup_releases_expired_holds_and_deletes_old_rows(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 9}])
    make_product(variants=[{"sku": "CUP", "on_hand": 9}])
    old, new = make_draft({"TP": 2}), make_draft({"CUP": 1})
    order = place(make_draft({"TP": 1})).order
    hold(old)
    expire_all_holds()
    hold(new)
    with write_transaction() as session:
        month = datetime.now(UTC) - timedelta(days=31)
        session.execute(update(Checkout).where(Checkout.id == old).values(updated_at=month))
        session.execute(update(Order).values(placed_at=month))
    assert retention.clean_up() == 1
    assert (stock_level("TP"), stock_level("CUP"), stock_differences()) == ((8, 0), (9, 1), [])
    assert db.session.get(Checkout, old) is None
    assert db.session.get(Checkout, new) is not None
    assert db.session.get_one(Order, order.id).key is None
    assert retention.clean_up() == 0


def test_deleted_account_releases_holds_and_unlinks_orders(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 9}])
    with write_transaction() as session:
        user = User(email="ada@shop.example", password_hash="x")
        session.add(user)
        session.flush()
        number = user.id
    bought, held = make_draft({"TP": 1}, user_id=number), make_draft({"TP": 2}, user_id=number)
    order = place(bought).order
    with write_transaction() as session:
        cart = session.execute(
            select(Cart).join(Checkout, Checkout.cart_id == Cart.id).where(Checkout.id == held)
        )
        cart.scalar_one().user_id = number
    hold(held)
    assert [one["number"] for one in privacy.export_data(db.session.get_one(User, number))["orders"]] == [
        order.number
    ]
    privacy.delete_account(number)
    kept = queries.find_order(order.number)
    assert kept is not None
    assert (kept.user_id, kept.email) == (None, "ada@shop.example")
    assert count_orders() == 1
    assert (stock_level("TP"), stock_differences(), db.session.execute(select(Hold)).first()) == (
        (8, 0),
        [],
        None,
    )
    assert db.session.get(Checkout, held) is None


def expire_all_holds() -> None:
    """Let all holds expire."""
    with write_transaction() as session:
        session.execute(update(Hold).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
