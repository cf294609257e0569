"""The order that a visitor has just placed: somebody who comes back to an emptied basket looks for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from storefront.checkout import drafts
from storefront.checkout.models import Order
from storefront.checkout.order_view import OrderView, order_view
from storefront.extensions import db

# The next person at the same browser, for example in a library, must not find the order by opening the checkout.
RECENT = timedelta(hours=1)


def find_recent_order() -> OrderView | None:
    """Return the last order that was placed from the current visitor's basket, if it is not older than RECENT."""
    draft = drafts.current_draft()
    if draft is None:
        return None
    placed = select(Order).where(Order.checkout_id == draft.id, Order.placed_at > datetime.now(UTC) - RECENT)
    order = db.session.scalar(placed.order_by(Order.id.desc()).limit(1))
    return order_view(order) if order is not None else None
