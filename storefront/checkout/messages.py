"""What is written to people about their orders: promised as it happens, worded as it is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Flask, current_app, g
from sqlalchemy.orm import Session

from storefront import mail
from storefront.checkout import access, orders, payment, queries
from storefront.checkout.models import Order, OrderEvent
from storefront.checkout.queries import EventView, OrderView
from storefront.extensions import db
from storefront.mail import DeferredMail, MailNotConfiguredError, MailText
from storefront.money import Money
from storefront.postal import address_rules

_WORDER = "order"
# What happens to an order without a letter: a remark of the staff is not for the customer.
_QUIET = {"note", "delivered"}


def init_app(app: Flask) -> None:
    """Write to people whenever something happens to their order."""
    orders.on_event(app, _promise)
    mail.register_composer(app, _WORDER, _word)


def _promise(session: Session, order: Order, event: OrderEvent) -> None:
    """Write, in the same transaction, that a letter is due. A shop that cannot send mail goes on without."""
    if event.kind in _QUIET or (event.kind == "paid" and order.payment == "invoice"):
        return
    about = {"number": order.number, "event": event.id, "site": access.shop_url()}
    try:
        g.order_letter = mail.enqueue(session, order.email, DeferredMail(_WORDER, about))
    except MailNotConfiguredError:
        current_app.logger.warning(
            "No mail server is configured: the customer of %s is not told.", order.number
        )


def _word(about: dict[str, Any]) -> MailText | None:
    event = db.session.get(OrderEvent, about["event"])
    if event is None:
        return None
    order, happened = _as_of(event), queries.event_view(event, event.order.currency)
    return (
        _placed(order, about["site"]) if happened.kind == "placed" else _plain(order, happened, about["site"])
    )


def _as_of(event: OrderEvent) -> OrderView:
    """Return the order as it was when this had happened: what came later has letters of its own."""
    found, earlier = (
        queries.order_view(event.order),
        [one for one in event.order.events if one.id <= event.id],
    )
    paid, refunded = (
        Money(sum(one.amount or 0 for one in earlier if one.kind == kind), event.order.currency)
        for kind in ("paid", "refunded")
    )
    called_off = any(one.kind == "cancelled" for one in earlier)
    return replace(found, paid=paid, refunded=refunded, state="cancelled" if called_off else event.kind)


def _placed(found: OrderView, site: str) -> MailText:
    return MailText(
        f"Your order {found.number}",
        ("Thank you for your order. This is what we have written down.",),
        access.order_url(found, site),
        "See your order",
        rows=tuple(_rows(found)),
        blocks=(
            ("Delivered to:", *address_rules.address_lines(found.ship_to)),
            *_invoice_to(found),
            *_how_to_pay(found),
        ),
    )


def _rows(order: OrderView) -> list[tuple[str, str]]:
    lines = [
        (f"{line.quantity} × {line.title}{f' ({line.options})' if line.options else ''}", _money(line.total))
        for line in order.lines
    ]
    tax = (
        [("Tax, included" if order.prices_include_tax else "Tax", _money(order.tax))]
        if order.tax.amount
        else []
    )
    delivery = (order.delivery, _money(order.delivery_price) if order.delivery_price.amount else "Free")
    total = ("Total", _money(order.total))
    if order.prices_include_tax:
        return [*lines, delivery, total, *tax]
    return [*lines, delivery, *tax, total]


def _invoice_to(order: OrderView) -> tuple[tuple[str, ...], ...]:
    return (("Invoice to:", *address_rules.address_lines(order.bill_to)),) if order.bill_to else ()


def _how_to_pay(order: OrderView) -> tuple[tuple[str, ...], ...]:
    provider = payment.provider_of(order)
    lines = provider.instructions(order) if provider else ()
    return (("How to pay:", *lines),) if lines else ()


def _plain(order: OrderView, event: EventView, site: str) -> MailText:
    subject, *paragraphs = _said(order, event)
    about = (*paragraphs, f"Order {order.number}")
    return MailText(f"{subject}: {order.number}", about, access.order_url(order, site), "See your order")


def _said(order: OrderView, event: EventView) -> tuple[str, ...]:
    if event.kind == "paid" and order.state == "cancelled":
        late = "Your payment has arrived after the order was cancelled. It goes back the way it came."
        return ("Your payment goes back", late)
    if event.kind == "paid":
        return ("We have your payment", "Your payment has arrived. Thank you.")
    if event.kind == "shipped":
        more = (f"The carrier says: {event.note}",) if event.note else ()
        return ("Your order is on its way", "Your parcel has just left us.", *more)
    if event.kind == "cancelled":
        back = ("What you have paid goes back the way it came.",) if order.paid.amount else ()
        return ("Your order is cancelled", "The order is cancelled; nothing will be sent.", *back)
    back_now = _money(event.amount or Money(0, order.total.currency))
    return ("Your refund", f"{back_now} go back to you the way they came.")


def _money(money: Money) -> str:
    return money.format(current_app.config["LOCALE"])
