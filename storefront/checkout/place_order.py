"""Placing an order: one transaction, once per click, that turns a basket into an order and takes its stock."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import stock
from storefront.cart import CartLine
from storefront.checkout import drafts, holds, orders, payment
from storefront.checkout.drafts import OrderReview
from storefront.checkout.errors import (
    EmptyBasketError,
    IncompleteError,
    InFlightError,
    KeyReusedError,
    PricesChangedError,
    ReviewOutdatedError,
    RowLockedError,
    ShortageError,
)
from storefront.checkout.models import Checkout, Order, OrderEvent, OrderLine, new_number
from storefront.checkout.retry import lock_timeout_raises, run_with_retries
from storefront.checkout.totals import Totals
from storefront.errors import StorefrontError
from storefront.extensions import connection_of, db, write_transaction
from storefront.stock import Movement

# Built once, and sent past the mapper.
_DRAFTS, _BASKET = cast("Table", Checkout.__table__), cast("Table", CartLine.__table__)
# Locks the draft, and makes the next click another; what it takes from there is true until the end.
_CLAIM = (
    update(_DRAFTS)
    .where(_DRAFTS.c.id == bindparam("checkout"))
    .values(key=bindparam("next"), seen=None, updated_at=bindparam("now"))
    .returning(
        _DRAFTS.c.id, _DRAFTS.c.cart_id, _DRAFTS.c.user_id, _DRAFTS.c.email, _DRAFTS.c.address,
        _DRAFTS.c.bill_to, _DRAFTS.c.delivery, _DRAFTS.c.payment,
    )
)  # fmt: skip
_TAKE_OUT = delete(_BASKET).where(
    _BASKET.c.cart_id == bindparam("cart"),
    ~_BASKET.c.saved,
    _BASKET.c.sku.in_(bindparam("bought", expanding=True)),
)

_ORDERS, _EVENTS = cast("Table", Order.__table__), cast("Table", OrderEvent.__table__)
_WRITE_ORDER = insert(_ORDERS).returning(_ORDERS.c.id)
_WRITE_EVENT = insert(_EVENTS).returning(_EVENTS.c.id)
_WRITE_LINES = insert(cast("Table", OrderLine.__table__))


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The number of an order; `again` if the same click had placed it before."""

    number: str
    repeated: bool

    @property
    def order(self) -> Order:
        """The order, read now."""
        return db.session.execute(select(Order).where(Order.number == self.number)).scalar_one()


def place_order(checkout_id: int, key: str, seen: str) -> PlacedOrder:
    """Place the order that a draft describes, once for each key.

    Args:
        checkout_id: the draft's.
        key: says which click this is: from the form (`Checkout.key`), of 16 to 100 characters.
        seen: `OrderReview.digest` as the shopper was shown it.

    Raises:
        PricesChangedError: prices, tax, lines or details are not what was seen.
        ShortageError: somebody was quicker.
        EmptyBasketError, IncompleteError: there is nothing to place.
        KeyReusedError: the key has placed another order; InFlightError: it is placing one at this moment.
        DatabaseBusyError: the database is away or overrun; the same form can be sent again.
    """
    if not 16 <= len(key) <= 100:
        raise IncompleteError("key", "The form is not complete. Open the checkout again.")
    owner = hashlib.sha256(f"{checkout_id}:{key}".encode()).hexdigest()
    return run_with_retries(lambda: _place_once(checkout_id, owner, seen))


def _place_once(checkout_id: int, key: str, seen: str) -> PlacedOrder:
    """Try to place it; before anything is refused, look whether this very click has been served already."""
    try:
        with write_transaction() as session:
            return PlacedOrder(_place(session, checkout_id, key, seen), repeated=False)
    except RowLockedError as error:
        raise InFlightError from error
    except (StorefrontError, IntegrityError) as error:
        db.session.rollback()
        earlier = db.session.execute(select(Order).where(Order.key == key)).scalar_one_or_none()
        if earlier is None and isinstance(error, ReviewOutdatedError):
            raise _changed(checkout_id) from None
        if earlier is None:
            raise
        if earlier.request_digest != seen:
            raise KeyReusedError(earlier.number) from None
        return PlacedOrder(earlier.number, repeated=True)


def _place(session: Session, checkout_id: int, key: str, seen: str) -> str:
    draft = _claim(session, checkout_id)
    review = drafts.build_review(session, draft)
    _check_review(review, seen)
    own = holds.take_holds(session, draft.id, [line.sku for line in review.lines if line.tracked])
    own.check_availability([line for line in review.lines if line.tracked and not line.backorder])
    taken = _from_stock(session, review, own)
    order, event = _write_order(session, review, key, seen, taken)
    bought = [line.sku for line in review.lines]
    connection_of(session).execute(_TAKE_OUT, {"cart": draft.cart_id, "bought": bought})
    orders.tell(session, order, event)
    # Last, so that what many want at once is locked for as short as can be.
    _sell(session, order.number, review, own, taken)
    return order.number


def _claim(session: Session, checkout_id: int) -> Checkout:
    values = {"checkout": checkout_id, "next": secrets.token_urlsafe(24), "now": datetime.now(UTC)}
    with lock_timeout_raises(RowLockedError):  # whoever sent the same form a moment ago holds this row
        draft: Any = connection_of(session).execute(_CLAIM, values).one_or_none()
    if draft is None:
        raise EmptyBasketError
    return cast("Checkout", draft)  # its row, which says the same


