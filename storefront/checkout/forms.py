"""The checkout's form: contact, address, delivery, payment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app

from storefront import accounts
from storefront.accounts.models import Address, User
from storefront.checkout import drafts, payment
from storefront.checkout.models import Checkout
from storefront.mail.email_address import read_email
from storefront.postal import address_rules, countries
from storefront.web.forms import Form

BILL_PREFIX = "bill_"  # begins the names of the fields of an invoice's own address


def prefilled_form(draft: Checkout | None, user: User | None) -> Form:
    """Return the form with what is known already: from the draft, else from the account."""
    address = dict(draft.address) if draft is not None else {}
    if not address and user is not None:
        book = accounts.list_addresses(user.id)
        address = address_values(book[-1]) if book else {"name": user.name}
    known = {
        "email": (draft.email if draft else "") or (user.email if user else ""),
        "delivery": draft.delivery if draft else "",
        "payment": draft.payment if draft else "",
    }
    bill_to = (draft.bill_to if draft else None) or {}
    known["bill_elsewhere"] = "1" if bill_to else ""
    values = known | {name: str(address.get(name, "")) for name in address_rules.FIELDS}
    values |= {f"{BILL_PREFIX}{name}": str(bill_to.get(name, "")) for name in address_rules.FIELDS}
    for name in ("country", f"{BILL_PREFIX}country"):
        values[name] = values[name] or countries.default_country(current_app.config["LOCALE"])
    return choose_defaults(Form(values=values))


def address_values(address: Address) -> dict[str, str]:
    """Return an address of the account's book as a draft keeps it."""
    return {name: getattr(address, name) for name in address_rules.FIELDS}


def read_form(typed: Mapping[str, str]) -> tuple[Form, dict[str, Any]]:
    """Return what was typed as a form with what has to be mended, and as columns of the draft."""
    form = Form(typed)
    email = read_email(form)
    address = address_rules.read_address(form)
    methods = drafts.delivery_methods(address["country"])
    found = {
        "email": email,
        "address": address,
        "bill_to": _bill_to(form, typed),
        "delivery": form.choice(
            "delivery", "how it is sent", {method.code: method.name for method in methods}
        ),
        "payment": form.choice(
            "payment", "how you pay", {code: code for code in payment.offered_providers()}
        ),
    }
    if address["country"] and not methods:
        form.errors.pop("delivery", None)
        form.errors["country"] = "We do not deliver there yet. Choose another country."
    return form, found


def _bill_to(form: Form, typed: Mapping[str, str]) -> dict[str, str] | None:
    """Return where the invoice goes, if that is another address: checked as the first is, in fields named apart."""
    own = Form({name: typed.get(f"{BILL_PREFIX}{name}", "") for name in address_rules.FIELDS})
    address, wanted = address_rules.read_address(own), form.ticked("bill_elsewhere")
    form.values |= {f"{BILL_PREFIX}{name}": value for name, value in own.values.items()}
    if wanted:
        form.errors |= {
            f"{BILL_PREFIX}{name}": f"Invoice: {sentence}" for name, sentence in own.errors.items()
        }
    return address if wanted else None


def choose_defaults(form: Form) -> Form:
    """Choose the first way to send and to pay, where nothing that can be had is chosen; return the form."""
    methods = [method.code for method in drafts.delivery_methods(form.values.get("country", ""))]
    for name, choices in (("delivery", methods), ("payment", list(payment.offered_providers()))):
        if form.values.get(name) not in choices and name not in form.errors:
            form.values[name] = choices[0] if choices else ""
    return form
