"""What is written to people about their orders, in the transaction in which it happens."""

from __future__ import annotations

from flask import current_app, g
from sqlalchemy.orm import Session

from storefront.accounts import addressing, postman
from storefront.accounts.letters import Text
from storefront.accounts.postman import NoMailError
from storefront.checkout import access, payment, queries
from storefront.checkout.models import Order, OrderEvent
from storefront.checkout.queries import OrderView
from storefront.money import Money


def write(session: Session, order: Order, event: OrderEvent) -> None:
    """Write the letter that an event of an order deserves, if any. A shop that cannot send mail goes on without."""
    text = _text(order, event)
    if text is None:
        return
    try:
        g.order_letter = postman.post(session, order.email, text)
    except NoMailError:
        current_app.logger.warning(
            "No mail server is configured: the customer of %s is not told.", order.number
        )


def _text(order: Order, event: OrderEvent) -> Text | None:
    if event.kind == "placed":
        return _placed(order)
    if event.kind == "paid" and order.payment != "invoice":
        return _plain(order, "We have your payment", "Your payment has arrived. Thank you.")
    if event.kind == "shipped":
        more = (f"The carrier says: {event.note}",) if event.note else ()
        return _plain(order, "Your order is on its way", "Your parcel has just left us.", *more)
    if event.kind == "cancelled":
        back = () if not order.paid else ("What you have paid goes back the way it came.",)
        return _plain(
            order, "Your order is cancelled", "The order is cancelled; nothing will be sent.", *back
        )
    if event.kind == "refunded":
        amount = _money(Money(event.amount or 0, order.currency))
        return _plain(order, "Your refund", f"{amount} go back to you the way they came.")
    return None


def _placed(order: Order) -> Text:
    found = queries.view(order)
    return Text(
        f"Your order {found.number}",
        ("Thank you for your order. This is what we have written down.",),
        access.link(found),
        "See your order",
        rows=tuple(_rows(found)),
        blocks=(("Delivered to:", *addressing.lines(found.ship_to)), *_how_to_pay(found)),
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


def _how_to_pay(order: OrderView) -> tuple[tuple[str, ...], ...]:
    provider = payment.of(order)
    lines = provider.instructions(order) if provider else ()
    return (("How to pay:", *lines),) if lines else ()


def _plain(order: Order, subject: str, *paragraphs: str) -> Text:
    about = (*paragraphs, f"Order {order.number}")
    return Text(f"{subject}: {order.number}", about, access.link(order), "See your order")


def _money(money: Money) -> str:
    return money.format(current_app.config["LOCALE"])
