"""Words of the merchant's pages in whose place the shop prints its own data, so that a page never has old ones."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from storefront.i18n import gettext as _
from storefront.postal.shop_contact import find_shop_contact

ADDRESS, CONTACT = "{shop_address}", "{shop_contact}"


def fill_slots(html: str) -> str:
    """Return the HTML of a page with the shop's address and contact; brackets say what the settings still lack."""
    if ADDRESS not in html and CONTACT not in html:
        return html
    contact = find_shop_contact()
    address = contact.address or (_("[The shop’s address: enter it in the settings]"),)
    ways = contact.ways or (
        _("[The shop’s e-mail address and telephone number: enter them in the settings]"),
    )
    return html.replace(ADDRESS, _join(address)).replace(CONTACT, _join(ways))


def _join(lines: Sequence[str]) -> str:
    """Return lines as HTML, each in its own direction."""
    return str(Markup("<br>").join(Markup("<bdi>{}</bdi>").format(line) for line in lines))
