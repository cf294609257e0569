"""Budgets of unpaid goods: how much one client, and all clients together, may keep from others without paying.

Holds and unpaid orders count together. A shopper who asks for more gets no hold, and can order all the
same: docs/decisions/0018-budgets-of-unpaid-holds.md explains the numbers.

The budgets are checked in the transaction of a hold, after its rows are written: first before the rows of stock are
locked, since most refusals are clear by then; then behind a lock that every hold takes last, so that no two
transactions are between that check and their commit at the same time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import ColumnElement, bindparam, case, func, literal, select, text, union_all
from sqlalchemy.orm import Session

from storefront.checkout.errors import OverHoldBudgetError
from storefront.checkout.models import Checkout, Hold, HoldTime, Order, OrderLine
from storefront.checkout.order_states import UNPAID, UNPAID_INVOICE
from storefront.extensions import connection_of
from storefront.stock import StockItem


@dataclass(frozen=True, slots=True)
class ClientBudget:
    """What a client may keep unpaid at one moment: `skus`, and `units` of all of them together.

    Within TIME_WINDOW the client may hold goods for `holds` times the length of a hold, renewals included.
    """

    skus: int
    units: int
    holds: int


BASKET = ClientBudget(skus=10, units=30, holds=6)
ACCOUNT = ClientBudget(skus=10, units=30, holds=12)
# An office, or many customers of a mobile network, may share an address.
ADDRESS = ClientBudget(skus=12, units=40, holds=48)
TIME_WINDOW = timedelta(days=1)
# All clients together: half of a SKU's units, rounded up, and one of so many SKUs.
SHARE_OF_SKUS = 10
# Of one of so many SKUs, unpaid orders by invoice may take more than they leave.
SHARE_OF_SCARCE_SKUS = 20
MIN_SHOP_SKUS = 5  # even if the shop has few

_LOCK = text("SELECT pg_advisory_xact_lock(7201)")  # any number: it names the lock of the budgets
# Goods that are kept unpaid. `ordered` of them have left the stock, as part of an order.
_KEPT = union_all(
    select(
        Hold.sku, Hold.quantity, literal(0).label("ordered"), Hold.checkout_id, Checkout.user_id, Hold.client
    )
    .join(Checkout, Checkout.id == Hold.checkout_id)
    .where(Hold.expires_at >= bindparam("now")),
    select(
        OrderLine.sku,
        OrderLine.from_stock - OrderLine.returned,
        OrderLine.from_stock - OrderLine.returned,
        Order.checkout_id,
        Order.user_id,
        Order.client,
    )
    .join(Order, Order.id == OrderLine.order_id)
    .where(UNPAID, OrderLine.from_stock > OrderLine.returned),
).cte("kept")
_ROW = _KEPT.c
_CLIENTS = {
    "basket": (
        BASKET,
        _ROW.checkout_id == bindparam("checkout"),
        HoldTime.checkout_id == bindparam("checkout"),
    ),
    "account": (ACCOUNT, _ROW.user_id == bindparam("user"), HoldTime.user_id == bindparam("user")),
    "address": (ADDRESS, _ROW.client == bindparam("client"), HoldTime.client == bindparam("client")),
}


def _totals(name: str) -> Iterable[ColumnElement[int]]:
    """Return columns for what a client keeps unpaid, and the seconds for which it has held goods in the window."""
    _budget, is_theirs, was_theirs = _CLIENTS[name]
    held = select(func.sum(HoldTime.seconds)).where(was_theirs, HoldTime.at > bindparam("since"))
    yield func.count(func.distinct(case((is_theirs, _ROW.sku)))).label(f"{name}_skus")
    yield func.coalesce(func.sum(case((is_theirs, _ROW.quantity))), 0).label(f"{name}_units")
    yield func.coalesce(held.scalar_subquery(), 0).label(f"{name}_seconds")


_BY_SKU = (
    select(_ROW.sku, func.sum(_ROW.quantity).label("unpaid"), func.sum(_ROW.ordered).label("ordered"))
    .where(_ROW.sku.in_(bindparam("skus", expanding=True)))
    .group_by(_ROW.sku)
    .subquery()
)
_OVER_HALF = (
    select(func.count())
    .select_from(_BY_SKU)
    .join(StockItem, StockItem.sku == _BY_SKU.c.sku)
    .where(2 * _BY_SKU.c.unpaid > StockItem.on_hand + _BY_SKU.c.ordered + 1)
)
_TOTALS = select(
    *(column for name in _CLIENTS for column in _totals(name)),
    func.count(func.distinct(_ROW.sku)).label("shop_skus"),
    _OVER_HALF.scalar_subquery().label("over_half"),
)
_SOME_ITEMS = select(StockItem.id).limit(bindparam("most")).subquery()
_COUNT_ITEMS = select(func.count()).select_from(_SOME_ITEMS)


# SKUs of which unpaid orders by invoice take more than they leave; `own` counts those of the order.
_OWN = case((Order.id == bindparam("order"), OrderLine.from_stock), else_=0)
_INVOICED = (
    select(
        OrderLine.sku,
        func.sum(OrderLine.from_stock - OrderLine.returned).label("taken"),
        func.sum(_OWN).label("own"),
    )
    .join(Order, Order.id == OrderLine.order_id)
    .where(UNPAID_INVOICE, OrderLine.from_stock > OrderLine.returned)
    .group_by(OrderLine.sku)
    .subquery()
)
_SCARCE = (
    select(
        func.count().label("shop"),
        func.count(case((_INVOICED.c.own > 0, 1))).label("own"),
    )
    .select_from(_INVOICED)
    .join(StockItem, StockItem.sku == _INVOICED.c.sku)
    .where(_INVOICED.c.taken > StockItem.on_hand - _INVOICED.c.own)
)


@dataclass(frozen=True, slots=True)
class HoldOwner:
    """Who a hold counts for: a draft, its account, and a keyed digest of an address (IPv6: of its /64), if known."""

    checkout_id: int
    user_id: int | None
    client: str | None


def check_budgets(session: Session, owner: HoldOwner, skus: Collection[str]) -> None:
    """Check the budgets after the hold of these SKUs was written. One or two statements.

    Raises:
        OverHoldBudgetError: the hold exceeds a budget. The caller must roll back the transaction.
    """
    connection, now = connection_of(session), datetime.now(UTC)
    values = {
        "checkout": owner.checkout_id,
        "user": owner.user_id,
        "client": owner.client,
        "skus": sorted(skus),
        "now": now,
        "since": now - TIME_WINDOW,
    }
    totals = connection.execute(_TOTALS, values).one()._mapping
    for name, (budget, *_) in _CLIENTS.items():
        _check(totals[f"{name}_skus"], budget.skus, f"{name}: SKUs")
        _check(totals[f"{name}_units"], budget.units, f"{name}: units")
        longest = budget.holds * 60 * current_app.config["HOLD_MINUTES"]
        _check(totals[f"{name}_seconds"], longest, f"{name}: seconds of holding in a day")
    _check(totals["over_half"], 0, "shop: SKUs of which more than half is unpaid")
    _check_share(session, totals["shop_skus"], SHARE_OF_SKUS, "shop: SKUs")


def check_budgets_exactly(session: Session, owner: HoldOwner, skus: Collection[str]) -> None:
    """Check the budgets again, with what others have committed. Other holds wait here until the commit.

    Raises:
        OverHoldBudgetError: see `check_budgets`.
    """
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time: the first check was exact
        connection.execute(_LOCK)
        check_budgets(session, owner, skus)


def check_invoice_order(session: Session, order_id: int) -> None:
    """Check the shop's budget after an order by invoice was written, before its goods leave the stock.

    No lock is taken, since popular goods would wait for it: orders of the same moment may exceed the budget once.

    Raises:
        OverHoldBudgetError: the order takes more than it leaves, and there are too many such SKUs.
    """
    scarce = connection_of(session).execute(_SCARCE, {"order": order_id}).one()
    if scarce.own:
        name = "shop: SKUs that unpaid orders by invoice have made scarce"
        _check_share(session, scarce.shop, SHARE_OF_SCARCE_SKUS, name)


def _check_share(session: Session, skus: int, share: int, name: str) -> None:
    """Check that these are at most one of so many of all SKUs, or a few in a small shop."""
    if skus > MIN_SHOP_SKUS:
        # Reads no more rows than needed: the shop may have a million.
        items = connection_of(session).execute(_COUNT_ITEMS, {"most": skus * share}).scalar_one()
        _check(skus, max(MIN_SHOP_SKUS, items // share), name)


def _check(number: int, most: int, name: str) -> None:
    if number > most:
        raise OverHoldBudgetError(f"{name}: {number} of {most}")
