"""The form of the taxes: a line for each country or region, with its rate, and some empty lines at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from storefront import shop_settings
from storefront.admin.terms_of_sale.amounts import read_rate, show_rate
from storefront.checkout.tax import read_tax_rules
from storefront.checkout.term_errors import TermError
from storefront.country_codes import find_country
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.web.forms import Form

MOST = 400  # lines
_SPARE = 3  # empty lines
INCLUDED = {
    "yes": lazy_gettext("Prices include the tax"),
    "no": lazy_gettext("The tax is added to the prices"),
}


def fields_of(tables: Mapping[str, Any]) -> dict[str, str]:
    """Return the form's values by the names of its fields."""
    found = {"included": "yes" if tables.get("prices_include_tax", True) else "no"}
    taxes = tables.get("tax")
    if taxes == {}:
        found["untaxed"] = "1"
    lines = [*lines_of(taxes if isinstance(taxes, dict) else {}), *[("", "", "")] * _SPARE]
    for number, (country, region, rate) in enumerate(lines[:MOST]):
        found |= {f"country-{number}": country, f"region-{number}": region, f"rate-{number}": rate}
    return found


def numbers_of(form: Form) -> list[int]:
    """Return the numbers of the lines that the form shows."""
    return [number for number in range(MOST) if f"country-{number}" in form.values]


def read_tables(form: Form, tables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part as the form says; `form.errors` has a sentence for each wrong field.

    A line is removed by emptying it. A form without any line says nothing about the rates: they stay.
    """
    included = form.choice("included", _("whether prices include the tax"), INCLUDED) == "yes"
    if not form.is_sent("country-0"):
        return {**tables, "prices_include_tax": included}
    taxes: dict[str, dict[str, Any]] = {}
    for number in range(MOST):
        if form.is_sent(f"country-{number}"):
            _read_line(form, number, taxes)
    is_untaxed = form.ticked("untaxed")
    if not form.errors and is_untaxed == bool(taxes):
        form.errors[""] = (
            _("You said that this shop charges no tax. Remove the lines, or the tick.")
            if is_untaxed
            else _("Enter a rate, or tick that this shop charges no tax.")
        )
    return {"prices_include_tax": included, "tax": taxes}


def _read_line(form: Form, number: int, taxes: dict[str, dict[str, Any]]) -> None:
    country, region, rate = (
        form.text(f"{name}-{number}", "", most=100, required=False) for name in ("country", "region", "rate")
    )
    if not (country or region or rate):
        return
    if not country:
        form.errors[f"country-{number}"] = _("Enter %(label)s.", label=_("a country"))
        return
    locale = shop_settings.current().locale
    country, rate = find_country(country, locale), read_rate(rate)
    line = {"rate": "0", "regions": {region: rate}} if region else {"rate": rate}
    try:
        read_tax_rules({"tax": {country: line}}, locale, has_demo_terms=False)
    except TermError as error:
        form.errors[f"{error.field or 'country'}-{number}"] = error.sentence
        return
    known = taxes.setdefault(country, {})
    if not region and "rate" in known:
        form.errors[f"country-{number}"] = _("%(country)s has two rates. Remove one.", country=country)
    elif region in known.get("regions", {}):
        form.errors[f"region-{number}"] = _("The region %(region)s has two rates. Remove one.", region=region)
    elif region:
        known.setdefault("regions", {})[region] = rate
    else:
        known["rate"] = rate


def lines_of(taxes: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield country, region and rate of each line, the rates as the shop writes them."""
    for country, table in taxes.items():
        about = table if isinstance(table, dict) else {}
        yield country, "", show_rate(about.get("rate", ""))
        regions = about.get("regions")
        for region, rate in (regions if isinstance(regions, dict) else {}).items():
            yield country, region, show_rate(rate)
