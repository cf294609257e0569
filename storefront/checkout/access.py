"""Who may see an order: whoever is signed in as its owner, and whoever has the link that was mailed."""

from __future__ import annotations

import hmac

from flask import current_app, has_request_context, url_for
from itsdangerous import Signer

from storefront import accounts
from storefront.checkout import queries
from storefront.checkout.models import Order
from storefront.checkout.orders import NoSuchOrderError
from storefront.checkout.queries import OrderView
from storefront.web.origin import origin

_LONGEST = 100


def token(order: Order | OrderView) -> str:
    """Return what a link to the order is signed with. It tells nothing, and dies with the order's `access`."""
    signer = Signer(current_app.config["SECRET_KEY"], salt="order")
    return signer.get_signature(f"{order.number}:{order.access}").decode()


def find(number: str, shown: str) -> OrderView:
    """Return the order, if the request is made by its owner or shows its token.

    Raises:
        NoSuchOrderError: there is none, or it is somebody else's: the answer is the same.
    """
    order = queries.order(number)
    if order is None or not (_is_owner(order) or _is_token(order, shown)):
        raise NoSuchOrderError
    return order


def link(order: Order | OrderView) -> str:
    """Return the address of the order's page with its token, as a mail shows it."""
    values = {"number": order.number, "token": token(order)}
    if has_request_context():
        return url_for("orders.show", **values, _external=True)
    scheme, _, host = origin().partition("://")
    adapter = current_app.url_map.bind(host, url_scheme=scheme)
    return str(adapter.build("orders.show", values, force_external=True))


def _is_owner(order: OrderView) -> bool:
    if order.user_id is None:
        return False
    user = accounts.exact_user()
    return user is not None and user.id == order.user_id


def _is_token(order: OrderView, shown: str) -> bool:
    return len(shown) <= _LONGEST and hmac.compare_digest(token(order).encode(), shown.encode())
