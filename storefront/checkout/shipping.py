"""Shipping, tracking, delivery and return of an order, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from storefront.checkout import queries
from storefront.checkout.errors import OrderError
from storefront.checkout.models import Order, OrderEvent, OrderEventKind
from storefront.checkout.order_events import lock_order, record_event
from storefront.checkout.order_goods import restock, take_unreserved
from storefront.checkout.order_states import can_come_back, check_transition
from storefront.i18n import gettext as _
from storefront.unicode_text import clean_line
from storefront.web.prefix import add_prefix

MAX_TRACKING = 200  # characters


def mark_shipped(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Record that the goods have been handed to the carrier.

    Raises:
        OrderError: the order's state does not allow it, or a dispute about its payment is not decided.
    """
    order = lock_order(session, number)
    if not order.delivery:
        raise OrderError(_("This order has nothing to ship. Mark it as delivered instead."))
    _check_disputes(session, order)
    take_unreserved(session, order, actor)
    order.tracking = clean_line(note)[:MAX_TRACKING]
    return _advance(session, order, "shipped", actor, note)


def set_tracking(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Add or correct the parcel's number (`note`) after the shipment; the customer gets a letter.

    Raises:
        OrderError: the order has not been shipped, or the number is missing, too long or the same as before.
    """
    order, tracking = lock_order(session, number), clean_line(note)
    if order.state not in ("shipped", "delivered") or not order.delivery:
        raise OrderError(_("Nothing in this order has been shipped."))
    if not tracking or len(tracking) > MAX_TRACKING:
        raise OrderError(_("Enter a tracking number of up to %(most)d characters.", most=MAX_TRACKING))
    if tracking == order.tracking:
        raise OrderError(_("The order already has this tracking number."))
    order.tracking = tracking
    text = _("Tracking number: %(tracking)s", tracking=tracking)
    return record_event(session, order, "note", actor=actor, note=text, is_tracking=True)


def mark_delivered(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Record that the goods have arrived. Digital goods are delivered without having been shipped.

    Raises:
        OrderError: the order's state does not allow it, or a dispute about its payment is not decided.
    """
    order = lock_order(session, number)
    if order.state != "shipped" and not order.delivery:
        _check_disputes(session, order)
        take_unreserved(session, order, actor)
    return _advance(session, order, "delivered", actor, note)


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
    if not can_come_back(order.state, order.total, order.paid, order.refunded):
        raise OrderError(
            _(
                "Only an unpaid order that has been shipped can come back. Refund a paid order with what came back."
            )
        )
    restock(session, order, returned, actor, "came back")
    order.state = "cancelled"
    return record_event(session, order, "cancelled", actor=actor, note=note)


def _check_disputes(session: Session, order: Order) -> None:
    """Refuse to hand over goods while the payment is disputed."""
    if queries.is_disputed(session, order.id):
        raise OrderError(
            _(
                "The payment is disputed. Decide on the order’s page under %(path)s whether to ship it.",
                path=add_prefix("/admin/orders"),
            )
        )


def _advance(session: Session, order: Order, state: OrderEventKind, actor: str, note: str) -> OrderEvent:
    check_transition(order, state)
    order.state = state
    return record_event(session, order, state, actor=actor, note=note)
