"""The form of the payment: what invoices say, and which ways to pay are offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storefront.checkout.payment.invoice import read_invoice_terms
from storefront.checkout.term_errors import TermError
from storefront.checkout.terms import card_payment
from storefront.web.forms import Form

_MOST_TEXT = 300  # characters; the check allows fewer
_MOST_LINES = 4000


def fields_of(tables: Mapping[str, Any]) -> dict[str, str]:
    """Return the form's values by the names of its fields."""
    invoice = tables.get("invoice")
    about = invoice if isinstance(invoice, dict) else {}
    lines = about.get("instructions", [])
    return {
        "by_invoice": "1" if about.get("offered", True) else "",
        "name": str(about.get("name", "")),
        "about": str(about.get("about", "")),
        "instructions": "\n".join(map(str, lines)) if isinstance(lines, list) else "",
        "by_card": "1" if tables.get("card", {}).get("offered", True) else "",
    }


def numbers_of(form: Form) -> list[int]:  # noqa: ARG001  # as the other forms have it
    """Return no numbers: the form has no lines."""
    return []


def read_tables(form: Form, tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part as the form says; `form.errors` has a sentence for each wrong field.

    Without the keys of a provider in the environment, the form does not ask for card payment, and its choice stays.
    """
    texts = {
        name: form.text(name, "", most=_MOST_TEXT, required=False)
        for name in ("name", "about")
        if form.is_sent(name)
    }
    invoice: dict[str, Any] = {**_dict(tables.get("invoice")), **texts}
    if form.is_sent("instructions"):
        lines = form.lines("instructions", most=_MOST_LINES)[:_MOST_LINES].split("\n")
        invoice["instructions"] = [line.strip() for line in lines if line.strip()]
    if not invoice.get("name"):
        invoice.pop("name", None)  # the shop has a name for it in its own language
    invoice["offered"] = form.ticked("by_invoice")
    try:
        read_invoice_terms({"invoice": invoice}, has_demo_terms=False)
    except TermError as error:
        form.errors[error.field] = error.sentence
    card = {"offered": form.ticked("by_card")} if card_payment() else tables.get("card")
    return {"invoice": invoice} | ({"card": card} if card is not None else {})


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
