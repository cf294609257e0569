"""What customers have bought, and who has bought as a guest: for the export of customers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from flask import Flask
from sqlalchemy import func, select

from storefront import shop_settings
from storefront.accounts.customer_files.customer_export import Guest, Purchases, guests, purchases
from storefront.accounts.models import User
from storefront.checkout.models import Order
from storefront.extensions import db
from storefront.money import Money

BATCH = 500
# Of orders in the shop's currency: sums of several currencies mean nothing.
_KEPT = func.sum(Order.paid - Order.refunded)


def init_app(app: Flask) -> None:
    """Answer the export of customers."""
    purchases.register(app, read_purchases)
    guests.register(app, read_guests)


def read_purchases(user_ids: Collection[int]) -> Mapping[int, Purchases]:
    """Return what these accounts have bought."""
    query = (
        select(Order.user_id, _KEPT, func.count())
        .where(Order.user_id.in_(user_ids), Order.currency == shop_settings.current().currency)
        .group_by(Order.user_id)
    )
    return {user_id: _purchases(kept, count) for user_id, kept, count in db.session.execute(query) if user_id}


def read_guests() -> Iterator[Guest]:
    """Yield the people who have bought without an account, by e-mail, each with the address of the last order."""
    last = ""
    currency = shop_settings.current().currency
    while True:
        query = (
            select(Order.email, _KEPT, func.count(), func.max(Order.id))
            .outerjoin(User, User.email == Order.email)
            .where(Order.email > last, User.id.is_(None), Order.currency == currency)
            .group_by(Order.email)
            .order_by(Order.email)
            .limit(BATCH)
        )
        batch = db.session.execute(query).all()
        if not batch:
            return
        orders = select(Order.id, Order.ship_to).where(Order.id.in_([row[3] for row in batch]))
        addresses = {order_id: ship_to for order_id, ship_to in db.session.execute(orders)}  # noqa: C416  # as above
        for email, kept, count, order_id in batch:
            yield Guest(email, addresses[order_id], _purchases(kept, count))
        last = batch[-1][0]


def _purchases(kept: int, orders: int) -> Purchases:
    return Purchases(Money(int(kept), shop_settings.current().currency).plain, orders)
