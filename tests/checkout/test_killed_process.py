"""A process is killed during an order: no order without its stock remains, and no sold stock without its order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from storefront.cart import CartLine
from storefront.checkout import retention
from storefront.checkout.models import Checkout, Hold, Order, OrderEvent, OrderLine
from storefront.extensions import db, write_transaction
from storefront.stock import StockMovement
from tests.cache.workers import call_in_process
from tests.checkout.checkout_process import KILL_POINTS, fork_buyers
from tests.checkout.shoppers import make_draft, place, stock_differences, stock_level
from tests.factories import make_product
from tests.selection import effort

ROUNDS = effort(1, 5) * KILL_POINTS


@pytest.mark.slow
@pytest.mark.long
def test_killed_process_leaves_a_complete_order_or_none(app: Flask) -> None:
    for sku in ("TP", "CUP"):
        make_product(variants=[{"sku": sku, "on_hand": 1000}])
    drafts = [make_draft({"TP": 1, "CUP": 2}) for _ in range(1 + ROUNDS)]
    db.session.remove()
    url, redis_url = app.config["SQLALCHEMY_DATABASE_URI"], app.config["REDIS_URL"]
    call_in_process(fork_buyers, url, app.instance_path, redis_url, drafts)
    orders = db.session.execute(select(func.count(Order.id))).scalar_one()
    held = db.session.execute(select(func.count(func.distinct(Hold.checkout_id)))).scalar_one()
    assert min(orders, held, 1 + ROUNDS - orders - held) > 5, "they die before, during and after both"
    assert_consistent(orders)
    assert (stock_level("TP"), stock_level("CUP")) == ((1000 - orders, held), (1000 - 2 * orders, 2 * held))
    assert stock_differences() == []

    with write_transaction() as session:
        session.execute(update(Hold).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert retention.clean_up() == 2 * held
    assert (stock_level("TP"), stock_differences()) == ((1000 - orders, 0), [])

    left = list(db.session.execute(select(CartLine.cart_id).distinct()).scalars())
    assert len(left) == 1 + ROUNDS - orders, "baskets that were not bought are kept"
    again = db.session.execute(select(Checkout.id).where(Checkout.cart_id == left[0])).scalar_one()
    assert not place(again).repeated, "the retry places it"


def assert_consistent(orders: int) -> None:
    """Check that every order has two lines, one event and two movements, and that no others exist."""
    db.session.rollback()
    for model in (OrderLine, OrderEvent, StockMovement):
        wanted = {OrderLine: 2, OrderEvent: 1, StockMovement: 2}[model]
        owner = StockMovement.reference if model is StockMovement else model.order_id
        order = Order.number if model is StockMovement else Order.id
        query = select(func.count()).join(Order, order == owner).group_by(Order.id).select_from(model)
        if model is StockMovement:
            query = query.where(StockMovement.kind == "sold")
        assert list(db.session.execute(query).scalars()) == [wanted] * orders, model
    sold = select(func.count()).where(StockMovement.kind == "sold")
    assert db.session.execute(sold).scalar_one() == 2 * orders
