"""Placing an order: one transaction, once per click, that turns a basket into an order and takes its stock."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront import stock
from storefront.cart import CartLine
from storefront.checkout import drafts, holding, orders, shortage
from storefront.checkout.drafts import EmptyBasketError, Review
from storefront.checkout.models import Checkout, Hold, Order, OrderEvent, OrderLine
from storefront.checkout.shortage import ShortageError
from storefront.checkout.totals import Totals
from storefront.checkout.trouble import InFlightError, LockedError, persistently, where
from storefront.errors import StorefrontError
from storefront.extensions import db, writing
from storefront.stock import Movement

# Built once, and sent past the mapper.
_WRITE_LINES = insert(cast("Table", OrderLine.__table__))
_TAKE_OUT = delete(cast("Table", CartLine.__table__)).where(
    CartLine.cart_id == bindparam("cart"),
    ~CartLine.saved,
    CartLine.sku.in_(bindparam("bought", expanding=True)),
)
_END_HOLDS = delete(cast("Table", Hold.__table__)).where(Hold.checkout_id == bindparam("checkout"))
_LOCK = (
    select(Checkout)
    .where(Checkout.id == bindparam("checkout"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


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
    return persistently(lambda: _once(checkout_id, owner, seen))


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
        draft = session.execute(_LOCK, {"checkout": checkout_id}).scalar_one_or_none()
    if draft is None:
        raise EmptyBasketError
    review = drafts.review(session, draft)
    _check(review, seen)
    own = holding.take(session, draft.id, [line.sku for line in review.lines if line.counted])
    own.refuse_what_is_short([line for line in review.lines if line.counted and not line.backorder])
    order = _order(review, key, seen)
    event = OrderEvent(order=order, kind="placed", actor="customer", amount=order.total)
    session.add_all([order, event])
    draft.key, draft.seen = secrets.token_urlsafe(24), None  # the next click is another
    session.flush()
    taken = _from_stock(session, review, own)
    connection = session.connection()
    connection.execute(_WRITE_LINES, _lines(order.id, review.totals, taken))
    bought = [line.sku for line in review.lines]
    connection.execute(_TAKE_OUT, {"cart": draft.cart_id, "bought": bought})
    if own.held:
        connection.execute(_END_HOLDS, {"checkout": draft.id})
    orders.tell(session, order, event)
    # Last, so that what many want at once is locked for as short as can be.
    _sell(session, order.number, review, own, taken)
    return order


def _check(review: Review, seen: str) -> None:
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


def _from_stock(session: Session, review: Review, own: holding.Own) -> dict[str, int]:
    """Return how many of each line leave the stock: all that are counted; of what is ordered ahead, what there is."""
    counted = {line.sku: line for line in review.lines if line.counted}
    taken = {sku: line.wanted.quantity for sku, line in counted.items()}
    ahead = [sku for sku, line in counted.items() if line.backorder]
    if ahead:
        free = stock.locked(session, counted)
        for sku in ahead:
            taken[sku] = max(0, min(taken[sku], free.get(sku, 0) + own.held.get(sku, 0)))
    return taken


def _sell(session: Session, number: str, review: Review, own: holding.Own, taken: dict[str, int]) -> None:
    """Turn holds into sold stock, and take what was not held."""
    lines = {line.sku: line for line in review.lines}
    named = holding.reference(review.checkout.id)
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


def _lines(order_id: int, totals: Totals, taken: dict[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_id, "sku": line.sku, "title": line.title, "options": line.options,
            "quantity": line.quantity, "unit_price": line.unit_price, "tax_rate": line.tax_rate,
            "tax": line.tax, "total": line.total, "from_stock": taken.get(line.sku, 0),
        }
        for line in totals.lines
    ]  # fmt: skip
