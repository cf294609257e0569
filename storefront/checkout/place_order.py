"""Placing an order: one transaction, once per click, that turns a basket into an order and takes its stock."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import stock
from storefront.cart import CartLine
from storefront.checkout import drafts, holds, orders, shortage
from storefront.checkout.drafts import EmptyBasketError, Review
from storefront.checkout.errors import (
    IncompleteError,
    KeyReusedError,
    NotAsSeenError,
    PricesChangedError,
    refuse,
)
from storefront.checkout.models import Checkout, Order
from storefront.checkout.order_rows import copy
from storefront.checkout.retry import InFlightError, LockedError, persistently, where
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


@dataclass(frozen=True, slots=True)
class Placed:
    """The number of an order; `again` if the same click had placed it before."""

    number: str
    again: bool

    @property
    def order(self) -> Order:
        """The order, read now."""
        return db.session.execute(select(Order).where(Order.number == self.number)).scalar_one()


def place_order(checkout_id: int, key: str, seen: str) -> Placed:
    """Place the order that a draft describes, once for each key.

    Args:
        checkout_id: the draft's.
        key: says which click this is: from the form (`Checkout.key`), of 16 to 100 characters.
        seen: `Review.digest` as the shopper was shown it.

    Raises:
        PricesChangedError: prices, tax, lines or details are not what was seen.
        ShortageError: somebody was quicker.
        EmptyBasketError, IncompleteError: there is nothing to place.
        KeyReusedError: the key has placed another order; InFlightError: it is placing one at this moment.
        BusyError: the database is away or overrun; the same form can be sent again.
    """
    if not 16 <= len(key) <= 100:
        raise IncompleteError("key", "The form is not complete. Open the checkout again.")
    owner = hashlib.sha256(f"{checkout_id}:{key}".encode()).hexdigest()
    return persistently(lambda: _once(checkout_id, owner, seen))


def _once(checkout_id: int, key: str, seen: str) -> Placed:
    """Try to place it; before anything is refused, look whether this very click has been served already."""
    try:
        with write_transaction() as session:
            return Placed(_place(session, checkout_id, key, seen), again=False)
    except LockedError as error:
        raise InFlightError from error
    except (StorefrontError, IntegrityError) as error:
        db.session.rollback()
        earlier = db.session.execute(select(Order).where(Order.key == key)).scalar_one_or_none()
        if earlier is None and isinstance(error, NotAsSeenError):
            raise _changed(checkout_id) from None
        if earlier is None:
            raise
        if earlier.request_digest != seen:
            raise KeyReusedError(earlier.number) from None
        return Placed(earlier.number, again=True)


def _place(session: Session, checkout_id: int, key: str, seen: str) -> str:
    draft = _claim(session, checkout_id)
    review = drafts.review(session, draft)
    refuse(review, seen)
    own = holds.take(session, draft.id, [line.sku for line in review.lines if line.counted])
    own.refuse_what_is_short([line for line in review.lines if line.counted and not line.backorder])
    taken = _from_stock(session, review, own)
    order, event = copy(session, review, key, seen, taken)
    bought = [line.sku for line in review.lines]
    connection_of(session).execute(_TAKE_OUT, {"cart": draft.cart_id, "bought": bought})
    orders.tell(session, order, event)
    # Last, so that what many want at once is locked for as short as can be.
    _sell(session, order.number, review, own, taken)
    return order.number


def _claim(session: Session, checkout_id: int) -> Checkout:
    values = {"checkout": checkout_id, "next": secrets.token_urlsafe(24), "now": datetime.now(UTC)}
    with where(LockedError):  # whoever sent the same form a moment ago holds this row
        draft: Any = connection_of(session).execute(_CLAIM, values).one_or_none()
    if draft is None:
        raise EmptyBasketError
    return cast("Checkout", draft)  # its row, which says the same


def _changed(checkout_id: int) -> StorefrontError:
    """Return what the shopper is told: what they were shown, and what it comes to now."""
    draft = db.session.get(Checkout, checkout_id)
    if draft is None:
        return EmptyBasketError()
    before = Totals.from_json(draft.seen) if draft.seen else None
    return PricesChangedError(before, drafts.review(db.session(), draft))


def _from_stock(session: Session, review: Review, own: holds.Own) -> dict[str, int]:
    """Return how many of each line leave the stock: all that are counted; of what is ordered ahead, what there is."""
    counted = {line.sku: line for line in review.lines if line.counted}
    taken = {sku: line.wanted.quantity for sku, line in counted.items()}
    ahead = [sku for sku, line in counted.items() if line.backorder]
    if ahead:
        free = stock.locked(session, counted)
        for sku in ahead:
            taken[sku] = max(0, min(taken[sku], free.get(sku, 0) + own.held.get(sku, 0)))
    return taken


def _sell(session: Session, number: str, review: Review, own: holds.Own, taken: dict[str, int]) -> None:
    """Turn holds into sold stock, and take what was not held."""
    lines = {line.sku: line for line in review.lines}
    named = holds.reference(review.checkout.id)
    movements = [
        Movement(sku, "released", reserved=-held, reference=named, actor="checkout")
        for sku, held in own.held.items()
        if sku not in taken
    ]
    movements += [
        Movement(sku, "sold", -quantity, -own.held.get(sku, 0), number, "checkout")
        for sku, quantity in taken.items()
        if quantity or own.held.get(sku)
    ]
    shortage.refuse(stock.move(session, own.met + movements), lines, own.held)
