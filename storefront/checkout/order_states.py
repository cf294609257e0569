"""The states of an order, and conditions on them: for statements and for rows that were read."""

from __future__ import annotations

from sqlalchemy import and_

from storefront.checkout.errors import OrderError
from storefront.checkout.models import Order
from storefront.i18n import gettext as _

# The code of payment by invoice.
INVOICE = "invoice"
# No money received, and not shipped.
UNPAID = and_(Order.state == "placed", Order.paid == 0)
UNPAID_INVOICE = and_(Order.payment == INVOICE, UNPAID)
# A state for staff only: cancelled, with money that has to be refunded.
REFUND_DUE = "refund due"
IS_REFUND_DUE = and_(Order.state == "cancelled", Order.paid > Order.refunded)
# A state for staff only: a dispute stops the order until they decide.
DISPUTED = "disputed"
# The states from which an order may enter a state.
_ALLOWED_FROM = {
    "shipped": ("placed", "paid"),
    "delivered": ("shipped",),
    "cancelled": ("placed", "paid"),
}


def is_unpaid(order: Order) -> bool:
    """Return whether UNPAID holds for an order that was read."""
    return order.state == "placed" and order.paid == 0


def is_unpaid_invoice(order: Order) -> bool:
    """Return whether UNPAID_INVOICE holds for an order that was read."""
    return order.payment == INVOICE and is_unpaid(order)


def can_be_corrected(state: str) -> bool:
    """Return whether addresses, e-mail and telephone can be corrected: nothing has been sent there yet."""
    return state in ("placed", "paid")


def can_come_back(state: str, total: int, paid: int, refunded: int) -> bool:
    """Return whether an order was sent and is not paid. A paid one comes back with its refund."""
    return state in ("shipped", "delivered") and (paid < total or paid == refunded)


def check_transition(order: Order, state: str) -> None:
    """Check that an order may enter this state. Orders of digital goods are delivered without having been shipped.

    Raises:
        OrderError: its present state does not allow that.
    """
    allowed = _ALLOWED_FROM[state]
    if state == "delivered" and not order.delivery:
        allowed += _ALLOWED_FROM["shipped"]
    if order.state not in allowed:
        raise OrderError(
            _("An order that is %(before)s cannot become %(after)s.", before=order.state, after=state)
        )
