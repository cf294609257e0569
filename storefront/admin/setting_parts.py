"""The pages of settings: which settings stand where, and what the merchant reads beside each."""

from __future__ import annotations

from collections.abc import Mapping

from storefront.admin.setting_fields import Options, SettingField, SettingGroup, SettingPart
from storefront.i18n import lazy_gettext
from storefront.postal.address_rules import country_names

_ON_OFF: Options = {"on": lazy_gettext("Yes"), "off": lazy_gettext("No")}

_SHOP = (
    SettingGroup(
        lazy_gettext("Your shop"),
        (
            SettingField(
                "name",
                lazy_gettext("Name of the shop"),
                lazy_gettext("On every page, and in letters and documents."),
            ),
            SettingField(
                "locale",
                lazy_gettext("Language and region"),
                lazy_gettext(
                    "The format of amounts, dates and numbers, and the names of countries. Example: en_US."
                ),
            ),
            SettingField(
                "currency",
                lazy_gettext("Currency"),
                lazy_gettext("Its code, such as EUR. Fixed once there is an order or a product of your own."),
            ),
            SettingField(
                "languages",
                lazy_gettext("Further languages"),
                lazy_gettext(
                    "Visitors choose among them; each has addresses of its own, such as /de/. Empty: one language. "
                    "Example: de_DE, ja_JP."
                ),
            ),
            SettingField(
                "timezone",
                lazy_gettext("Time zone"),
                lazy_gettext("Days and times that people read are in it. Example: Europe/Berlin."),
            ),
        ),
    ),
    SettingGroup(
        lazy_gettext("Address and contact"),
        (
            SettingField("company", lazy_gettext("Company or owner")),
            SettingField("street", lazy_gettext("Street and number")),
            SettingField("street2", lazy_gettext("Second line of the street")),
            SettingField("postcode", lazy_gettext("Postal code")),
            SettingField("city", lazy_gettext("City")),
            SettingField("country", lazy_gettext("Country"), options=country_names),
            SettingField("contact_email", lazy_gettext("E-mail for customers"), kind="email"),
            SettingField("contact_phone", lazy_gettext("Telephone"), kind="tel"),
            SettingField("vat_id", lazy_gettext("VAT number")),
        ),
        lazy_gettext(
            "On orders and invoices, and on your pages where they say {shop_address} and "
            "{shop_contact}, as the draft of the imprint does."
        ),
    ),
)
_LOOK = (
    SettingGroup(
        lazy_gettext("Colour"),
        (
            SettingField(
                "accent_color",
                lazy_gettext("Accent colour"),
                lazy_gettext(
                    "Of buttons, marks and the announcement, such as #0b5d4e. It must be easy to read on the page."
                ),
            ),
            SettingField(
                "accent_color_dark",
                lazy_gettext("Accent colour on dark screens"),
                lazy_gettext("Empty: a lighter one of the same hue."),
            ),
        ),
    ),
    SettingGroup(
        lazy_gettext("Shape and type"),
        (
            SettingField(
                "corners",
                lazy_gettext("Corners"),
                options={
                    "soft": lazy_gettext("Soft"),
                    "sharp": lazy_gettext("Sharp"),
                    "round": lazy_gettext("Round"),
                },
            ),
            SettingField(
                "typeface",
                lazy_gettext("Typeface"),
                options={
                    "classic": lazy_gettext("Classic: headings with serifs, text without"),
                    "sans": lazy_gettext("Plain: all without serifs"),
                    "serif": lazy_gettext("Bookish: all with serifs"),
                    "rounded": lazy_gettext("Friendly: rounded letters"),
                },
            ),
        ),
        lazy_gettext("Each device uses the fonts that it has; none is downloaded."),
    ),
)
_NOTICES = (
    SettingGroup(
        lazy_gettext("Announcement"),
        (
            SettingField("announcement", lazy_gettext("Text"), lazy_gettext("Empty: there is no bar.")),
            SettingField(
                "announcement_link",
                lazy_gettext("Where it leads"),
                lazy_gettext("A path of the shop, or an address that begins with https://."),
            ),
            SettingField(
                "announcement_end",
                lazy_gettext("Until when"),
                lazy_gettext("When the bar disappears, in the time zone of the shop."),
                kind="datetime-local",
            ),
        ),
        lazy_gettext("A bar above every page of the shop."),
    ),
    SettingGroup(
        lazy_gettext("Closed shop"),
        (
            SettingField("closed", lazy_gettext("The shop is closed"), options=_ON_OFF),
            SettingField(
                "reopens_at",
                lazy_gettext("When it opens again"),
                lazy_gettext("In the time zone of the shop. Empty: when you open it here."),
                kind="datetime-local",
            ),
            SettingField(
                "closed_text",
                lazy_gettext("What the page says"),
                lazy_gettext("Empty: that you are taking a short break."),
                kind="lines",
            ),
        ),
        lazy_gettext(
            "Visitors get a page that says so; staff who are signed in see the shop. Your own pages, accounts and "
            "orders that were placed stay open."
        ),
    ),
)
_SALES = (
    SettingGroup(
        lazy_gettext("Countries"),
        (
            SettingField(
                "served_countries",
                lazy_gettext("Countries you serve"),
                lazy_gettext(
                    "Names or codes with commas between them: DE, AT, CH. "
                    "Empty: every country that a delivery method covers."
                ),
                kind="lines",
            ),
        ),
        lazy_gettext(
            "Orders come from these countries only, whatever a delivery method covers. Invoices may go anywhere."
        ),
    ),
    SettingGroup(
        lazy_gettext("Stock"),
        (
            SettingField(
                "stock_display",
                lazy_gettext("What visitors see of the stock"),
                options={
                    "low": lazy_gettext("The number when few are left"),
                    "band": lazy_gettext("In stock, few left or sold out; never a number"),
                    "exact": lazy_gettext("Always the number"),
                },
            ),
        ),
    ),
    SettingGroup(
        lazy_gettext("Orders"),
        (
            SettingField(
                "order_letters", lazy_gettext("Mail us a letter for each new order"), options=_ON_OFF
            ),
            SettingField(
                "order_email",
                lazy_gettext("Address for these letters"),
                lazy_gettext("Empty: nobody gets them."),
                kind="email",
            ),
            SettingField(
                "invoice_days",
                lazy_gettext("Days until an unpaid invoice is cancelled"),
                lazy_gettext("Its goods are for sale again then. 0: never."),
            ),
        ),
    ),
)
PARTS = (
    SettingPart("shop", lazy_gettext("Your shop"), _SHOP),
    SettingPart("look", lazy_gettext("Look"), _LOOK),
    SettingPart("notices", lazy_gettext("Notices and closing"), _NOTICES),
    SettingPart("sales", lazy_gettext("Stock and orders"), _SALES),
)
FIELDS: Mapping[str, SettingField] = {
    each.name: each for part in PARTS for group in part.groups for each in group.fields
}
