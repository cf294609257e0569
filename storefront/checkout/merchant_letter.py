"""The letter to the merchant about a new order: one for each, when it is placed by invoice or paid by card."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app
from sqlalchemy.orm import Session

from storefront import mail, shop_settings
from storefront.checkout import access, order_events, order_states, queries
from storefront.checkout.messages import address_blocks, order_values, sum_rows
from storefront.checkout.order_events import OrderChange
from storefront.checkout.order_view import OrderView
from storefront.checkout.terms import current_terms
from storefront.i18n import gettext as _
from storefront.mail import DeferredMail, Letter, MailNotConfiguredError, MailText, compose_letter
from storefront.web.same_origin import build_url

_COMPOSER = "new-order"


def init_app(app: Flask) -> None:
    """Write to the address in the setting `order_email` about each new order."""
    order_events.changed.register(app, _enqueue)
    mail.register_composer(app, _COMPOSER, _compose)


def _enqueue(session: Session, change: OrderChange) -> None:
    """Enqueue the letter in the transaction that makes the order a new one for the merchant."""
    if not _is_new(change):
        return
    settings = shop_settings.current()
    if not (settings.order_email and settings.order_letters):
        return
    content = DeferredMail(_COMPOSER, {"number": change.number, "site": access.shop_url()})
    try:
        mail.enqueue(session, settings.order_email, content)
    except MailNotConfiguredError:
        current_app.logger.warning(
            "No mail server is configured: the merchant gets no letter about %s.", change.number
        )


def _is_new(change: OrderChange) -> bool:
    """Return whether this event is the one that the merchant waits for; an order has one such event.

    Shoppers leave many payment pages, so an order that is paid there counts from its payment.
    """
    provider = current_terms().providers.get(change.payment)
    has_page = bool(provider.origin) if provider else change.payment != order_states.INVOICE
    if not has_page or not change.total:
        return change.kind == "placed"
    return change.kind == "paid" and change.state == "paid"


def _compose(data: dict[str, Any]) -> MailText | None:
    order = queries.find_order(data["number"])
    return compose_letter(new_order_letter(order, data["site"])) if order else None


def new_order_letter(order: OrderView, site: str) -> Letter:
    """Return the letter to the merchant about an order."""
    provider = current_terms().provider_of(order)
    payment = provider.name if provider else order.payment
    facts = MailText(
        paragraphs=(
            _("%(email)s has placed an order.", email=order.email),
            _("Not paid yet. Payment method: %(payment)s.", payment=payment)
            if order.due.amount
            else _("Paid. Payment method: %(payment)s.", payment=payment),
        ),
        link=build_url(site, "admin_orders.show", number=order.number),
        label=_("Open the order"),
        rows=tuple(sum_rows(order, skus=True)),
        blocks=tuple(address_blocks(order)),
    )
    return Letter("order_new", facts, order_values(order))
