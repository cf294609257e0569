"""From an order to where it is paid."""

from __future__ import annotations

from flask import redirect
from werkzeug.wrappers import Response

from storefront.checkout import access, payment
from storefront.checkout.pages.page import to_order
from storefront.checkout.payment import PaymentError
from storefront.checkout.queries import OrderView
from storefront.extensions import db


def begin(order: OrderView) -> Response | None:
    """Lead to the provider's page; None if the order's own page says how to pay. No transaction is open meanwhile."""
    provider = payment.of(order)
    if provider is None:
        return None
    back = access.link(order, access.site())
    db.session.rollback()
    try:
        address = provider.begin(order, back)
    except PaymentError:
        return to_order(order, "not-begun", access.token(order))
    return redirect(address, 303) if address else None
