"""The form in which staff correct whom an order is for."""

from __future__ import annotations

from collections.abc import Mapping

from storefront.checkout.contact_fields import BILL_PREFIX
from storefront.checkout.forms import read_invoice_address
from storefront.checkout.order_contact import OrderContact, contact_of
from storefront.checkout.order_view import OrderView
from storefront.checkout.terms import current_terms
from storefront.i18n import gettext as _
from storefront.mail.email_address import exact_email, read_email
from storefront.postal import address_rules
from storefront.web.forms import Form

_ELSEWHERE = "bill_elsewhere"


def stored_values(order: OrderView) -> dict[str, str]:
    """Return the form's values as they are stored."""
    values = contact_of(order).values | {_ELSEWHERE: "1" if order.bill_to else ""}
    billing_country = f"{BILL_PREFIX}country"
    return values | {billing_country: values[billing_country] or values["country"]}


def read_contact(sent: Mapping[str, str], order: OrderView) -> tuple[Form, OrderContact]:
    """Return the submitted form with its errors, and what it says; fields that it lacks stay as they are."""
    stored = stored_values(order)
    typed = stored | dict(sent)
    if f"{BILL_PREFIX}name" in sent:  # a box that is not ticked is not sent
        typed[_ELSEWHERE] = sent.get(_ELSEWHERE, "")
    typed["country"] = stored["country"] or typed["country"]
    form = Form(typed)
    form.values[_ELSEWHERE] = typed[_ELSEWHERE]
    email, exact = _read_email(form, order)
    contact = OrderContact(email, exact, _read_ship_to(form, order), read_invoice_address(form, typed))
    return form, contact


def _read_email(form: Form, order: OrderView) -> tuple[str, str]:
    """Return the address that mail goes to, and how it was typed; an unchanged one stays as it is stored."""
    typed = form.typed("email").strip()
    if typed == (order.exact_email or order.email):
        form.values["email"] = typed
        return order.email, order.exact_email
    email = read_email(form)
    return email, exact_email(typed)


def _read_ship_to(form: Form, order: OrderView) -> dict[str, str]:
    if not order.is_sent:
        named = address_rules.read_name_and_country(form)
        return order.ship_to | {name: named[name] for name in ("country", "name", "company")}
    address = address_rules.read_address(form)
    country, region = address["country"], order.ship_to.get("region") or ""
    is_taxed_here = order.imported_number is None and current_terms().tax.has_regions(country)
    if is_taxed_here and address["region"] != region and "region" not in form.errors:
        form.errors["region"] = _(
            "The tax of this order was computed for its region. Cancel it and take a new one for another region."
        )
    return order.ship_to | address
