"""The form of the checkout: contact, address, invoice address, delivery and payment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storefront import accounts, shop_settings
from storefront.accounts.models import Address, User
from storefront.checkout.contact_fields import BILL_PREFIX
from storefront.checkout.models import Checkout
from storefront.checkout.terms import current_terms
from storefront.i18n import gettext as _
from storefront.mail.email_address import exact_email, read_email
from storefront.postal import address_rules, countries
from storefront.postal.served_countries import check_served, refuse_country, served_names
from storefront.web.forms import Form


def prefilled_form(draft: Checkout | None, user: User | None) -> Form:
    """Return the form, filled in from the draft or else from the account."""
    address = dict(draft.address) if draft is not None else {}
    if not address and user is not None:
        book = accounts.list_addresses(user.id)
        address = address_values(book[-1]) if book else {"name": user.name}
    bill_to = (draft.bill_to if draft else None) or {}
    values = {
        "email": (draft.email if draft else "") or (user.email if user else ""),
        "delivery": draft.delivery if draft else "",
        "payment": draft.payment if draft else "",
        "bill_elsewhere": "1" if bill_to else "",
    }
    values |= {name: str(address.get(name, "")) for name in address_rules.FIELDS}
    values |= {f"{BILL_PREFIX}{name}": str(bill_to.get(name, "")) for name in address_rules.FIELDS}
    home = countries.default_country(shop_settings.current().locale)
    values["country"] = values["country"] or _first_country(home)
    values[f"{BILL_PREFIX}country"] = values[f"{BILL_PREFIX}country"] or home
    return choose_defaults(Form(values=values))


def country_choices(*, is_sent: bool) -> dict[str, str]:
    """Return the names of the countries that an order can go to, by code."""
    terms = current_terms()
    return {code: name for code, name in served_names().items() if not is_sent or terms.covers(code)}


def _first_country(home: str) -> str:
    """Return the country that the form shows at first: that of the shop's locale, or the only one that it serves."""
    choices = country_choices(is_sent=True)
    return home if home in choices else next(iter(choices)) if len(choices) == 1 else ""


def address_values(address: Address) -> dict[str, str]:
    """Return an address of the account's address book in the form in which a draft stores it."""
    return {name: getattr(address, name) for name in address_rules.FIELDS}


def read_form(typed: Mapping[str, str], *, is_sent: bool = True) -> tuple[Form, dict[str, Any]]:
    """Return the submitted form with its errors, and its values as columns of the draft.

    Args:
        typed: the fields.
        is_sent: the order is sent in a parcel. Otherwise it needs no delivery, and of the address only what the
            invoice and the tax need.
    """
    form, terms = Form(typed), current_terms()
    email = read_email(form)
    address = address_rules.read_address(form) if is_sent else _read_customer(form)
    methods = terms.methods_to(address["country"])
    details = {
        "email": email,
        "exact_email": exact_email(typed.get("email", "")),
        "address": address,
        "bill_to": read_invoice_address(form, typed),
        "delivery": form.choice(
            "delivery", _("a delivery method"), {method.code: method.name for method in methods}
        )
        if is_sent
        else "",
        "payment": form.choice("payment", _("a payment method"), {code: code for code in terms.offered}),
    }
    check_served(form, address["country"])
    if is_sent and address["country"] and not methods:
        form.errors.pop("delivery", None)
        refuse_country(form)
    return form, details


def _read_customer(form: Form) -> dict[str, str]:
    """Return an address of name and country; with the region if the tax depends on it."""
    address = address_rules.read_name_and_country(form)
    if current_terms().tax.has_regions(address["country"]):
        address["region"] = address_rules.read_region(form, address["country"])
    return address


def read_invoice_address(form: Form, typed: Mapping[str, str]) -> dict[str, str] | None:
    """Return the invoice address if it differs; it is checked like the first, and its fields have a prefix."""
    invoice_form = Form({name: typed.get(f"{BILL_PREFIX}{name}", "") for name in address_rules.FIELDS})
    address, differs = address_rules.read_address(invoice_form), form.ticked("bill_elsewhere")
    form.values |= {f"{BILL_PREFIX}{name}": value for name, value in invoice_form.values.items()}
    if differs:
        form.errors |= {
            f"{BILL_PREFIX}{name}": _("Billing address: %(sentence)s", sentence=sentence)
            for name, sentence in invoice_form.errors.items()
        }
    return address if differs else None


def choose_defaults(form: Form) -> Form:
    """Choose the first delivery method and provider if none that is available is chosen; return the form."""
    terms = current_terms()
    methods = [method.code for method in terms.methods_to(form.values.get("country", ""))]
    for name, choices in (("delivery", methods), ("payment", list(terms.offered))):
        if form.values.get(name) not in choices and name not in form.errors:
            form.values[name] = choices[0] if choices else ""
    return form
