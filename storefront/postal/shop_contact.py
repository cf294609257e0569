"""The shop's own address and contact, as letters, documents and the imprint print them."""

from __future__ import annotations

from typing import NamedTuple

from storefront import shop_settings
from storefront.i18n import gettext as _
from storefront.postal.address_lines import address_lines


class ShopContact(NamedTuple):
    """Who runs the shop, and how customers reach them. Parts that the merchant has not entered are empty.

    Attributes:
        address: the lines of the postal address.
        ways: lines with the e-mail address, the telephone number and the VAT number.
    """

    address: tuple[str, ...]
    ways: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """All lines."""
        return self.address + self.ways


def find_shop_contact() -> ShopContact:
    """Return the address and contact of the shop's settings."""
    settings = shop_settings.current()
    typed = {
        "company": settings.company,
        "line1": settings.street,
        "line2": settings.street2,
        "postcode": settings.postcode,
        "city": settings.city,
        "country": settings.country,
    }
    ways = []
    if settings.contact_email:
        ways.append(_("E-mail: %(email)s", email=settings.contact_email))
    if settings.contact_phone:
        ways.append(_("Telephone: %(number)s", number=settings.contact_phone))
    if settings.vat_id:
        ways.append(_("VAT number: %(number)s", number=settings.vat_id))
    return ShopContact(tuple(address_lines(typed)) if any(typed.values()) else (), tuple(ways))
