"""Payment, cancellation and refunds of an order, and notes in its log. All run in the caller's transaction.

Each locks the order, checks that its state allows the change, and records an event.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from storefront import shop_settings
from storefront.checkout.errors import OrderError
from storefront.checkout.models import Order, OrderEvent
from storefront.checkout.order_events import lock_order, record_event
from storefront.checkout.order_goods import restock, take_unreserved
from storefront.checkout.order_states import check_transition
from storefront.i18n import gettext as _
from storefront.money import Money


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
        raise OrderError(_("The amount due is %(due)s, not %(amount)s.", due=due, amount=given))
    order.paid += amount
    if order.state == "placed" and order.paid == order.total:
        order.state = "paid"
    if order.state in ("placed", "paid"):
        take_unreserved(session, order, actor)
    return record_event(session, order, "paid", actor=actor, amount=amount, note=note)


def cancel(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Cancel an order that has not been shipped, and return its goods to stock. Money needs a refund of its own."""
    order = lock_order(session, number)
    check_transition(order, "cancelled")
    restock(
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
        raise OrderError(
            _("At most %(possible)s can be refunded, not %(amount)s.", possible=possible, amount=given)
        )
    restock(session, order, returned or {}, actor, "refunded")
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
        "The refund %(reference)s of %(amount)s failed. You can refund this amount again.",
        reference=note,
        amount=_money(order, amount),
    )
    return record_event(session, order, "note", actor=actor, note=text)


def add_note(session: Session, number: str, text: str, *, actor: str = "") -> OrderEvent:
    """Write a note into the order's log."""
    return record_event(session, lock_order(session, number), "note", actor=actor, note=text)


def _money(order: Order, amount: int) -> str:
    return Money(amount, order.currency).format(shop_settings.current().locale)
