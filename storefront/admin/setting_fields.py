"""The fields of the settings page: what the merchant reads beside each setting of `config/shop.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storefront.i18n import lazy_gettext

MOST = 500  # characters of a setting that is typed

_ON_OFF: Mapping[str, str] = {"on": lazy_gettext("Yes"), "off": lazy_gettext("No")}


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting on the page.

    Attributes:
        name: of the setting.
        label: what it is called.
        hint: what it does.
        options: the texts of its values, if it is chosen from a list.
        is_address: whether it is an e-mail address.
    """

    name: str
    label: str
    hint: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    is_address: bool = False


@dataclass(frozen=True, slots=True)
class SettingGroup:
    """Settings that stand together under a heading."""

    label: str
    fields: tuple[SettingField, ...]


GROUPS = (
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
                "timezone",
                lazy_gettext("Time zone"),
                lazy_gettext("Days and times that people read are in it. Example: Europe/Berlin."),
            ),
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
                is_address=True,
            ),
            SettingField(
                "invoice_days",
                lazy_gettext("Days until an unpaid invoice is cancelled"),
                lazy_gettext("Its goods are for sale again then. 0: never."),
            ),
        ),
    ),
)
FIELDS: Mapping[str, SettingField] = {each.name: each for group in GROUPS for each in group.fields}
