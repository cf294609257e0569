"""The table of the merchant's settings: name, reader, default, and what it sets in a sentence for people.

The environment variable wins over the value that is stored in the database (`storefront/shop_settings/`). To add a
setting, add a row here, a field in `storefront/admin/setting_fields.py` and a row to the table in docs/settings.md;
code reads it as `shop_settings.current().<name>`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from storefront.config import shop_values, values
from storefront.config.reader import Source, choice, integer, setting, switch
from storefront.money import check_currency

StockDisplay = Literal["low", "band", "exact"]
Corners = Literal["soft", "sharp", "round"]
Typeface = Literal["classic", "sans", "serif", "rounded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopSettings:
    """All settings of the merchant, checked."""

    name: str = setting(
        values.shop_name, "STOREFRONT_NAME", sentence="the shop's name, on every page and in letters"
    )
    locale: str = setting(
        values.locale,
        "STOREFRONT_LOCALE",
        sentence="the language of the shop and the format of amounts, dates and numbers, such as en_US",
    )
    languages: str = setting(
        values.languages,
        "STOREFRONT_LANGUAGES",
        sentence="further languages of the shop, each below a path of its own, such as de_DE, ja_JP",
    )
    timezone: str = setting(
        values.timezone,
        "STOREFRONT_TIMEZONE",
        sentence="the time zone of the shop, such as Europe/Berlin (a name of the IANA database)",
    )
    currency: str = setting(
        lambda source, name: check_currency(source.get(name, "USD"), is_in_use=True),
        "STOREFRONT_CURRENCY",
        sentence="the currency of all amounts, a code of ISO 4217; fixed once there is an order or an own product",
    )
    company: str = setting(
        shop_values.one_line,
        "STOREFRONT_COMPANY",
        sentence="the name of the company or person that runs the shop, as the imprint and documents print it",
    )
    street: str = setting(
        shop_values.one_line, "STOREFRONT_STREET", sentence="street and number of the shop's address"
    )
    street2: str = setting(
        shop_values.one_line, "STOREFRONT_STREET2", sentence="a second line of the shop's street address"
    )
    postcode: str = setting(
        shop_values.one_line, "STOREFRONT_POSTCODE", sentence="the postal code of the shop's address"
    )
    city: str = setting(shop_values.one_line, "STOREFRONT_CITY", sentence="the city of the shop's address")
    country: str = setting(
        shop_values.country,
        "STOREFRONT_COUNTRY",
        sentence="the country of the shop's address, as its code of ISO 3166, such as DE",
    )
    contact_email: str = setting(
        values.optional_email,
        "STOREFRONT_CONTACT_EMAIL",
        sentence="the e-mail address that customers write to",
    )
    contact_phone: str = setting(
        shop_values.phone, "STOREFRONT_CONTACT_PHONE", sentence="the telephone number that customers call"
    )
    vat_id: str = setting(
        shop_values.one_line,
        "STOREFRONT_VAT_ID",
        sentence="the shop's VAT identification number, as documents print it",
    )
    announcement: str = setting(
        shop_values.one_line,
        "STOREFRONT_ANNOUNCEMENT",
        sentence="the text of the bar above every page of the shop; empty: no bar",
    )
    announcement_link: str = setting(
        shop_values.link,
        "STOREFRONT_ANNOUNCEMENT_LINK",
        sentence="where the bar leads: a path of the shop or an https:// address",
    )
    announcement_end: str = setting(
        shop_values.minute,
        "STOREFRONT_ANNOUNCEMENT_END",
        sentence="when the bar disappears, in the shop's time zone, such as 2026-12-24T18:00; empty: it stays",
    )
    logo: str = setting(
        shop_values.picture,
        "STOREFRONT_LOGO",
        sentence="the picture in header and letters, as an upload at the settings stores it",
    )
    icon: str = setting(
        shop_values.picture,
        "STOREFRONT_ICON",
        sentence="the picture of browsers' tabs and phones' home screens, stored in the same way",
    )
    accent_color: str = setting(
        shop_values.accent("light"),
        "STOREFRONT_ACCENT_COLOR",
        sentence="the colour of buttons and marks, such as #0b5d4e; empty: the shop's own green",
    )
    accent_color_dark: str = setting(
        shop_values.accent("dark"),
        "STOREFRONT_ACCENT_COLOR_DARK",
        sentence="the same for devices that are set to dark; empty: made of accent_color",
    )
    corners: Corners = setting(
        choice("soft", "sharp", "round"),
        "STOREFRONT_CORNERS",
        sentence="the corners of buttons, fields and pictures: soft, sharp or round",
    )
    typeface: Typeface = setting(
        choice("classic", "sans", "serif", "rounded"),
        "STOREFRONT_TYPEFACE",
        sentence="the fonts of all pages, of those that devices have: classic, sans, serif or rounded",
    )
    closed: bool = setting(
        switch(default=False),
        "STOREFRONT_CLOSED",
        sentence="whether the shop is closed for everybody but the staff: on or off",
    )
    reopens_at: str = setting(
        shop_values.minute,
        "STOREFRONT_REOPENS_AT",
        sentence="when the closed shop opens again, in its time zone, such as 2026-12-27T09:00; empty: by hand",
    )
    closed_text: str = setting(
        shop_values.lines,
        "STOREFRONT_CLOSED_TEXT",
        sentence="what the closed shop says; empty: a sentence about a short break",
    )
    served_countries: str = setting(
        shop_values.countries,
        "STOREFRONT_SERVED_COUNTRIES",
        sentence="the countries that the shop serves, such as AT, DE; empty: all that a delivery method covers",
    )
    stock_display: StockDisplay = setting(
        choice("low", "band", "exact"),
        "STOREFRONT_STOCK_DISPLAY",
        sentence="what the public may know of stock: low (the number at or below the threshold), band or exact",
    )
    order_email: str = setting(
        values.optional_email,
        "STOREFRONT_ORDER_EMAIL",
        sentence="the e-mail address that gets a letter for each new order",
    )
    order_letters: bool = setting(
        switch(default=True),
        "STOREFRONT_ORDER_LETTERS",
        sentence="whether order_email gets a letter for each new order: on or off",
    )
    invoice_days: int = setting(
        integer(14, least=0, most=365),
        "STOREFRONT_INVOICE_DAYS",
        sentence="the days after which an unpaid order by invoice is cancelled; 0: never",
    )

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of all settings, in the order of the table."""
        return [row.name for row in fields(cls)]

    @classmethod
    def variables(cls) -> list[str]:
        """Return the environment variables of all settings."""
        return [str(name) for row in fields(cls) for name in row.metadata["names"]]

    @classmethod
    def from_values(cls, given: Mapping[str, Any]) -> ShopSettings:
        """Return the settings with these values, and the default of each other one."""
        nothing = Source({}, Path(), ())
        return cls(
            **{
                row.name: given[row.name] if row.name in given else row.metadata["read"](nothing, row.name)
                for row in fields(cls)
            }
        )
