"""Placing an order: one transaction, once per click, that turns a basket into an order and sells its stock.

Its statements are built once and executed without the ORM, since every shopper who buys waits for them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from flask import current_app
from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import stock
from storefront.actors import actor_text
from storefront.cart import CartLine
from storefront.checkout import drafts, hold_budgets, order_events
from storefront.checkout.drafts import DraftDetails, OrderReview
from storefront.checkout.errors import (
    EmptyBasketError,
    IncompleteError,
    InFlightError,
    KeyReusedError,
    OverHoldBudgetError,
    PricesChangedError,
    ReviewOutdatedError,
    RowLockedError,
)
from storefront.checkout.models import Checkout, Order, OrderEvent, OrderLine, OrderNameWord, new_number
from storefront.checkout.order_events import OrderChange
from storefront.checkout.order_search import name_keys, name_words
from storefront.checkout.order_states import INVOICE
from storefront.checkout.payment.invoice import payment_end
from storefront.checkout.queries import has_paid_before
from storefront.checkout.retry import lock_timeout_raises, run_with_retries
from storefront.checkout.taken_holds import TakenHolds, ledger_reference, raise_shortages, take_holds
from storefront.checkout.totals import Totals
from storefront.errors import StorefrontError
from storefront.extensions import connection_of, db, write_transaction
from storefront.i18n import gettext as _
from storefront.languages import current_locale
from storefront.stock import Movement

_DRAFTS, _CART_LINES = cast("Table", Checkout.__table__), cast("Table", CartLine.__table__)
# Locks the draft until the end of the transaction, and gives it a new key: the next click is another order.
_CLAIM_DRAFT = (
    update(_DRAFTS)
    .where(_DRAFTS.c.id == bindparam("checkout"))
    .values(key=bindparam("next_key"), seen=None, updated_at=bindparam("now"))
    .returning(*(_DRAFTS.c[field.name] for field in fields(DraftDetails)))
)
_EMPTY_BASKET = delete(_CART_LINES).where(
    _CART_LINES.c.cart_id == bindparam("cart"),
    ~_CART_LINES.c.saved,
    _CART_LINES.c.sku.in_(bindparam("skus", expanding=True)),
)
_ORDERS, _EVENTS = cast("Table", Order.__table__), cast("Table", OrderEvent.__table__)
_INSERT_ORDER = insert(_ORDERS).returning(_ORDERS.c.id)
_INSERT_EVENT = insert(_EVENTS).returning(_EVENTS.c.id)
_INSERT_LINES = insert(cast("Table", OrderLine.__table__))
_INSERT_NAMES = insert(cast("Table", OrderNameWord.__table__))

MAX_TURNS = 3  # that a form waits for the same form, sent a moment earlier


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The number of an order; `repeated` if an earlier request with the same key has placed it."""

    number: str
    repeated: bool

    @property
    def order(self) -> Order:
        """The order, read from the database at each access."""
        return db.session.execute(select(Order).where(Order.number == self.number)).scalar_one()


def place_order(checkout_id: int, key: str, seen: str, client: str | None = None) -> PlacedOrder:
    """Place the order that a draft describes, once for each key.

    Args:
        checkout_id: the id of the draft.
        key: the idempotency key of the form (`Checkout.key`), of 16 to 100 characters.
        seen: the `OrderReview.digest` that the shopper was shown.
        client: a keyed digest of the client's address, if it is known: unpaid orders count for it.

    Raises:
        PricesChangedError: prices, tax, lines or details differ from `seen`.
        ShortageError: the stock is too low.
        EmptyBasketError, IncompleteError: the draft is not complete.
        KeyReusedError: the key has placed an order with other contents.
        InFlightError: another request is placing an order with this key at this moment.
        DatabaseBusyError: the database is unavailable or overloaded; the same form can be sent again.
    """
    if not 16 <= len(key) <= 100:
        raise IncompleteError("key", _("Some information is missing. Please go through checkout again."))
    order_key = hashlib.sha256(f"{checkout_id}:{key}".encode()).hexdigest()
    return run_with_retries(lambda: _place_in_turn(checkout_id, order_key, seen, client))


