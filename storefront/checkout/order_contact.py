"""Corrections of an order's e-mail, addresses and telephone, by staff, until the order is shipped.

Its lines, amounts and country stay: stock, tax and the price of delivery were decided with them (decision 36).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from storefront.checkout import new_address_letter
from storefront.checkout.contact_fields import field_values
from storefront.checkout.errors import OrderError
from storefront.checkout.models import Order, OrderEvent, OrderNameWord
from storefront.checkout.order_events import lock_order, record_event
from storefront.checkout.order_search import name_keys, name_words
from storefront.checkout.order_states import can_be_corrected
from storefront.checkout.order_view import OrderView
from storefront.i18n import gettext as _


class ContactChangedError(OrderError):
    """Somebody else has corrected the order since the form was made."""

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else has changed this meanwhile. Nothing was saved: compare, then save again.")
        )


@dataclass(frozen=True, slots=True)
class OrderContact:
    """Whom an order is for. `email`, `exact_email` and the addresses are as in `models.Order`."""

    email: str
    exact_email: str
    ship_to: dict[str, Any]
    bill_to: dict[str, Any] | None

    @property
    def values(self) -> dict[str, str]:
        """The fields as the form names them."""
        return field_values(self.exact_email or self.email, self.ship_to, self.bill_to)

    @property
    def version(self) -> str:
        """What a form of it is made from."""
        return hashlib.sha256(msgspec.json.encode(self.values)).hexdigest()[:16]


def contact_of(order: Order | OrderView) -> OrderContact:
    """Return whom an order is for."""
    return OrderContact(order.email, order.exact_email, order.ship_to or {}, order.bill_to)


def correct_contact(
    session: Session, number: str, contact: OrderContact, *, expected: str
) -> OrderEvent | None:
    """Correct whom an order is for; return the event with the old and new values, None if nothing differs.

    A new e-mail address gets a letter with a new link. Links in letters to the former one no longer work: it may be a
    stranger's.

    Raises:
        OrderError: the order was shipped, closed or cancelled.
        ContactChangedError: it is no longer as `expected`, an `OrderContact.version`.
    """
    order = lock_order(session, number)
    if not can_be_corrected(order.state):
        raise OrderError(_("This order can no longer be corrected: it was shipped, closed or cancelled."))
    before = contact_of(order)
    if before.version != expected:
        raise ContactChangedError
    old, new = before.values, contact.values
    changes = {name: [old[name], new[name]] for name in new if old[name] != new[name]}
    if not changes:
        return None
    is_moved = order.email != contact.email
    order.email, order.exact_email = contact.email, contact.exact_email
    order.ship_to, order.bill_to = contact.ship_to, contact.bill_to
    _index_names(session, order)
    if is_moved:
        order.access = secrets.token_hex(16)
    event = record_event(session, order, "note", note=_("Contact details corrected."), fields=changes)
    if is_moved and order.imported_number is None:
        new_address_letter.send(session, order)
    return event


def _index_names(session: Session, order: Order) -> None:
    """Let staff find the order by its present names alone."""
    keys = name_keys(str(order.ship_to.get("name", "")))
    order.name_key, order.surname_key = keys["name_key"], keys["surname_key"]
    wanted = set(name_words(order.ship_to, order.bill_to))
    for row in order.name_words:
        if row.word not in wanted:
            session.delete(row)
    known = {row.word for row in order.name_words}
    session.add_all(OrderNameWord(word=word, order_id=order.id) for word in sorted(wanted - known))
