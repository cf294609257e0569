"""The fields of an order that staff can correct: e-mail, delivery address and billing address, in words for pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.postal import address_rules

# The prefix of the names of the billing address's fields.
BILL_PREFIX = "bill_"
_LABELS = {
    "email": lazy_gettext("E-mail"),
    "country": lazy_gettext("Country"),
    "name": lazy_gettext("Name"),
    "company": lazy_gettext("Company"),
    "line1": lazy_gettext("Street and number"),
    "line2": lazy_gettext("Apartment, floor, building"),
    "postcode": lazy_gettext("Postal code"),
    "city": lazy_gettext("City"),
    "region": lazy_gettext("State or region"),
    "phone": lazy_gettext("Phone"),
}


def name_field(name: str) -> str:
    """Return the name of a field for people."""
    label = str(_LABELS.get(name.removeprefix(BILL_PREFIX), name))
    return _("Billing address: %(sentence)s", sentence=label) if name.startswith(BILL_PREFIX) else label


def describe_value(name: str, value: str) -> str:
    """Return the value of a field for people: the name of a country instead of its code."""
    is_country = name.removeprefix(BILL_PREFIX) == "country"
    return address_rules.country_names().get(value, value) if is_country else value


def describe_fields(changes: Mapping[str, Sequence[str]] | None) -> list[tuple[str, str, str]]:
    """Return name, old and new value of each changed field for people."""
    return [
        (name_field(name), describe_value(name, old), describe_value(name, new))
        for name, (old, new) in (changes or {}).items()
    ]


def field_values(email: str, ship_to: Mapping[str, Any], bill_to: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the fields as their form names them; those of a billing address that an order lacks are empty."""
    values = {"email": email} | {name: str(ship_to.get(name) or "") for name in address_rules.FIELDS}
    billing = bill_to or {}
    return values | {f"{BILL_PREFIX}{name}": str(billing.get(name) or "") for name in address_rules.FIELDS}