def _place_in_turn(checkout_id: int, key: str, seen: str, client: str | None) -> PlacedOrder:
    """Place the order, after the other requests with the same draft: each of them waits for a second at most."""
    for _turn in range(MAX_TURNS - 1):
        with suppress(InFlightError):
            return _place_once(checkout_id, key, seen, client)
        db.session.rollback()
    return _place_once(checkout_id, key, seen, client)


def _place_once(checkout_id: int, key: str, seen: str, client: str | None) -> PlacedOrder:
    """Try once to place the order; if it is refused, return the order that the key has placed before, if any."""
    try:
        return PlacedOrder(_place_within_budgets(checkout_id, key, seen, client), repeated=False)
    except RowLockedError as error:
        raise InFlightError from error
    except (StorefrontError, IntegrityError) as error:
        db.session.rollback()
        earlier = db.session.execute(select(Order).where(Order.key == key)).scalar_one_or_none()
        if earlier is None and isinstance(error, ReviewOutdatedError):
            raise _changes_since(checkout_id) from None
        if earlier is None:
            raise
        if earlier.request_digest != seen:
            raise KeyReusedError(earlier.number) from None
        return PlacedOrder(earlier.number, repeated=True)


def _place_within_budgets(checkout_id: int, key: str, seen: str, client: str | None) -> str:
    """Place the order in a transaction of its own, over a budget without taking its goods; return its number."""
    try:
        with write_transaction() as session:
            return _place(session, checkout_id, key, seen, client)
    except OverHoldBudgetError as error:
        current_app.logger.info("An order by invoice takes its goods when it is paid: %s", error)
    with write_transaction() as session:
        return _place(session, checkout_id, key, seen, client, takes_goods=False)


def _place(
    session: Session, checkout_id: int, key: str, seen: str, client: str | None, *, takes_goods: bool = True
) -> str:
    draft = _claim_draft(session, checkout_id)
    review = drafts.build_review(session, draft)
    drafts.check_review(review, seen)
    taken = take_holds(session, draft.id, [line.sku for line in review.lines if line.tracked])
    taken.check_availability([line for line in review.lines if line.needs_stock])
    sold, unreserved = _quantities_from_stock(session, review, taken), {}
    if not takes_goods:
        sold, unreserved = {}, sold
    columns: dict[str, Any] = {"key": key, "request_digest": seen, "client": client}
    takes_unpaid = draft.payment == INVOICE and any(sold.values())
    if takes_unpaid:
        columns["pay_by"] = payment_end()
    change = _write_order(session, review, columns, sold, unreserved)
    if takes_unpaid and not has_paid_before(session, draft.user_id):
        hold_budgets.check_invoice_order(session, change.order_id)
    skus = [line.sku for line in review.lines]
    connection_of(session).execute(_EMPTY_BASKET, {"cart": draft.cart_id, "skus": skus})
    order_events.changed.fire(session, change)
    # Last, so that the rows of stock, which many shoppers want at once, are locked as briefly as possible.
    _sell(session, change.number, review, taken, sold)
    return change.number


def _claim_draft(session: Session, checkout_id: int) -> DraftDetails:
    values = {"checkout": checkout_id, "next_key": secrets.token_urlsafe(24), "now": datetime.now(UTC)}
    # A request that sent the same form a moment ago still holds the lock on this row.
    with lock_timeout_raises(RowLockedError):
        row = connection_of(session).execute(_CLAIM_DRAFT, values).one_or_none()
    if row is None:
        raise EmptyBasketError
    return DraftDetails(*row)


def _changes_since(checkout_id: int) -> StorefrontError:
    """Return the error that shows the shopper the totals they saw and the current ones."""
    draft = db.session.get(Checkout, checkout_id)
    if draft is None:
        return EmptyBasketError()
    before = Totals.from_json(draft.seen) if draft.seen else None
    return PricesChangedError(before, drafts.build_review(db.session(), draft))


def _quantities_from_stock(session: Session, review: OrderReview, taken: TakenHolds) -> dict[str, int]:
    """Return how many of each tracked line leave the stock: all of them; of a backordered line, what is available."""
    tracked = {line.sku: line for line in review.lines if line.tracked}
    quantities = {sku: line.item.quantity for sku, line in tracked.items()}
    backordered = [sku for sku, line in tracked.items() if line.backorder]
    if backordered:
        available = stock.lock_available(session, tracked)
        for sku in backordered:
            possible = available.get(sku, 0) + taken.own.get(sku, 0)
            quantities[sku] = max(0, min(quantities[sku], possible))
    return quantities


