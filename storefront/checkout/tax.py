"""Tax rates by country and region, from the configuration, and the rounding of tax.

In `checkout.toml`, percentages as text (so that 8.875 stays exact):

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

HUNDRED_PERCENT = 100_000  # rates are integers in thousandths of a percent


@dataclass(frozen=True, slots=True)
class TaxRules:
    """Tax rates in thousandths of a percent.

    Attributes:
        inclusive: prices include tax.
        countries: the rate of each country (an ISO 3166-1 code).
        regions: the rates that differ from the country's, by country and region in capitals.
    """

    inclusive: bool
    countries: Mapping[str, int]
    regions: Mapping[tuple[str, str], int]

    def has_regions(self, country: str) -> bool:
        """Return whether the rate of a country depends on the region."""
        return any(code == country for code, _region in self.regions)

    def rate_for(self, country: str, region: str) -> int:
        """Return the rate for goods sent to this address; 0 if none is configured."""
        by_region = self.regions.get((country, region.strip().upper()))
        return by_region if by_region is not None else self.countries.get(country, 0)


def tax_of(amount: int, rate: int, *, inclusive: bool) -> int:
    """Return the tax on an amount (or contained in it, if inclusive), in minor units, rounded half up."""
    whole = HUNDRED_PERCENT + rate if inclusive else HUNDRED_PERCENT
    return int((Decimal(amount * rate) / whole).quantize(Decimal(1), ROUND_HALF_UP))


def read_tax_rules(terms: Mapping[str, Any]) -> TaxRules:
    """Return the tax rules of the configuration.

    Raises:
        ConfigurationError: a rate is not valid; the text says why.
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
