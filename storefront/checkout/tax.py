"""Tax rates by country and region, from the settings of the shop or from a file, and the rounding of tax.

As `checkout.toml` writes them, percentages as text (so that 8.875 stays exact):

    prices_include_tax = true
    [tax.DE]
    rate = "19"
    [tax.US]
    rate = "0"
    regions = { CA = "7.25", NY = "8.875" }

Countries and regions are codes of ISO 3166. An empty [tax] charges none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from storefront.checkout.term_errors import TermError, named_errors
from storefront.country_codes import check_country
from storefront.i18n import gettext as _
from storefront.postal.place_codes import check_region

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

    @property
    def is_included(self) -> bool:
        """Whether prices contain a tax; not if they would but no rate is above 0."""
        return self.inclusive and self.is_charged

    @property
    def is_charged(self) -> bool:
        """Whether a tax is charged in any country or region."""
        return any(self.countries.values()) or any(self.regions.values())

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


def read_tax_rules(terms: Mapping[str, Any], locale: str, *, has_demo_terms: bool) -> TaxRules:
    """Return the tax rules of the terms; without tax if it is empty.

    Raises:
        TermError: a rate or a code is not valid, or tax is missing and not for the demo.
    """
    inclusive = terms.get("prices_include_tax", True)
    if not isinstance(inclusive, bool):
        raise TermError("prices_include_tax must be true or false.")
    countries: dict[str, int] = {}
    regions: dict[tuple[str, str], int] = {}
    tables = terms.get("tax", {})
    if not isinstance(tables, dict):
        raise TermError("write taxes as tables, such as [tax.DE].")
    if "tax" not in terms and not has_demo_terms:
        raise TermError(
            "tax is missing. Write a table for each country, such as [tax.DE], or an empty [tax] "
            "if this shop charges none.",
            sentence=_("Enter a rate, or tick that this shop charges no tax."),
        )
    for country, table in tables.items():
        if not isinstance(table, dict):
            raise TermError(f"write tax.{country} as a table, such as [tax.DE].")
        with named_errors(f"[tax.{country}]", "country"):
            check_country(country, locale)
        if unknown := set(table) - {"rate", "regions"}:
            raise TermError(f"[tax.{country}] has no {sorted(unknown)[0]!r}.")
        if "rate" not in table:
            raise TermError(
                f'[tax.{country}] has no rate; write rate = "0" if only some regions are taxed.',
                field="rate",
                sentence=_(
                    "Add a line for the whole of %(country)s: the rate is 0 if only some of its regions are taxed.",
                    country=country,
                ),
            )
        countries[country] = _rate(country, table["rate"])
        by_region = table.get("regions", {})
        if not isinstance(by_region, dict):
            raise TermError(f"regions of [tax.{country}] must be a table.")
        for region, rate in by_region.items():
            with named_errors(f"regions of [tax.{country}]", "region"):
                code = check_region(country, region).upper()
            if (country, code) in regions:
                raise TermError(
                    f"[tax.{country}] names the region {region} twice.",
                    field="region",
                    sentence=_("The region %(region)s has two rates. Remove one.", region=region),
                )
            regions[country, code] = _rate(f"{country}.{region}", rate)
    return TaxRules(inclusive, countries, regions)


def _rate(where: str, text: object) -> int:
    # No tax is under one percent: "0.19" is meant as 19.
    if (
        not isinstance(text, str)
        or not re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,3})?", text)
        or 0 < Decimal(text) < 1
    ):
        raise TermError(
            f'the rate of {where} is {text!r}; write a percentage as text, such as "7.25".',
            field="rate",
            sentence=_("Enter a rate in percent from 0 to 99.999, such as %(example)s.", example="19"),
        )
    return int(Decimal(text) * 1000)
