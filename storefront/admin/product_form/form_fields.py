"""A field of the product form, and the text in which it shows a value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from storefront import moments, shop_settings
from storefront.i18n import gettext as _
from storefront.money import Money

Kind = Literal[
    "line",
    "html",
    "text",
    "tags",
    "category",
    "paths",
    "status",
    "tick",
    "amount",
    "number",
    "stock",
    "slug",
    "values",
    "picture",
    "moment",
]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its column, its label, what kind of value it has, and the most characters of a text."""

    column: str
    label: str
    kind: Kind
    most: int = 255
    required: bool = False


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of one product's form.

    Attributes:
        name: in the form.
        field: what it is.
        code: the variant's code; empty if it is a field of the product.
        part: the variant, picture or option for people; empty likewise.
        shown: the product's value as the form shows it.
    """

    name: str
    field: Field
    code: str
    part: str
    shown: str

    @property
    def label(self) -> str:
        """The label for people, with what it is a part of."""
        return f"{self.part}{_(': ')}{self.field.label}" if self.part else str(self.field.label)


def show(kind: Kind, value: Any) -> str:
    """Return the text in which a field shows a value."""
    if value is None:
        return ""
    if kind == "tick":
        return "1" if value else ""
    if kind == "tags":
        return ", ".join(value)
    if kind == "paths":
        return "\n".join(sorted(value))
    if kind == "amount":
        return Money(value, currency()).format_plain(shop_settings.current().locale)
    if kind == "moment":
        return moments.minute_value(datetime.fromisoformat(value))
    return str(value)


def currency() -> str:
    """Return the shop's currency (ISO 4217)."""
    return shop_settings.current().currency
