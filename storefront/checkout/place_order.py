"""Placing an order: one transaction, once per click, that turns a basket into an order and takes its stock."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from storefront import outbox, stock
from storefront.cart import CartLine
from storefront.checkout import drafts, holding, orders
from storefront.checkout.drafts import EmptyBasketError, Line, Review
from storefront.checkout.models import Checkout, Hold, Order, OrderLine
from storefront.checkout.totals import Totals
from storefront.checkout.trouble import BusyError, InFlightError, LockedError, again_after, where
from storefront.errors import StorefrontError
from storefront.extensions import db, writing
from storefront.stock import InsufficientStockError

TOPIC = "order.placed"


@dataclass(frozen=True, slots=True)
class Placed:
    """An order; `again` if the same click had placed it before."""

    order: Order
    again: bool


class IncompleteError(StorefrontError):
    """The draft lacks something without which nothing can be sent.

    Attributes:
        field: which column of the draft.
    """

    status = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PricesChangedError(StorefrontError):
    """What the shopper agreed to is not what it comes to now; nothing was written.

    Attributes:
        before: the totals that they were shown last, if we know them.
        review: what it comes to now, to be agreed to anew.
    """

    status = 409

    def __init__(self, before: Totals | None, review: Review) -> None:
        super().__init__("Something has changed since you saw this page. Look it over, then order.")
        self.before, self.review = before, review


class KeyReusedError(StorefrontError):
    """This form has placed another order already.

    Attributes:
        number: of that order.
    """

    status = 409

    def __init__(self, number: str) -> None:
        super().__init__(
            f"This form has been sent before, with other contents: it placed the order {number}."
        )
        self.number = number


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
    attempt = 0
    while True:
        try:
            return _once(checkout_id, owner, seen)
        except (DBAPIError, PoolTimeoutError) as error:
            attempt += 1
            if not again_after(error, attempt):
                raise BusyError from error


def _once(checkout_id: int, key: str, seen: str) -> Placed:
    """Try to place it; before anything is refused, look whether this very click has been served already."""
    try:
        with writing() as session:
            return Placed(_place(session, checkout_id, key, seen), again=False)
    except LockedError as error:
        raise InFlightError from error
    except (StorefrontError, IntegrityError):
        db.session.rollback()
        earlier = db.session.execute(select(Order).where(Order.key == key)).scalar_one_or_none()
        if earlier is None:
            raise
        if earlier.request_digest != seen:
            raise KeyReusedError(earlier.number) from None
        return Placed(earlier, again=True)


def _place(session: Session, checkout_id: int, key: str, seen: str) -> Order:
    with where(LockedError):  # whoever sent the same form a moment ago holds this row
        draft = session.execute(
            select(Checkout)
            .where(Checkout.id == checkout_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
    if draft is None:
        raise EmptyBasketError
    review = drafts.review(session, draft)
    _check(review, seen)
    order = _order(review, key, seen)
    session.add(order)
    session.flush()
    taken = _take(session, order, review)
    session.execute(insert(OrderLine), _lines(order.id, review.totals, taken))
    bought = [line.sku for line in review.lines]
    session.execute(
        delete(CartLine).where(CartLine.cart_id == draft.cart_id, ~CartLine.saved, CartLine.sku.in_(bought))
    )
    draft.key, draft.seen = secrets.token_urlsafe(24), None  # the next click is another
    orders.note_event(session, order, "placed", actor="customer", amount=order.total)
    outbox.promise(session, TOPIC, _told(order))
    return order


def _check(review: Review, seen: str) -> None:
    draft = review.checkout
    if review.gone:
        raise holding.ShortageError([], review.gone)
    if not review.lines:
        raise EmptyBasketError
    if not draft.email:
        raise IncompleteError("email", "Give an e-mail address, so that we can tell you of your order.")
    if not draft.address.get("country"):
        raise IncompleteError("address", "Say where the order is to be sent.")
    if review.delivery is None or not review.delivery.serves(draft.address["country"]):
        raise IncompleteError("delivery", "Choose how the order is to be sent.")
    if not draft.payment:
        raise IncompleteError("payment", "Choose how you want to pay.")
    if review.digest != seen:
        raise PricesChangedError(Totals.from_json(draft.seen) if draft.seen else None, review)


def _order(review: Review, key: str, seen: str) -> Order:
    draft, total = review.checkout, review.totals
    return Order(
        key=key, request_digest=seen, user_id=draft.user_id, email=draft.email, currency=total.currency,
        goods=total.goods, delivery_price=total.delivery, tax=total.tax, total=total.total,
        prices_include_tax=total.prices_include_tax,
        taxes=[{"rate": tax.rate, "base": tax.base, "amount": tax.amount} for tax in total.taxes],
        ship_to=draft.address, bill_to=draft.bill_to, delivery=review.delivery.name if review.delivery else "",
        payment=draft.payment,
    )  # fmt: skip


def _take(session: Session, order: Order, review: Review) -> dict[str, int]:
    """Turn holds into sold stock and take what was not held; return how many left the stock, by SKU."""
    counted = {line.sku: line for line in review.lines if line.counted}
    own = holding.take(session, review.checkout.id, counted)
    taken, short = {}, []
    for sku in sorted(counted.keys() | own.keys()):
        if sku not in counted:
            stock.release(session, sku, own[sku], reference=holding.reference(review.checkout.id))
            continue
        try:
            taken[sku] = _sell(session, counted[sku], order.number, own.get(sku, 0))
        except InsufficientStockError as error:
            short.append(holding.shortage(counted[sku], error.available + own.get(sku, 0)))
    if short:
        raise holding.ShortageError(short)
    if own:
        session.execute(delete(Hold).where(Hold.checkout_id == review.checkout.id))
    return taken


def _sell(session: Session, line: Line, number: str, held: int) -> int:
    quantity = line.wanted.quantity
    if line.backorder:
        return stock.sell_available(session, line.sku, quantity, reference=number, held=held)
    stock.sell(session, line.sku, quantity, reference=number, held=held)
    return quantity


def _lines(order_id: int, totals: Totals, taken: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_id, "sku": line.sku, "title": line.title, "options": line.options,
            "quantity": line.quantity, "unit_price": line.unit_price, "tax_rate": line.tax_rate,
            "tax": line.tax, "total": line.total, "from_stock": taken.get(line.sku, 0),
        }
        for line in totals.lines
    ]  # fmt: skip


def _told(order: Order) -> dict[str, Any]:
    return {
        "number": order.number, "total": order.total, "currency": order.currency,
        "placed_at": order.placed_at.isoformat(),
    }  # fmt: skip
