"""Operations on an order: each locks the order, checks that its state allows the change, and records an event.

All run in the caller's transaction. `changed` fires inside it for every event.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import shop_settings, stock
from storefront.actors import MAX_LENGTH, actor_text
from storefront.app_state import Hook
from storefront.checkout import queries
from storefront.checkout.errors import NoSuchOrderError, OrderError
from storefront.checkout.models import Order, OrderEvent, OrderEventKind
from storefront.i18n import gettext as _
from storefront.money import Money
from storefront.web.prefix import add_prefix

MAX_TRACKING = 200  # characters
# The states from which an order may enter a state.
_ALLOWED_FROM = {
    "shipped": ("placed", "paid"),
    "delivered": ("shipped",),
    "cancelled": ("placed", "paid"),
}


@dataclass(frozen=True, slots=True)
class OrderChange:
    """An event of an order, and the order as it is after the event. Amounts are in minor units of `currency`.

    `is_tracking`: the note gives the parcel's number after the shipment, which the customer has to know.
    """

    order_id: int
    number: str
    email: str
    payment: str
    state: str
    currency: str
    total: int
    paid: int
    refunded: int
    event_id: int
    kind: str
    actor: str
    at: datetime
    is_tracking: bool = False


changed = Hook[[Session, OrderChange], None]("checkout.order_changed")
"""Fires for every event of every order, `placed` included. A handler must not wait for a network."""


def record_event(
    session: Session,
    order: Order,
    kind: OrderEventKind,
    *,
    actor: str = "",
    amount: int | None = None,
    note: str = "",
    is_tracking: bool = False,
) -> OrderEvent:
    """Write an event of an order and fire `changed`. Its actor is the current one, or the one of the given text."""
    text = actor[:MAX_LENGTH] or actor_text()
    event = OrderEvent(order=order, kind=kind, actor=text, amount=amount, note=note[:1000])
    session.add(event)
    session.flush()
    change = OrderChange(
        order_id=order.id,
        number=order.number,
        email=order.email,
        payment=order.payment,
        state=order.state,
        currency=order.currency,
        total=order.total,
        paid=order.paid,
        refunded=order.refunded,
        event_id=event.id,
        kind=event.kind,
        actor=event.actor,
        at=event.at,
        is_tracking=is_tracking,
    )
    changed.fire(session, change)
    return event


def record_payment(
    session: Session, number: str, amount: int, currency: str, *, actor: str = "", note: str = ""
) -> OrderEvent:
    """Record received money, whatever the order's state: the money of a cancelled order has to be refunded.

    Raises:
        OrderError: the currency differs, or the amount is not positive or exceeds the amount due.
    """
    order = lock_order(session, number)
    if currency != order.currency:
        raise OrderError(
            _("The order is in %(ours)s, the payment in %(theirs)s.", ours=order.currency, theirs=currency)
        )
    if not 0 < amount <= order.total - order.paid:
        due, given = _money(order, order.total - order.paid), _money(order, amount)
        raise OrderError(_("%(due)s are to be paid, not %(amount)s.", due=due, amount=given))
    order.paid += amount
    if order.state == "placed" and order.paid == order.total:
        order.state = "paid"
    if order.state in ("placed", "paid"):
        _take_unreserved(session, order, actor)
    return record_event(session, order, "paid", actor=actor, amount=amount, note=note)


def mark_shipped(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Record that the goods have been handed to the carrier.

    Raises:
        OrderError: the order's state does not allow it, or a dispute about its payment is not decided.
    """
    order = lock_order(session, number)
    if not order.delivery:
        raise OrderError(_("Nothing in this order is sent. Mark it as delivered instead."))
    _check_disputes(session, order)
    _take_unreserved(session, order, actor)
    order.tracking = note[:MAX_TRACKING]
    return _advance(session, order, "shipped", actor, note)


