"""The mails about orders: enqueued in the transaction of the event, composed when they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
from flask import Flask, current_app, g, has_request_context
from sqlalchemy.orm import Session

from storefront import actors, i18n, mail
from storefront.checkout import access, order_events, order_states, queries
from storefront.checkout.models import Order, OrderEvent
from storefront.checkout.order_events import OrderChange
from storefront.checkout.order_view import EventView, LineView, OrderView, event_view, order_view
from storefront.checkout.terms import current_terms
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.mail import DeferredMail, Letter, MailNotConfiguredError, MailText, compose_letter
from storefront.mail.free_text import neutralise_links
from storefront.money import Money
from storefront.postal.address_lines import address_lines
from storefront.web.language_routes import use_locale

_COMPOSER = "order"
_LINK_COMPOSER = "order-link"
# Events without a mail. Notes are written by staff for staff.
_KINDS_WITHOUT_MAIL = {"note", "delivered"}


def init_app(app: Flask) -> None:
    """Send a mail to the customer whenever something happens to their order."""
    order_events.changed.register(app, _enqueue)
    mail.register_composer(app, _COMPOSER, _compose)
    mail.register_composer(app, _LINK_COMPOSER, _compose_link)


def order_link(number: str, email: str, site: str) -> DeferredMail:
    """Return the mail with the link to an order, for a customer who has lost it."""
    return DeferredMail(_LINK_COMPOSER, {"number": number, "site": site, "email": email})


def is_to_customer(order: Order | OrderView, data: Mapping[str, Any]) -> bool:
    """Return whether a mail still goes to the order's address: staff may have corrected it since it was enqueued.

    The former one may be a stranger's, who must not get the order's present link.
    """
    return bool(data.get("email", order.email) == order.email)


def _compose_link(data: dict[str, Any]) -> MailText | None:
    order = queries.find_order(data["number"])
    if order is None or not is_to_customer(order, data):
        return None
    with use_locale(order.locale):
        return compose_letter(link_letter(order, data["site"]))


def link_letter(order: OrderView, site: str) -> Letter:
    """Return the letter with the link to an order."""
    ignore = _("If you didn’t ask for this, you can ignore this e-mail. Nobody else received the link.")
    return order_letter("order_link", order, site, (ignore,))


def _enqueue(session: Session, change: OrderChange) -> None:
    """Enqueue the mail about an event in the event's transaction. Without a mail server only a warning is logged."""
    is_silent = change.kind in _KINDS_WITHOUT_MAIL and not change.is_tracking
    if is_silent or (change.kind == "paid" and change.payment == order_states.INVOICE):
        return
    data = {
        "number": change.number,
        "event": change.event_id,
        "site": access.shop_url(),
        "email": change.email,
    }
    content = DeferredMail(_COMPOSER, data, change.locale)
    try:
        if _is_caused_by_visitor(change):
            refused = partial(_note_withheld, change=change)
            g.order_mail = mail.enqueue_limited(session, change.email, content, refused=refused)
        else:
            g.order_mail = mail.enqueue(session, change.email, content)
    except MailNotConfiguredError:
        current_app.logger.warning(
            "No mail server is configured: the customer of %s is not told.", change.number
        )


def _is_caused_by_visitor(change: OrderChange) -> bool:
    """Return whether a stranger could send mails to anybody's address by causing this event again and again."""
    if change.kind == "cancelled" and _is_by_shop(change.actor):  # a visitor has placed it and not paid
        return True
    return (
        has_request_context()
        and change.kind in ("placed", "cancelled")
        and change.actor.startswith("customer")
    )


def _is_by_shop(actor: str) -> bool:
    return actor.partition(":")[0] == actors.SYSTEM.kind


def _note_withheld(session: Session, *, change: OrderChange) -> None:
    """Note at the order that its customer gets no mail about an event; its page and its log say so."""
    order = session.get_one(Order, change.order_id)
    order.withheld_mails += 1
    note = _(
        "No e-mail was sent about this (%(kind)s): this address or this visitor has caused too many.",
        kind=change.kind,
    )
    order_events.record_event(session, order, "note", actor=str(actors.SYSTEM), note=note)


def _compose(data: dict[str, Any]) -> MailText | None:
    event = db.session.get(OrderEvent, data["event"])
    if event is None or not is_to_customer(event.order, data):
        return None
    order, view = _order_as_of(event), event_view(event, event.order.currency)
    return compose_letter(event_letter(order, view, data["site"]))


def _order_as_of(event: OrderEvent) -> OrderView:
    """Return the order as it was after this event: later events have mails of their own."""
    order = event.order
    events = [other for other in order.events if other.id <= event.id]
    paid, refunded = (
        Money(sum(other.amount or 0 for other in events if other.kind == kind), order.currency)
        for kind in ("paid", "refunded")
    )
    is_cancelled = any(other.kind == "cancelled" for other in events)
    return replace(
        order_view(order),
        paid=paid,
        refunded=refunded,
        state="cancelled" if is_cancelled else event.kind,
    )


