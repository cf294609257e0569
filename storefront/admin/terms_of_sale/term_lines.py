"""The parts of the terms of sale as lines of words, for the history and for conflicts of two people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from storefront.admin.terms_of_sale import tax_form
from storefront.admin.terms_of_sale.amounts import show_amount
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext

LABELS: Mapping[str, str] = {
    "delivery": lazy_gettext("Delivery"),
    "tax": lazy_gettext("Taxes"),
    "payment": lazy_gettext("Payment"),
}


def compare_documents(old: str, new: str) -> list[tuple[str, str, str]]:
    """Return what differs between two stored texts of a part: label, old and new value."""
    before, after = dict(describe_tables(_read(old))), dict(describe_tables(_read(new)))
    labels = [*before, *(label for label in after if label not in before)]
    return [
        (label, before.get(label, ""), after.get(label, ""))
        for label in labels
        if before.get(label, "") != after.get(label, "")
    ]


def describe_tables(tables: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each value of a part with its label, as the shop writes it."""
    methods = tables.get("delivery")
    for place, method in enumerate(methods if isinstance(methods, list) else [], start=1):
        yield from _describe_method(method, place)
    if "tax" in tables or "prices_include_tax" in tables:
        included = tax_form.INCLUDED["yes" if tables.get("prices_include_tax", True) else "no"]
        yield _("Prices"), str(included)
    taxes = tables.get("tax")
    if isinstance(taxes, dict):
        if not taxes:
            yield _("Rates"), _("This shop charges no tax")
        for country, region, rate in tax_form.lines_of(taxes):
            yield " ".join(filter(None, (country, region))), _("%(rate)s%%", rate=rate)
    if isinstance(tables.get("invoice"), dict):
        yield from _describe_invoice(tables["invoice"])
    if isinstance(tables.get("card"), dict):
        yield _("Card payment"), _offered(tables["card"])


def _describe_method(method: Any, place: int) -> Iterator[tuple[str, str]]:
    if not isinstance(method, dict):
        return
    code, countries = method.get("code", ""), method.get("countries")
    values = {
        _("name"): str(method.get("name", "")),
        _("price"): show_amount(method.get("price", "")),
        _("free from"): show_amount(method.get("free_from", "")),
        _("countries"): ", ".join(map(str, countries)) if isinstance(countries, list) else _("Everywhere"),
        _("delivery time"): str(method.get("days", "")),
        _("place in the list"): str(place),
    }
    for label, value in values.items():
        if value:
            yield f"{code}{_(': ')}{label}", value


def _describe_invoice(invoice: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    lines = invoice.get("instructions", [])
    yield _("Payment by invoice"), _offered(invoice)
    yield _("Name"), str(invoice.get("name", ""))
    yield _("Note"), str(invoice.get("about", ""))
    yield _("How to pay"), " / ".join(map(str, lines)) if isinstance(lines, list) else ""


def _offered(table: Mapping[str, Any]) -> str:
    return _("offered") if table.get("offered", True) else _("not offered")


def _read(text: str) -> Mapping[str, Any]:
    try:
        tables = json.loads(text or "{}")
    except ValueError:
        return {}
    return tables if isinstance(tables, dict) else {}
