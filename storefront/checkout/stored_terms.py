"""Parts of the terms of sale in the shop's settings: read for a form, checked and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app

from storefront import shop_settings
from storefront.checkout.delivery import DeliveryMethod, check_overlaps
from storefront.checkout.term_parts import Origin, PartName, TermPart, find_parts
from storefront.checkout.term_reader import read_part
from storefront.checkout.terms import card_payment, check_served, current_terms, plugin_payment
from storefront.money import Money
from storefront.shop_settings.stored_documents import as_text, change_document, read_documents, version_of


@dataclass(frozen=True, slots=True)
class ShownPart:
    """A part of the terms as a form shows it.

    Attributes:
        name: of the part.
        origin: where it comes from.
        tables: its tables, as checkout.toml would have them.
        version: which version of the stored part this is; the form carries it.
    """

    name: PartName
    origin: Origin
    tables: Mapping[str, Any]
    version: str


def show_part(name: PartName) -> ShownPart:
    """Return a part as it is now, read from the database."""
    documents = read_documents()
    version = version_of(documents.get(name, ""))
    parts = find_parts(documents, current_app.config["CHECKOUT"], has_demo_terms=True)
    part = next((each for each in parts if isinstance(each, TermPart) and each.name == name), None)
    if part is None:
        return ShownPart(name, "missing", {}, version)
    origin: Origin = part.origin
    if origin == "demo" and current_app.config["ENV"] == "production":
        origin = "missing"
    if origin == "demo" and name == "delivery":
        return ShownPart(name, origin, {"delivery": _demo_tables()}, version)
    return ShownPart(name, origin, part.tables, version)


def store_part(name: PartName, tables: Mapping[str, Any], *, seen: str) -> None:
    """Check a part by the rules of production and store it; pages show it at once.

    Args:
        name: of the part.
        tables: its tables, as checkout.toml would have them.
        seen: the version that the author of the change saw.

    Raises:
        TermError: a value is wrong; nothing was changed.
        SettingsChangedError: somebody else has changed the part to something else.
    """
    currency, locale = shop_settings.current().currency, shop_settings.current().locale
    part = TermPart(name, "stored", tables)
    found = read_part(
        part, card_payment(), plugin_payment(), currency=currency, locale=locale, has_demo_terms=False
    )
    check_overlaps(found.get("delivery_methods", ()), locale)
    check_served(found.get("delivery_methods", ()))
    change_document(name, as_text(tables), seen=seen)


def _demo_tables() -> list[dict[str, Any]]:
    return [_table_of(method) for method in current_terms().delivery_methods]


def _table_of(method: DeliveryMethod) -> dict[str, Any]:
    currency = shop_settings.current().currency
    table = {
        "code": method.code,
        "name": str(method.name),
        "price": Money(method.price, currency).plain,
        "days": str(method.days),
    }
    return (
        table if method.free_from is None else table | {"free_from": Money(method.free_from, currency).plain}
    )