def _write_order(
    session: Session,
    review: OrderReview,
    columns: Mapping[str, Any],
    sold: Mapping[str, int],
    unreserved: Mapping[str, int],
) -> OrderChange:
    """Write an order that copies the review, its lines and its first event.

    Args:
        session: the session of the transaction.
        review: what the shopper agreed to.
        columns: columns of the order that do not follow from the review.
        sold: by SKU, the quantity that leaves the stock with the order.
        unreserved: by SKU, the quantity that leaves it when the order is paid.
    """
    connection, now, totals = connection_of(session), datetime.now(UTC), review.totals
    order = _order_values(review, now) | dict(columns)
    order_id = connection.execute(_INSERT_ORDER, order).scalar_one()
    event = {
        "order_id": order_id,
        "at": now,
        "actor": actor_text(),
        "kind": "placed",
        "amount": totals.total,
        "note": "",
    }
    event_id = connection.execute(_INSERT_EVENT, event).scalar_one()
    connection.execute(_INSERT_LINES, _line_values(order_id, review, sold, unreserved))
    if words := name_words(review.draft.address, review.draft.bill_to):
        connection.execute(_INSERT_NAMES, [{"word": word, "order_id": order_id} for word in words])
    return OrderChange(
        order_id=order_id,
        number=order["number"],
        email=review.draft.email,
        payment=review.draft.payment,
        state="placed",
        currency=totals.currency,
        total=totals.total,
        paid=0,
        refunded=0,
        event_id=event_id,
        kind="placed",
        actor=str(event["actor"]),
        at=now,
        locale=order["locale"],
    )


def _order_values(review: OrderReview, now: datetime) -> dict[str, Any]:
    draft, totals = review.draft, review.totals
    return {
        "number": new_number(),
        "user_id": draft.user_id,
        "email": draft.email,
        "exact_email": draft.exact_email,
        "locale": current_locale(),
        "state": "placed",
        "currency": totals.currency,
        "goods": totals.goods,
        "delivery_price": totals.delivery,
        "tax": totals.tax,
        "total": totals.total,
        "prices_include_tax": totals.prices_include_tax,
        "taxes": msgspec.to_builtins(totals.taxes),
        "ship_to": draft.address,
        "bill_to": draft.bill_to,
        "delivery": review.delivery.shown_name if review.delivery else "",
        "payment": draft.payment,
        "paid": 0,
        "refunded": 0,
        "placed_at": now,
        "access": secrets.token_hex(16),
        "checkout_id": draft.id,
        **name_keys(str(draft.address.get("name", ""))),
    }


def _line_values(
    order_id: int, review: OrderReview, sold: Mapping[str, int], unreserved: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return the rows of the lines; the fields of `TotalLine` are columns of `OrderLine`."""
    labels = {line.sku: line.label for line in review.lines}
    return [
        {
            **msgspec.to_builtins(line),
            "label": labels[line.sku],
            "order_id": order_id,
            "from_stock": sold.get(line.sku, 0),
            "returned": 0,
            "unreserved": unreserved.get(line.sku, 0),
        }
        for line in review.totals.lines
    ]


def _sell(
    session: Session, number: str, review: OrderReview, taken: TakenHolds, sold: Mapping[str, int]
) -> None:
    """Turn the draft's holds into sold stock, and sell the quantities that it did not hold."""
    lines = {line.sku: line for line in review.lines}
    reference = ledger_reference(review.draft.id)
    movements = [
        Movement(sku, "released", reserved=-quantity, reference=reference)
        for sku, quantity in taken.own.items()
        if sku not in sold
    ]
    movements += [
        Movement(sku, "sold", -quantity, -taken.own.get(sku, 0), number)
        for sku, quantity in sold.items()
        if quantity or taken.own.get(sku)
    ]
    raise_shortages(stock.apply_movements(session, [*taken.expired, *movements]), lines, taken.own)
