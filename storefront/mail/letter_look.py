"""How letters look: the shop's colour, corners, font, address and contact, and its legal pages."""

from __future__ import annotations

from dataclasses import dataclass

from storefront import shop_settings
from storefront.config import accent
from storefront.postal.shop_contact import find_shop_contact
from storefront.shop_settings.look_sheet import CORNERS
from storefront.web.same_origin import absolute_url
from storefront.web.site_navigation import find_menus

_ACCENT = "#125746"  # of tokens.css, in the notation that mail programs know
_SANS = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_SERIF = "Georgia,'Times New Roman',serif"


@dataclass(frozen=True, slots=True)
class LetterLook:
    """The look of a letter. Mail programs have no dark scheme that a letter could rely on, so there is one.

    Attributes:
        accent: the colour of the button, as #rrggbb; `on_accent` is that of the text on it.
        radius: of the button's corners, as CSS writes it.
        typeface: the fonts, of those that devices have.
        contact: the lines of the shop's address, and how to reach it.
        reply_to: the shop's e-mail address, to which answers go; empty without one.
        legal: names and addresses of the published pages that the law asks for, such as the terms of sale.
    """

    accent: str
    on_accent: str
    radius: str
    typeface: str
    contact: tuple[str, ...]
    reply_to: str
    legal: tuple[tuple[str, str], ...]


def current_look() -> LetterLook:
    """Return the look of a letter that is built now."""
    settings = shop_settings.current()
    colors = accent.make_colors(settings.accent_color or _ACCENT, "light")
    return LetterLook(
        accent=colors.accent,
        on_accent=colors.on_accent,
        radius=CORNERS[settings.corners][1],
        typeface=_SERIF if settings.typeface == "serif" else _SANS,
        contact=find_shop_contact().lines,
        reply_to=settings.contact_email,
        legal=tuple((link.name, absolute_url(link.url)) for link in find_menus().legal),
    )
