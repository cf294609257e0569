"""The countries that the shop serves, from the merchant's settings; without any there, all of them."""

from __future__ import annotations

from collections.abc import Mapping

from storefront import shop_settings
from storefront.country_codes import country_codes, split_codes
from storefront.i18n import gettext as _
from storefront.postal import address_rules
from storefront.web.forms import Form


def served_countries() -> frozenset[str]:
    """Return the codes of the countries that the shop serves."""
    return frozenset(split_codes(shop_settings.current().served_countries)) or country_codes()


def served_names(kept: str = "") -> Mapping[str, str]:
    """Return the names of these countries by code, for a form; `kept` is a code that stays among them."""
    served = served_countries() | {kept}
    return {code: name for code, name in address_rules.country_names().items() if code in served}


def check_served(form: Form, country: str, kept: str = "") -> None:
    """Give the form of an address a sentence if its country is not served; `kept` is one that is allowed as well."""
    if country and country != kept and country not in served_countries():
        refuse_country(form)


def refuse_country(form: Form) -> None:
    """Give the form of an address the sentence about a country to which nothing can be delivered."""
    form.errors["country"] = _("We don’t deliver to this country yet. Choose another one.")
