"""The letter to an order's new e-mail address, which staff have corrected."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
from flask import Flask, current_app
from sqlalchemy.orm import Session

from storefront import mail
from storefront.checkout import access, queries
from storefront.checkout.messages import (
    address_blocks,
    is_to_customer,
    order_letter,
    payment_instructions,
    sum_rows,
)
from storefront.checkout.models import Order
from storefront.checkout.order_view import OrderView
from storefront.i18n import gettext as _
from storefront.mail import DeferredMail, Letter, MailNotConfiguredError, MailText, compose_letter

_COMPOSER = "order-address"


def init_app(app: Flask) -> None:
    """Register the letter."""
    mail.register_composer(app, _COMPOSER, _compose)


def send(session: Session, order: Order) -> None:
    """Enqueue the letter. Without a mail server only a warning is logged."""
    data = {"number": order.number, "site": access.shop_url(), "email": order.email}
    try:
        mail.enqueue(session, order.email, DeferredMail(_COMPOSER, data, order.locale))
    except MailNotConfiguredError:
        current_app.logger.warning(
            "No mail server is configured: the customer of %s is not told.", order.number
        )


def _compose(data: dict[str, Any]) -> MailText | None:
    order = queries.find_order(data["number"])
    if order is None or not is_to_customer(order, data):
        return None
    return compose_letter(new_address_letter(order, data["site"]))


def new_address_letter(order: OrderView, site: str) -> Letter:
    """Return the letter: what was ordered, and what is still to be paid."""
    links = _("Links in earlier e-mails about this order no longer work.")
    letter = order_letter("order_new_address", order, site, (links,))
    to_pay = payment_instructions(order) if order.due.amount else ()
    blocks = (*address_blocks(order), *to_pay)
    facts = msgspec.structs.replace(letter.facts, rows=tuple(sum_rows(order)), blocks=blocks)
    return replace(letter, facts=facts)
