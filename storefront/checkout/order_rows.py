"""What an order copies, written past the mapper: everybody who buys waits for it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from storefront.checkout.drafts import Review
from storefront.checkout.models import Order, OrderEvent, OrderLine, new_number
from storefront.extensions import connection_of

# Built once.
_ORDERS, _EVENTS = cast("Table", Order.__table__), cast("Table", OrderEvent.__table__)
_WRITE_ORDER = insert(_ORDERS).returning(_ORDERS.c.id)
_WRITE_EVENT = insert(_EVENTS).returning(_EVENTS.c.id)
_WRITE_LINES = insert(cast("Table", OrderLine.__table__))


def copy(
    session: Session, review: Review, key: str, seen: str, taken: Mapping[str, int]
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
    values = _order(review, now) | {"key": key, "request_digest": seen}
    order_id = connection.execute(_WRITE_ORDER, values).scalar_one()
    event = {
        "order_id": order_id, "at": now, "actor": "customer", "kind": "placed",
        "amount": review.totals.total, "note": "",
    }  # fmt: skip
    event_id = connection.execute(_WRITE_EVENT, event).scalar_one()
    connection.execute(_WRITE_LINES, _lines(order_id, review, taken))
    # Their rows, which say the same: to make objects of them takes longer than to write them.
    told = SimpleNamespace(id=order_id, **values), SimpleNamespace(id=event_id, **event)
    return cast("tuple[Order, OrderEvent]", told)


def _order(review: Review, now: datetime) -> dict[str, Any]:
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


def _lines(order_id: int, review: Review, taken: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {
            "order_id": order_id, "sku": line.sku, "title": line.title, "options": line.options,
            "quantity": line.quantity, "unit_price": line.unit_price, "tax_rate": line.tax_rate,
            "tax": line.tax, "total": line.total, "from_stock": taken.get(line.sku, 0), "returned": 0,
        }
        for line in review.totals.lines
    ]  # fmt: skip