def order_letter(kind: str, order: OrderView, site: str, sentences: tuple[str, ...], **values: str) -> Letter:
    """Return a letter with these facts and a link to the order; `values` are of further placeholders."""
    facts = MailText(paragraphs=sentences, link=access.order_url(order, site), label=_("View your order"))
    return Letter(kind, facts, order_values(order) | values)


def order_values(order: OrderView) -> dict[str, str]:
    """Return the values of the placeholders that all letters about orders have."""
    name = order.ship_to.get("name") or (order.bill_to or {}).get("name") or ""
    return {
        "order_number": order.number,
        "customer_name": neutralise_links(name or order.email),
        "order_total": _money(order.total),
    }


def confirmation_letter(order: OrderView, site: str) -> Letter:
    """Return the letter about an order that was just placed, with all that the customer has to know."""
    when = _("We reserve your items when we receive your payment, as long as they are in stock.")
    letter = order_letter("order_placed", order, site, (when,) if order.is_unreserved else ())
    blocks = (*address_blocks(order), *payment_instructions(order))
    facts = msgspec.structs.replace(letter.facts, rows=tuple(sum_rows(order)), blocks=blocks)
    return replace(letter, facts=facts)


def sum_rows(order: OrderView, *, skus: bool = False) -> list[tuple[str, str]]:
    """Return the lines and totals of an order as the rows of a mail; with SKUs for those who pack it."""
    lines = [(_describe_line(line, skus=skus), _money(line.total)) for line in order.lines]
    tax_label = _("Tax (included)") if order.prices_include_tax else _("Tax")
    tax = [(tax_label, _money(order.tax))] if order.tax.amount else []
    price = _money(order.delivery_price) if order.delivery_price.amount else _("Free")
    delivery = [(order.delivery, price)] if order.is_sent else []
    total = (_("Total"), _money(order.total))
    if order.prices_include_tax:
        return [*lines, *delivery, total, *tax]
    return [*lines, *delivery, *tax, total]


def _describe_line(line: LineView, *, skus: bool) -> str:
    described = f"{line.quantity} × {line.title}{f' ({line.options})' if line.options else ''}"
    return f"{described} · {line.name_of_sku}" if skus else described


def address_blocks(order: OrderView) -> Iterator[tuple[str, ...]]:
    """Yield the addresses of an order as blocks of a mail, without links in what customers typed."""
    if order.is_sent:
        yield (_("Delivery address:"), *_address_lines(order.ship_to))
    if order.bill_to or not order.is_sent:
        yield (_("Billing address:"), *_address_lines(order.bill_to or order.ship_to))


def _address_lines(address: Mapping[str, str]) -> list[str]:
    return [neutralise_links(line) for line in address_lines(address)]


def payment_instructions(order: OrderView) -> tuple[tuple[str, ...], ...]:
    """Return the block that says how to pay an order; none if its provider has its own page."""
    provider = current_terms().provider_of(order)
    lines = provider.instructions(order) if provider else ()
    return ((_("How to pay:"), *lines),) if lines else ()


def event_letter(order: OrderView, event: EventView, site: str) -> Letter:
    """Return the letter about an event of an order."""
    if event.kind == "placed":
        return confirmation_letter(order, site)
    kind, *sentences = _kind_and_facts(order, event)
    about = _("Order %(number)s", number=order.number)
    return order_letter(kind, order, site, (*sentences, about))


def _kind_and_facts(order: OrderView, event: EventView) -> tuple[str, ...]:
    """Return the name of the letter about an event, and its facts in sentences."""
    if event.kind == "paid" and order.state == "cancelled":
        late = _(
            "Your payment arrived after the order was cancelled. We’ll refund it to your original payment method."
        )
        return ("order_paid_late", late)
    if event.kind == "paid":
        return ("order_paid",)
    if event.kind == "note":  # of all notes, those about the parcel's number alone have a letter
        return (
            "order_tracking",
            _("The tracking number of your parcel is now: %(tracking)s", tracking=order.tracking),
        )
    if event.kind == "shipped":
        tracking = order.tracking or event.note  # it may have been corrected since
        return ("order_shipped", *((_("Tracking: %(note)s", note=tracking),) if tracking else ()))
    if event.kind == "cancelled":
        return _cancellation(order, event)
    amount = _money(event.amount or Money(0, order.total.currency))
    sentence = _("We’ve refunded %(amount)s to your original payment method.", amount=amount)
    return ("order_refunded", sentence)


def _cancellation(order: OrderView, event: EventView) -> tuple[str, ...]:
    is_paid = bool(order.paid.amount)
    refund = (_("We’ll refund your payment to your original payment method."),) if is_paid else ()
    if any(earlier.kind == "shipped" for earlier in order.events):
        back = _("Your parcel was returned to us, and the order is closed.")
        rest = _("You have nothing more to pay.") if is_paid else _("You have nothing to pay.")
        return ("order_returned", back, rest, *refund)
    note = (event.note,) if _is_by_shop(event.actor) and event.note else ()
    return ("order_cancelled", _("Your order has been cancelled and won’t be shipped."), *note, *refund)


def _money(money: Money) -> str:
    return money.format(i18n.shop_locale())
