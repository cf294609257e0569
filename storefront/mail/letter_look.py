"""How letters look: the shop's colours, address and contact, from the merchant's settings."""

from __future__ import annotations

from dataclasses import dataclass

from storefront import shop_settings

# System typefaces alone: a mail program fetches no other.
_TYPEFACE = "system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"


@dataclass(frozen=True, slots=True)
class LetterLook:
    """The look of a letter.

    Attributes:
        accent: the colour of the button, as CSS writes it; `on_accent` is that of the text on it.
        radius: of the button's corners.
        typeface: the font family.
        logo: the absolute URL of the shop's logo; empty without one.
        address: the lines of the shop's address.
        contact: the shop's e-mail address; letters ask to be answered there. Empty without one.
    """

    accent: str = "#125746"
    on_accent: str = "#ffffff"
    radius: str = "6px"
    typeface: str = _TYPEFACE
    logo: str = ""
    address: tuple[str, ...] = ()
    contact: str = ""


def current_look() -> LetterLook:
    """Return the look of a letter that is built now."""
    settings = shop_settings.current()
    return LetterLook(contact=getattr(settings, "contact_email", ""))
