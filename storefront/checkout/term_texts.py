"""The texts of the terms of sale in the further languages: names and times of delivery, and how to pay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from flask import Flask
from sqlalchemy.orm import Session

from storefront.checkout.order_states import INVOICE
from storefront.checkout.payment.invoice import Invoice
from storefront.checkout.terms import current_terms
from storefront.i18n import lazy_gettext
from storefront.shop_settings.translated_texts import DELIVERY, PAYMENT
from storefront.text_translations import SourceField, SourceKind, SourceTexts, register_kind
from storefront.unicode_text import clean_lines

_LABELS = {"name": lazy_gettext("Name"), "days": lazy_gettext("Delivery time")}
_PAYMENT = (
    SourceField("invoice.name", lazy_gettext("Name"), 200),
    SourceField("invoice.about", lazy_gettext("Note at the choice"), 200),
    SourceField("invoice.lines", lazy_gettext("How to pay"), 4000, is_long=True),
)


def init_app(app: Flask) -> None:
    """Offer the texts for translation, to people who may change the settings."""
    delivery = SourceKind(DELIVERY, lazy_gettext("Delivery"), None, _read_delivery, _clean, _delivery_field)
    payment = SourceKind(PAYMENT, lazy_gettext("Payment"), _PAYMENT, _read_payment, _clean)
    for kind in (delivery, payment):
        register_kind(app, replace(kind, has_owners=False, area="settings"))


def _clean(_field: str, text: str) -> str:
    return clean_lines(text)


def _delivery_field(name: str) -> SourceField | None:
    _code, _, part = name.rpartition(".")
    return SourceField(name, _LABELS[part], 100) if part in _LABELS else None


def _read_delivery(_session: Session, _ids: Sequence[int] | None) -> Iterator[SourceTexts]:
    texts: dict[str, str] = {}
    for method in current_terms().delivery_methods:
        texts |= {f"{method.code}.name": str(method.name), f"{method.code}.days": str(method.days)}
    yield SourceTexts(0, "", str(lazy_gettext("Delivery")), texts)


def _read_payment(_session: Session, _ids: Sequence[int] | None) -> Iterator[SourceTexts]:
    found = current_terms().providers.get(INVOICE)
    texts = found.own_texts() if isinstance(found, Invoice) else {}
    yield SourceTexts(0, "", str(lazy_gettext("Payment")), texts)