def _check_review(review: OrderReview, seen: str) -> None:
    """Refuse a draft that cannot be placed, or that differs from what the shopper saw.

    Raises:
        ShortageError, EmptyBasketError, IncompleteError: the draft cannot be placed.
        ReviewOutdatedError: prices, tax, lines or details have changed.
    """
    draft = review.checkout
    if review.gone:
        raise ShortageError([], review.gone)
    if not review.lines:
        raise EmptyBasketError
    if not draft.email:
        raise IncompleteError("email", "Give an e-mail address, so that we can tell you of your order.")
    if not draft.address.get("country"):
        raise IncompleteError("address", "Say where the order is to be sent.")
    if review.delivery is None or not review.delivery.serves(draft.address["country"]):
        raise IncompleteError("delivery", "Choose how the order is to be sent.")
    if draft.payment not in payment.offered_providers():
        raise IncompleteError("payment", "Choose how you want to pay.")
    if review.digest != seen:
        raise ReviewOutdatedError("Something has changed since you saw this page.")


def _changed(checkout_id: int) -> StorefrontError:
    """Return what the shopper is told: what they were shown, and what it comes to now."""
    draft = db.session.get(Checkout, checkout_id)
    if draft is None:
        return EmptyBasketError()
    before = Totals.from_json(draft.seen) if draft.seen else None
    return PricesChangedError(before, drafts.build_review(db.session(), draft))


def _from_stock(session: Session, review: OrderReview, own: holds.TakenHolds) -> dict[str, int]:
    """Return how many of each line leave the stock: all that are counted; of what is ordered ahead, what there is."""
    counted = {line.sku: line for line in review.lines if line.tracked}
    taken = {sku: line.item.quantity for sku, line in counted.items()}
    ahead = [sku for sku, line in counted.items() if line.backorder]
    if ahead:
        free = stock.lock_available(session, counted)
        for sku in ahead:
            taken[sku] = max(0, min(taken[sku], free.get(sku, 0) + own.own.get(sku, 0)))
    return taken


def _write_order(
    session: Session, review: OrderReview, key: str, seen: str, taken: Mapping[str, int]
) -> tuple[Order, OrderEvent]:
    """Write an order that copies all that was agreed to, with its first event; return what is in both rows.

    Args:
        session: of the transaction.
        review: what was agreed to.
        key: which click places it.
        seen: the digest of what was agreed to.
        taken: by SKU, how many leave the stock with it.
    """
    connection, now = connection_of(session), datetime.now(UTC)
    values = _order_values(review, now) | {"key": key, "request_digest": seen}
    order_id = connection.execute(_WRITE_ORDER, values).scalar_one()
    event = {
        "order_id": order_id, "at": now, "actor": "customer", "kind": "placed",
        "amount": review.totals.total, "note": "",
    }  # fmt: skip
    event_id = connection.execute(_WRITE_EVENT, event).scalar_one()
    connection.execute(_WRITE_LINES, _line_values(order_id, review, taken))
    # Their rows, which say the same: to make objects of them takes longer than to write them.
    told = SimpleNamespace(id=order_id, **values), SimpleNamespace(id=event_id, **event)
    return cast("tuple[Order, OrderEvent]", told)


def _order_values(review: OrderReview, now: datetime) -> dict[str, Any]:
    draft, total = review.checkout, review.totals
    return {
        "number": new_number(), "user_id": draft.user_id, "email": draft.email, "state": "placed",
        "currency": total.currency, "goods": total.goods, "delivery_price": total.delivery, "tax": total.tax,
        "total": total.total, "prices_include_tax": total.prices_include_tax,
        "taxes": [{"rate": tax.rate, "base": tax.base, "amount": tax.amount} for tax in total.taxes],
        "ship_to": draft.address, "bill_to": draft.bill_to,
        "delivery": review.delivery.name if review.delivery else "", "payment": draft.payment,
        "paid": 0, "refunded": 0, "placed_at": now, "access": secrets.token_hex(16),
    }  # fmt: skip


def _line_values(order_id: int, review: OrderReview, taken: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_id, "sku": line.sku, "title": line.title, "options": line.options,
            "quantity": line.quantity, "unit_price": line.unit_price, "tax_rate": line.tax_rate,
            "tax": line.tax, "total": line.total, "from_stock": taken.get(line.sku, 0), "returned": 0,
        }
        for line in review.totals.lines
    ]  # fmt: skip


def _sell(
    session: Session, number: str, review: OrderReview, own: holds.TakenHolds, taken: dict[str, int]
) -> None:
    """Turn holds into sold stock, and take what was not held."""
    lines = {line.sku: line for line in review.lines}
    named = holds.ledger_reference(review.checkout.id)
    movements = [
        Movement(sku, "released", reserved=-held, reference=named, actor="checkout")
        for sku, held in own.own.items()
        if sku not in taken
    ]
    movements += [
        Movement(sku, "sold", -quantity, -own.own.get(sku, 0), number, "checkout")
        for sku, quantity in taken.items()
        if quantity or own.own.get(sku)
    ]
    holds.raise_shortages(stock.apply_movements(session, own.expired + movements), lines, own.own)
