"""Access to an order: its signed-in owner may see it, and everybody who has the mailed link with its token."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from flask import current_app

from storefront import accounts
from storefront.checkout import queries
from storefront.checkout.errors import NoSuchOrderError
from storefront.checkout.models import Order
from storefront.checkout.order_view import OrderView
from storefront.web import signing
from storefront.web.prefix import add_prefix
from storefront.web.same_origin import build_url, get_origin

_MAX_TOKEN_LENGTH = 100
# Of links in mails, from the day of the order: mailboxes outlive their owners' attention.
LINK_LIFETIME = timedelta(days=90)


def order_token(order: Order | OrderView) -> str:
    """Return the token of links to the order. It contains no data, and a new `Order.access` makes it invalid."""
    return _signer().get_signature(_signed(order)).decode()


def find_order(number: str, shown: str) -> OrderView:
    """Return the order if the visitor is its owner or shows its token.

    A link that is older than `LINK_LIFETIME` shows no addresses, and cannot cancel the order.

    Raises:
        NoSuchOrderError: the order does not exist, or the visitor may not see it. The answer is the same, so that
            nobody can find out which numbers exist.
    """
    order = queries.find_order(number)
    if order is not None and _is_owner(order):
        return order
    if order is None or not _is_token(order, shown):
        raise NoSuchOrderError
    if order.placed_at > datetime.now(UTC) - LINK_LIFETIME:
        return order
    return replace(order, link_expired=True, email="", exact_email="", ship_to={}, bill_to=None)


def order_url(order: Order | OrderView, site: str) -> str:
    """Return the absolute URL of the order's page at a site ("https://shop.example"), with its token, for mails."""
    return build_url(site, "orders.show", number=order.number, token=order_token(order))


def shop_url() -> str:
    """Return the shop's own base URL, for mails: the asker does not choose the host or the port."""
    return get_origin() + add_prefix("")


def _is_owner(order: OrderView) -> bool:
    user = accounts.load_current_user()
    return user is not None and queries.is_owner(order, user)


def _is_token(order: OrderView, shown: str) -> bool:
    return len(shown) <= _MAX_TOKEN_LENGTH and _signer().verify_signature(_signed(order), shown)


def _signed(order: Order | OrderView) -> str:
    return f"{order.number}:{order.access}"


def _signer() -> signing.ShopSigner:
    return signing.create_signer(current_app, "order")
