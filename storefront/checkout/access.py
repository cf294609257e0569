"""Who may see an order: whoever is signed in as its owner, and whoever has the link that was mailed."""

from __future__ import annotations

import hmac
from urllib.parse import urlsplit

from flask import current_app, has_request_context, request
from itsdangerous import Signer

from storefront import accounts
from storefront.checkout import queries
from storefront.checkout.errors import NoSuchOrderError
from storefront.checkout.models import Order
from storefront.checkout.queries import OrderView
from storefront.web.origin import origin

_LONGEST = 100


def order_token(order: Order | OrderView) -> str:
    """Return what a link to the order is signed with. It tells nothing, and dies with the order's `access`."""
    signer = Signer(current_app.config["SECRET_KEY"], salt="order")
    return signer.get_signature(f"{order.number}:{order.access}").decode()


def find_order(number: str, shown: str) -> OrderView:
    """Return the order, if the request is made by its owner or shows its token.

    Raises:
        NoSuchOrderError: there is none, or it is somebody else's: the answer is the same.
    """
    order = queries.find_order(number)
    if order is None or not (_is_owner(order) or _is_token(order, shown)):
        raise NoSuchOrderError
    return order


def order_url(order: Order | OrderView, site: str) -> str:
    """Return the address of the order's page at a site ("https://shop.example") with its token, as mails show it."""
    where = urlsplit(site)
    adapter = current_app.url_map.bind(where.netloc, where.path or "/", url_scheme=where.scheme)
    values = {"number": order.number, "token": order_token(order)}
    return str(adapter.build("orders.show", values, force_external=True))


def shop_url() -> str:
    """Return where the shop is reached: where this request came to, or else its own address."""
    return request.url_root.rstrip("/") if has_request_context() else origin()


def _is_owner(order: OrderView) -> bool:
    if order.user_id is None:
        return False
    user = accounts.load_current_user()
    return user is not None and user.id == order.user_id


def _is_token(order: OrderView, shown: str) -> bool:
    return len(shown) <= _LONGEST and hmac.compare_digest(order_token(order).encode(), shown.encode())
