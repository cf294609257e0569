"""Giving money back: first at the provider, then in our books. Both count once for each form that was sent."""

from __future__ import annotations

from collections.abc import Mapping

from storefront.checkout import orders, payment, queries
from storefront.checkout.orders import NoSuchOrderError, OrderError
from storefront.checkout.payment import events
from storefront.extensions import db, write_transaction


def refund(
    number: str,
    amount: int,
    key: str,
    *,
    actor: str,
    note: str = "",
    returned: Mapping[int, int] | None = None,
) -> None:
    """Give back an amount of an order, with or without goods that come back into stock.

    Args:
        number: the order's.
        amount: in minor units.
        key: of the form: sent twice it gives back once.
        actor: who does it.
        note: why.
        returned: how many of which lines (by id) are in stock again.

    Raises:
        OrderError: it cannot be given back; PaymentError: the provider did not do it. Nothing was changed.
    """
    order = queries.order(number)
    if order is None:
        raise NoSuchOrderError
    db.session.rollback()  # nothing is open while the provider is asked
    provider = payment.of(order)
    if not 0 < amount <= order.paid.amount:
        raise OrderError("Only what was paid can be refunded.")
    code, reference = "invoice", key
    if provider is not None:
        code, reference = provider.code, provider.refund(order, amount, key)
    with write_transaction() as session:
        orders.locked(session, number)
        if events.once(session, code, f"refund:{reference}", "refund"):
            orders.refund(session, number, amount, actor=actor, note=note, returned=returned)
