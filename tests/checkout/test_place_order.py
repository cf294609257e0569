"""Placing an order is atomic and happens once per click."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from storefront import outbox
from storefront.cart import CartLine
from storefront.catalog.models import Variant
from storefront.checkout import order_events, orders
from storefront.checkout.errors import (
    EmptyBasketError,
    IncompleteError,
    KeyReusedError,
    PricesChangedError,
    ShortageError,
)
from storefront.checkout.models import Checkout, Hold
from storefront.checkout.order_events import OrderChange
from storefront.checkout.place_order import place_order
from storefront.extensions import db, write_transaction
from storefront.stock import StockMovement
from tests.accounts.people import second_app
from tests.checkout.shoppers import (
    count_orders,
    current_digest,
    hold,
    make_draft,
    place,
    stock_differences,
    stock_level,
)
from tests.factories import make_product
from tests.statements import count_statements


@pytest.mark.parametrize("payment", ["invoice", "stripe"])
def test_order_takes_few_statements(app: Flask, tmp_path: Path, redis_url: str, payment: str) -> None:
    expected = 12 if payment == "stripe" else 13  # one of them writes the names by which staff find the order
    settings = {
        "REDIS_URL": redis_url,
        "STOREFRONT_SMTP_URL": "smtp://127.0.0.1:9",
        "STOREFRONT_STRIPE_SECRET_KEY": "sk_test_1",
        "STOREFRONT_STRIPE_WEBHOOK_SECRET": "whsec_MTIzNDU2Nzg=",
    }
    with second_app(app, tmp_path / "mailing", **settings):
        make_product("Cup", variants=[{"sku": "CUP", "price": 900, "on_hand": 9}])
        hold(draft := make_draft({"CUP": 1}, payment=payment))
        digest = current_digest(draft)
        db.session.rollback()
        assert (
            count_statements(lambda: place_order(draft, "a key of good length", digest, "a client"))
            == expected
        )


def test_order_copies_all_details_and_takes_the_stock(app: Flask) -> None:
    make_product("Teapot", variants=[{"sku": "TP", "option1": "Blue", "price": 2500, "on_hand": 5}])
    make_product("Cup", variants=[{"sku": "CUP", "price": 900, "on_hand": 9}])
    draft = make_draft({"TP": 2, "CUP": 1}, saved={"CUP-2": 1})
    hold(draft)
    assert (stock_level("TP"), stock_level("CUP")) == ((5, 2), (9, 1))
    order = place(draft).order
    assert (stock_level("TP"), stock_level("CUP")) == ((3, 0), (8, 0))
    assert (order.goods, order.delivery_price, order.total, order.state) == (5900, 0, 5900, "placed")
    assert [(x.sku, x.title, x.options, x.quantity, x.unit_price, x.from_stock) for x in order.lines] == [
        ("CUP", "Cup", "", 1, 900, 1),
        ("TP", "Teapot", "Blue", 2, 2500, 2),
    ]
    assert [event.kind for event in order.events] == ["placed"]
    assert list(db.session.execute(select(CartLine.sku)).scalars()) == ["CUP-2"], "lines saved for later stay"
    assert db.session.execute(select(Hold)).first() is None
    sold = db.session.execute(select(StockMovement).where(StockMovement.kind == "sold")).scalars()
    assert {(one.sku, one.quantity, one.reserved, one.reference) for one in sold} == {
        ("TP", -2, -2, order.number),
        ("CUP", -1, -1, order.number),
    }
    with write_transaction() as session:
        session.execute(select(Variant).where(Variant.sku == "TP")).scalar_one().price = 1
    assert order_events.lock_order(db.session(), order.number).total == 5900
    assert stock_differences() == []
    assert outbox.deliver_overdue() == 0


def test_order_numbers_do_not_reveal_the_count(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 9}])
    numbers = [place(make_draft({"TP": 1})).number for _ in range(6)]
    assert [len(number) for number in numbers] == [10] * 6
    # A counter would leave most characters unchanged; random numbers share three places in a row almost never.
    assert sum(len(set(column)) == 1 for column in zip(*numbers, strict=True)) < 3


def test_repeated_key_returns_its_order_and_refuses_another(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "on_hand": 5}])
    draft = make_draft({"TP": 1})
    digest, key = current_digest(draft), "the form's own key"
    first = place_order(draft, key, digest)
    again = place_order(draft, key, digest)
    assert (first.repeated, again.repeated, again.order.number) == (False, True, first.order.number)
    with pytest.raises(KeyReusedError, match=first.order.number):
        place_order(draft, key, "something else")
    with pytest.raises(EmptyBasketError):
        place_order(draft, "another form's key", digest)
    assert (count_orders(), stock_level("TP")) == (1, (4, 0))
    with write_transaction() as session:  # the same basket and form again: only the key differs
        cart_id = session.get_one(Checkout, draft).cart_id
        session.add(CartLine(cart_id=cart_id, sku="TP", quantity=1, price_seen=0))
    assert current_digest(draft) == digest
    last = place_order(draft, key, digest)
    assert (last.repeated, last.order.number) == (True, first.order.number)
    assert (count_orders(), stock_level("TP")) == (1, (4, 0))


def test_changes_since_the_review_refuse_the_order(app: Flask) -> None:
    make_product(variants=[{"sku": "TP", "price": 1000}])
    draft = make_draft({"TP": 1})
    digest = current_digest(draft)
    with write_transaction() as session:
        session.execute(select(Variant)).scalar_one().price = 1100
    with pytest.raises(PricesChangedError) as caught:
        place_order(draft, "a key of good length", digest)
    assert caught.value.review.totals.goods == 1100
    assert (count_orders(), stock_level("TP")) == (0, (20, 0))
    with write_transaction() as session:
        session.get_one(Checkout, draft).address = {"country": "DE"}
    with pytest.raises(PricesChangedError):
        place_order(draft, "a key of good length", digest)
    assert place(draft).order.ship_to == {"country": "DE"}


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"email": ""}, "email"),
        ({"address": {}}, "address"),
        ({"delivery": "teleport"}, "delivery"),
        ({"payment": ""}, "payment"),
        ({"payment": "stripe"}, "payment"),
    ],
)
def test_incomplete_draft_is_refused(app: Flask, details: dict[str, object], field: str) -> None:
    make_product(variants=[{"sku": "TP"}])
    with pytest.raises(IncompleteError) as caught:
        place(make_draft({"TP": 1}, **details))
    assert caught.value.field == field
    assert (count_orders(), stock_level("TP")) == (0, (20, 0))


def test_shortage_names_all_lines_and_takes_nothing(app: Flask) -> None:
    make_product("Teapot", variants=[{"sku": "TP", "on_hand": 2}])
    make_product("Cup", variants=[{"sku": "CUP", "on_hand": 0}])
    make_product("Bowl", variants=[{"sku": "BOWL", "on_hand": 9}])
    draft = make_draft({"TP": 3, "CUP": 1, "BOWL": 1})
    for attempt in (hold, place):
        with pytest.raises(ShortageError, match="Only 2 of Teapot are left") as caught:
            attempt(draft)
        assert [(x.sku, x.amount.wanted, x.amount.left) for x in caught.value.shortages] == [
            ("CUP", 1, 0),
            ("TP", 3, 2),
        ]
    assert (stock_level("TP"), stock_level("BOWL"), count_orders()) == ((2, 0), (9, 0), 0)
    assert len(db.session.execute(select(CartLine)).all()) == 3


def test_untracked_and_backordered_lines_need_no_hold(app: Flask) -> None:
    make_product(variants=[{"sku": "VOUCHER", "tracked": False, "on_hand": 0}])
    make_product(variants=[{"sku": "AHEAD", "backorder": True, "on_hand": 2}])
    draft = make_draft({"VOUCHER": 3, "AHEAD": 5})
    assert hold(draft).until is None
    order = place(draft).order
    assert {line.sku: line.from_stock for line in order.lines} == {"VOUCHER": 0, "AHEAD": 2}
    assert (stock_level("AHEAD"), stock_level("VOUCHER")) == ((0, 0), (0, 0))
    with write_transaction() as session:
        orders.cancel(session, order.number, actor="test")
    assert (stock_level("AHEAD"), stock_differences()) == ((2, 0), [])


def test_handlers_run_in_the_transaction_and_can_abort_it(app: Flask) -> None:
    make_product(variants=[{"sku": "TP"}])
    changes = []

    def handle(_session: object, change: OrderChange) -> None:
        changes.append((change.number, change.kind))
        if len(changes) == 1:
            raise ZeroDivisionError

    order_events.changed.register(app, handle)
    draft = make_draft({"TP": 1})
    with pytest.raises(ZeroDivisionError):
        place(draft)
    assert (count_orders(), stock_level("TP")) == (0, (20, 0))
    placed = place(draft)
    assert changes[1:] == [(placed.order.number, "placed")]
