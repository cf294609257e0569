"""Takes the goods of an order from the stock, and puts them back. The caller has locked the order."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from storefront import stock
from storefront.checkout.errors import OrderError
from storefront.checkout.models import Order, OrderEvent
from storefront.checkout.order_events import lock_order, record_event
from storefront.i18n import gettext as _


def reserve_goods(session: Session, number: str, *, actor: str = "", note: str = "") -> OrderEvent:
    """Take the goods of an unpaid order from the stock that would otherwise leave it when the order is paid.

    Raises:
        OrderError: the order waits for no goods.
    """
    order = lock_order(session, number)
    if order.state != "placed" or not any(line.unreserved for line in order.lines):
        raise OrderError(_("All items of this order have already been taken from stock."))
    take_unreserved(session, order, actor)
    return record_event(
        session, order, "note", actor=actor, note=f"{_('Its goods are reserved.')} {note}".strip()
    )


def take_unreserved(session: Session, order: Order, actor: str) -> None:
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


def restock(session: Session, order: Order, returned: Mapping[int, int], actor: str, reason: str) -> None:
    """Put the quantity of each line (by id) back into stock.

    Raises:
        OrderError: the order has no such line, or a quantity exceeds what can still come back.
    """
    lines = {line.id: line for line in order.lines}
    if unknown := returned.keys() - lines.keys():
        raise OrderError(_("The order has no line %(id)d.", id=min(unknown)))
    for key in sorted(returned, key=lambda key: lines[key].sku):
        line, quantity = lines[key], returned[key]
        possible = line.from_stock - line.returned
        if not 0 <= quantity <= possible:
            raise OrderError(
                _(
                    "At most %(possible)d of %(title)s can go back into stock, not %(quantity)d.",
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
