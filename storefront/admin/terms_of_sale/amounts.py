"""Amounts and rates in the forms of the terms of sale: as the shop writes them, and as they are stored."""

from __future__ import annotations

import re
from decimal import Decimal

from babel.numbers import get_decimal_symbol

from storefront import shop_settings
from storefront.money import Money, minor_units
from storefront.sheets.numbers import parse_amount
from storefront.unicode_text import ascii_digits, normalize

# Before the number in Turkish, after it elsewhere.
_AROUND = " %٪"


def read_amount(text: str) -> str | None:
    """Return a typed amount as the terms store it: "52.90" for "52,90"; None if it is not one."""
    currency = shop_settings.current().currency
    try:
        return Money(parse_amount(text, shop_settings.current().locale, currency), currency).plain
    except ValueError:
        return None


def show_amount(text: object) -> str:
    """Return a stored amount as people of the shop write it; a text that is not an amount as it is."""
    currency = shop_settings.current().currency
    try:
        amount = Decimal(str(text)).scaleb(minor_units(currency))
        whole = int(amount)
    except (ArithmeticError, ValueError):
        return str(text)
    if whole != amount:
        return str(text)
    return Money(whole, currency).format_plain(shop_settings.current().locale)


def read_rate(text: str) -> str:
    """Return a typed percentage as the terms store it: "8.875" for "8,875 %"."""
    digits = ascii_digits(normalize("NFKC", text)).strip(_AROUND)
    # Nobody writes a rate with thousands: each of these is a decimal sign.
    return re.sub(r"[,٫]", ".", digits, count=1)


def show_rate(text: object) -> str:
    """Return a stored percentage as people of the shop write it."""
    return str(text).replace(".", get_decimal_symbol(shop_settings.current().locale))
