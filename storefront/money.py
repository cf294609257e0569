"""Money: an integer number of minor units and an ISO 4217 currency, never a float."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

from babel import Locale
from babel.core import get_global
from babel.numbers import format_decimal, list_currencies

from storefront.errors import ConfigurationError
from storefront.i18n import gettext as _
from storefront.i18n import quote

# ISO 4217:2015, table A.1: the currencies whose column "minor unit" is not 2.
_MINOR_UNITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}


def minor_units(currency: str) -> int:
    """Return the number of decimals of a currency (ISO 4217, column "minor unit"): 2 for USD, 0 for JPY."""
    return _MINOR_UNITS.get(currency, 2)


def check_currency(code: str, *, is_in_use: bool = False) -> str:
    """Return the ISO 4217 code in capitals.

    Args:
        code: as somebody typed it.
        is_in_use: whether people must pay in it today: not XXX, gold or the German mark.

    Raises:
        ConfigurationError: the currency does not exist.
    """
    currency = code.strip().upper()
    if currency not in (_currencies_in_use() if is_in_use else list_currencies()):
        raise ConfigurationError(
            _(
                "%(code)s is not an ISO 4217 currency code; use one such as USD, EUR or JPY.",
                code=quote(code),
            )
        )
    return currency


@cache
def _currencies_in_use() -> frozenset[str]:
    """Return the currencies that are legal tender somewhere, by the data of the CLDR."""
    tenders = get_global("territory_currencies").values()
    return frozenset(
        code for each in tenders for code, _start, end, is_tender in each if is_tender and not end
    )


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (cents, yen, fils) of one currency."""

    amount: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact: Money(1999, "USD").decimal == Decimal("19.99")."""
        return Decimal(self.amount).scaleb(-minor_units(self.currency))

    @property
    def plain(self) -> str:
        """The amount in major units in digits alone, for files: "19.99"."""
        return f"{self.decimal:f}"

    def format_plain(self, locale: str) -> str:
        """Return the digits alone as the locale writes them, for form fields: "1299,90" in de_DE."""
        pattern = f"0.{'0' * minor_units(self.currency)}".rstrip(".")
        return str(format_decimal(self.decimal, pattern, locale))

    def format(self, locale: str = "en_US") -> str:
        """Return the amount as the locale writes it, e.g. "$19.99"."""
        return _format(self.amount, self.currency, locale)


@lru_cache(maxsize=8192)
def _format(amount: int, currency: str, locale: str) -> str:
    places = minor_units(currency)
    # The locale's pattern with the decimals of ISO 4217. Babel uses those of CLDR, which differ for some currencies.
    pattern = copy(Locale.parse(locale).currency_formats["standard"])
    pattern.frac_prec = (places, places)
    text = pattern.apply(Decimal(amount).scaleb(-places), locale, currency=currency, currency_digits=False)
    return str(text).replace("\uffe5", "¥")  # CLDR has a sign as wide as two of the digits behind it
