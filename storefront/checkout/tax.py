"""Tax: rates by country and region, from the configuration, and its rounding.

In `checkout.toml`, percentages as text (so that 8.875 is 8.875):

    prices_include_tax = true
    [tax.DE]
    rate = "19"
    [tax.US]
    rate = "0"
    regions = { CA = "7.25", NY = "8.875" }
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from storefront.errors import ConfigurationError

HUNDRED_PERCENT = 100_000  # rates are integers, thousandths of a percent: 100 %


@dataclass(frozen=True, slots=True)
class TaxRules:
    """Rates by country, and by country and region, in thousandths of a percent; whether prices include them."""

    inclusive: bool
    countries: Mapping[str, int]
    regions: Mapping[tuple[str, str], int]

    def rate_for(self, country: str, region: str) -> int:
        """Return the rate for goods sent there; 0 where none is configured."""
        by_region = self.regions.get((country, region.strip().upper()))
        return by_region if by_region is not None else self.countries.get(country, 0)


def tax_of(amount: int, rate: int, *, inclusive: bool) -> int:
    """Return the tax on (or in) an amount of minor units, rounded half up to whole minor units."""
    whole = HUNDRED_PERCENT + rate if inclusive else HUNDRED_PERCENT
    return int((Decimal(amount * rate) / whole).quantize(Decimal(1), ROUND_HALF_UP))


def read_tax_rules(terms: Mapping[str, Any]) -> TaxRules:
    """Return the rules of the configuration.

    Raises:
        ConfigurationError: something in it cannot be used; the text says what.
    """
    inclusive = terms.get("prices_include_tax", True)
    if not isinstance(inclusive, bool):
        raise ConfigurationError("checkout.toml: prices_include_tax must be true or false.")
    countries: dict[str, int] = {}
    regions: dict[tuple[str, str], int] = {}
    tables = terms.get("tax", {})
    if not isinstance(tables, dict):
        raise ConfigurationError("checkout.toml: write taxes as tables, such as [tax.DE].")
    for country, table in tables.items():
        if not re.fullmatch("[A-Z]{2}", country) or not isinstance(table, dict):
            raise ConfigurationError(
                f"checkout.toml: [tax.{country}] must be a table named by a country's code, such as [tax.DE]."
            )
        if unknown := set(table) - {"rate", "regions"}:
            raise ConfigurationError(f"checkout.toml: [tax.{country}] has no {sorted(unknown)[0]!r}.")
        countries[country] = _rate(country, table.get("rate", "0"))
        by_region = table.get("regions", {})
        if not isinstance(by_region, dict):
            raise ConfigurationError(f"checkout.toml: regions of [tax.{country}] must be a table.")
        for region, rate in by_region.items():
            regions[country, region.upper()] = _rate(f"{country}.{region}", rate)
    return TaxRules(inclusive, countries, regions)


def _rate(where: str, text: object) -> int:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text):
        raise ConfigurationError(
            f'checkout.toml: the rate of {where} is {text!r}; write a percentage as text, such as "7.25".'
        )
    return int(Decimal(text) * 1000)
