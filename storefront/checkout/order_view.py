"""An order as pages, letters and the API show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storefront.checkout.contact_fields import describe_fields
from storefront.checkout.models import Order, OrderEvent
from storefront.checkout.order_states import can_be_corrected, can_come_back, is_unpaid_invoice
from storefront.i18n import gettext as _
from storefront.money import Money


@dataclass(frozen=True, slots=True)
class LineView:
    """A line of an order, as its page shows it.

    `returnable` is the quantity that can still come back into stock, `unreserved` the one that has not left it yet.
    `label` is the SKU as the merchant wrote it when the order was placed. `returned` has come back into stock.
    """

    id: int
    sku: str
    label: str
    title: str
    options: str
    quantity: int
    unit_price: Money
    total: Money
    returnable: int
    unreserved: int
    returned: int = 0

    @property
    def name_of_sku(self) -> str:
        """The SKU, and the code of the variant if it is another one; for those who pack the order."""
        if self.label in ("", self.sku):
            return self.sku
        return _("%(sku)s (code %(code)s)", sku=self.label, code=self.sku)


@dataclass(frozen=True, slots=True)
class EventView:
    """An event of an order, as its page shows it. `fields`: name, old and new value of each that staff corrected."""

    at: datetime
    actor: str
    kind: str
    amount: Money | None
    note: str
    fields: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order, as its page shows it.

    `link_expired`: the visitor has a guest's link that is too old to change anything or to see personal data.
    At `payment_ends` it is cancelled unless it is paid or shipped before; `is_reminded` after the letter about that.
    `imported_number`: the number that another shop gave it; only that shop's provider could refund it.
    `locale`: as `Order.locale`.
    """

    number: str
    user_id: int | None
    email: str
    exact_email: str
    state: str
    goods: Money
    delivery_price: Money
    tax: Money
    total: Money
    paid: Money
    refunded: Money
    prices_include_tax: bool
    taxes: list[dict[str, Any]]
    ship_to: dict[str, Any]
    bill_to: dict[str, Any] | None
    delivery: str
    payment: str
    placed_at: datetime
    access: str
    withheld_mails: int
    lines: list[LineView]
    events: list[EventView]
    payment_ends: datetime | None
    is_reminded: bool
    link_expired: bool = False
    imported_number: str | None = None
    tracking: str = ""
    locale: str = ""

    @property
    def can_come_back(self) -> bool:
        """Whether it was sent without being paid, so that its goods can be taken back without a refund."""
        amounts = (self.total.amount, self.paid.amount, self.refunded.amount)
        return self.imported_number is None and can_come_back(self.state, *amounts)

    @property
    def can_be_corrected(self) -> bool:
        """Whether staff can still correct its addresses, e-mail and telephone."""
        return can_be_corrected(self.state)

    @property
    def is_sent(self) -> bool:
        """Whether anything is sent in a parcel: orders of digital goods have no delivery."""
        return bool(self.delivery)

    @property
    def due(self) -> Money:
        """The amount that is still to be paid."""
        return Money(self.total.amount - self.paid.amount, self.total.currency)

    @property
    def refundable(self) -> Money:
        """The amount that was paid and not refunded."""
        return Money(self.paid.amount - self.refunded.amount, self.total.currency)

    @property
    def is_unreserved(self) -> bool:
        """Whether goods of this unpaid order leave the stock only when it is paid."""
        return self.state == "placed" and any(line.unreserved for line in self.lines)

    @property
    def refund_due(self) -> bool:
        """Whether the order was cancelled and its money has to be refunded."""
        return self.state == "cancelled" and self.refundable.amount > 0

    @property
    def cancellable(self) -> bool:
        """Whether the order can still be cancelled."""
        return not self.link_expired and self.imported_number is None and self.state in ("placed", "paid")


def order_view(order: Order) -> OrderView:
    """Return the view of an order that the ORM has loaded."""

    def money(amount: int) -> Money:
        return Money(amount, order.currency)

    lines = [
        LineView(
            id=line.id,
            sku=line.sku,
            label=line.label,
            title=line.title,
            options=line.options,
            quantity=line.quantity,
            unit_price=money(line.unit_price),
            total=money(line.total),
            returnable=line.from_stock - line.returned,
            unreserved=line.unreserved,
            returned=line.returned,
        )
        for line in order.lines
    ]
    return OrderView(
        number=order.number,
        user_id=order.user_id,
        email=order.email,
        exact_email=order.exact_email,
        state=order.state,
        goods=money(order.goods),
        delivery_price=money(order.delivery_price),
        tax=money(order.tax),
        total=money(order.total),
        paid=money(order.paid),
        refunded=money(order.refunded),
        prices_include_tax=order.prices_include_tax,
        taxes=order.taxes,
        ship_to=order.ship_to,
        bill_to=order.bill_to,
        delivery=order.delivery,
        payment=order.payment,
        placed_at=order.placed_at,
        access=order.access,
        withheld_mails=order.withheld_mails,
        lines=lines,
        events=[event_view(event, order.currency) for event in order.events],
        payment_ends=order.pay_by if is_unpaid_invoice(order) else None,
        is_reminded=order.reminded_at is not None,
        imported_number=order.imported_number,
        tracking=order.tracking,
        locale=order.locale,
    )


def event_view(event: OrderEvent, currency: str) -> EventView:
    """Return the view of an event, whose amount is in this currency."""
    amount = None if event.amount is None else Money(event.amount, currency)
    fields = describe_fields(event.fields)
    return EventView(event.at, event.actor, event.kind, amount, event.note, fields)