def set_tracking(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Add or correct the parcel's number (`note`) after the shipment; the customer gets a letter.

    Raises:
        OrderError: the order has not been shipped, or the number is missing, too long or the same as before.
    """
    order, tracking = lock_order(session, number), " ".join(note.split())
    if order.state not in ("shipped", "delivered") or not order.delivery:
        raise OrderError(_("Nothing in this order has been shipped."))
    if not tracking or len(tracking) > MAX_TRACKING:
        raise OrderError(_("Enter the tracking number, of up to %(most)d characters.", most=MAX_TRACKING))
    if tracking == order.tracking:
        raise OrderError(_("The order has this tracking number already."))
    order.tracking = tracking
    text = _("Tracking number: %(tracking)s", tracking=tracking)
    return record_event(session, order, "note", actor=actor, note=text, is_tracking=True)


def take_back(
    session: Session, number: str, returned: Mapping[int, int], *, actor: str = "", note: str = ""
) -> OrderEvent:
    """Close an order that was sent, came back and is not paid. Money paid in part needs a refund of its own.

    Args:
        session: the session of the transaction.
        number: the order's number.
        returned: the quantity of each line (by id) that goes back into stock.
        actor: who took it back, if not the current actor.
        note: the reason, for the order's log.

    Raises:
        OrderError: the order was not sent or is paid, or a quantity exceeds the quantity sold.
    """
    order = lock_order(session, number)
    if not queries.can_come_back(order.state, order.total, order.paid, order.refunded):
        raise OrderError(
            _("Only an unpaid order that was sent can be taken back. Refund a paid one, with its goods.")
        )
    _restock(session, order, returned, actor, "came back")
    order.state = "cancelled"
    return record_event(session, order, "cancelled", actor=actor, note=note)


def _check_disputes(session: Session, order: Order) -> None:
    """Refuse to hand over goods while the payment is disputed."""
    if queries.is_disputed(session, order.id):
        raise OrderError(
            _(
                "The payment is disputed. Decide on the order's page at %(path)s whether it is shipped anyway.",
                path=add_prefix("/ops/orders"),
            )
        )


def reserve_goods(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Take the goods of an unpaid order from the stock that would otherwise leave it when the order is paid.

    Raises:
        OrderError: the order waits for no goods.
    """
    order = lock_order(session, number)
    if order.state != "placed" or not any(line.unreserved for line in order.lines):
        raise OrderError(_("All items of this order have already left the stock."))
    _take_unreserved(session, order, actor)
    return record_event(
        session, order, "note", actor=actor, note=f"{_('Its goods are reserved.')} {note}".strip()
    )


def mark_delivered(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Record that the goods have arrived. Digital goods are delivered without having been shipped.

    Raises:
        OrderError: the order's state does not allow it, or a dispute about its payment is not decided.
    """
    order = lock_order(session, number)
    if order.state != "shipped" and not order.delivery:
        _check_disputes(session, order)
        _take_unreserved(session, order, actor)
    return _advance(session, order, "delivered", actor, note)


def cancel(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Cancel an order that has not been shipped, and return its goods to stock. Money needs a refund of its own."""
    order = lock_order(session, number)
    _check_transition(order, "cancelled")
    _restock(
        session, order, {line.id: line.from_stock - line.returned for line in order.lines}, actor, "cancelled"
    )
    order.state = "cancelled"
    return record_event(session, order, "cancelled", actor=actor, note=note)


def record_refund(
    session: Session,
    number: str,
    amount: int,
    *,
    actor: str = "",
    note: str = "",
    returned: Mapping[int, int] | None = None,
) -> OrderEvent:
    """Record a refund of all or a part of the money paid.

    Args:
        session: the session of the transaction.
        number: the order's number.
        amount: in minor units.
        actor: who made the refund, if not the current actor.
        note: the reason, for the order's log.
        returned: the quantity of each line (by id) that goes back into stock.

    Raises:
        OrderError: the amount exceeds the money paid, or a quantity exceeds the quantity sold.
    """
    order = lock_order(session, number)
    if not 0 < amount <= order.paid - order.refunded:
        possible, given = _money(order, order.paid - order.refunded), _money(order, amount)
        raise OrderError(_("%(possible)s can be refunded, not %(amount)s.", possible=possible, amount=given))
    _restock(session, order, returned or {}, actor, "refunded")
    order.refunded += amount
    if order.refunded == order.total and order.state != "cancelled":
        order.state = "refunded"
    return record_event(session, order, "refunded", actor=actor, amount=amount, note=note)


def record_failed_refund(
    session: Session, number: str, amount: int, *, actor: str = "", note: str = ""
) -> OrderEvent:
    """Record that a recorded refund has failed: the amount can be refunded again. Returned goods stay in stock.

    Raises:
        OrderError: the amount exceeds the recorded refunds.
    """
    order = lock_order(session, number)
    if not 0 < amount <= order.refunded:
        done, given = _money(order, order.refunded), _money(order, amount)
        raise OrderError(_("%(refunded)s were refunded, not %(amount)s.", refunded=done, amount=given))
    order.refunded -= amount
    if order.state == "refunded":
        order.state = ["paid", *(e.kind for e in order.events if e.kind in ("shipped", "delivered"))][-1]
    text = _(
        "The refund %(reference)s of %(amount)s failed: that can be refunded again.",
        reference=note,
        amount=_money(order, amount),
    )
    return record_event(session, order, "note", actor=actor, note=text)


def add_note(session: Session, number: str, text: str, *, actor: str = "") -> OrderEvent:
    """Write a note into the order's log."""
    return record_event(session, lock_order(session, number), "note", actor=actor, note=text)


def lock_order(session: Session, number: str) -> Order:
    """Return the order, and lock its row until the end of the transaction.

    Raises:
        NoSuchOrderError: no order has this number.
    """
    order = session.execute(
        select(Order)
        .where(Order.number == number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if order is None:
        raise NoSuchOrderError
    return order


def _advance(session: Session, order: Order, state: OrderEventKind, actor: str, note: str) -> OrderEvent:
    _check_transition(order, state)
    order.state = state
    return record_event(session, order, state, actor=actor, note=note)


def _check_transition(order: Order, state: str) -> None:
    allowed = _ALLOWED_FROM[state]
    if state == "delivered" and not order.delivery:
        allowed += _ALLOWED_FROM["shipped"]
    if order.state not in allowed:
        raise OrderError(
            _("An order that is %(before)s cannot become %(after)s.", before=order.state, after=state)
        )


def _take_unreserved(session: Session, order: Order, actor: str) -> None:
    """Take from the stock what is available of the unreserved goods, and note what is missing."""
    waiting = {line.sku: line for line in order.lines if line.unreserved}
    available = stock.lock_available(session, waiting) if waiting else {}
    missing = []
    for sku, line in sorted(waiting.items()):
        if quantity := max(0, min(line.unreserved, available.get(sku, 0))):
            stock.sell(session, sku, quantity, reference=order.number, reserved=0, actor=actor)
            line.from_stock += quantity
            line.unreserved -= quantity
        if line.unreserved:
            missing.append(f"{line.unreserved} × {line.title} ({sku})")
    if missing:
        text = _(
            "Not in stock: %(goods)s. Count the stock, or refund that part of the order.",
            goods=", ".join(missing),
        )
        record_event(session, order, "note", actor=actor, note=text)


def _restock(session: Session, order: Order, returned: Mapping[int, int], actor: str, reason: str) -> None:
    lines = {line.id: line for line in order.lines}
    if unknown := returned.keys() - lines.keys():
        raise OrderError(_("The order has no line %(id)d.", id=min(unknown)))
    for key in sorted(returned, key=lambda key: lines[key].sku):
        line, quantity = lines[key], returned[key]
        possible = line.from_stock - line.returned
        if not 0 <= quantity <= possible:
            raise OrderError(
                _(
                    "%(possible)d of %(title)s can come back into stock, not %(quantity)d.",
                    possible=possible,
                    title=line.title,
                    quantity=quantity,
                )
            )
        if quantity:
            stock.return_to_stock(
                session, line.sku, quantity, reference=order.number, actor=actor, reason=reason
            )
            line.returned += quantity


def _money(order: Order, amount: int) -> str:
    return Money(amount, order.currency).format(shop_settings.current().locale)
