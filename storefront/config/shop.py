"""The table of the merchant's settings: name, reader, default, and what it sets in a sentence for people.

The environment variable wins over the value that is stored in the database (`storefront/shop_settings/`). To add a
setting, add a row here and to the table in docs/settings.md; code reads it as `shop_settings.current().<name>`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from storefront.config import values
from storefront.config.reader import Source, choice, integer, setting, switch
from storefront.errors import ConfigurationError

StockDisplay = Literal["low", "band", "exact"]


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
    timezone: str = setting(
        values.timezone,
        "STOREFRONT_TIMEZONE",
        sentence="the time zone of the shop, such as Europe/Berlin (a name of the IANA database)",
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
        return list(map(variable_of, cls.names()))

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


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    [variable] = _row(name)["names"]
    return str(variable)


def sentence_of(name: str) -> str:
    """Return what a setting sets, in words for people."""
    return str(_row(name)["sentence"])


def read_text(name: str, text: str, *, label: str = "") -> Any:
    """Return the value of a setting that somebody has typed or stored; errors call it by the label, or by its name.

    Raises:
        ConfigurationError: there is no such setting, or the value is wrong; the text says how to correct it.
    """
    check_name(name)
    if not text:
        raise ConfigurationError(
            f"{name} is empty. To go back to the default, run: flask settings reset {name}"
        )
    return _read(name, text, label=label or name)


def check_name(name: str) -> None:
    """Raise ConfigurationError if there is no setting of this name."""
    known = ShopSettings.names()
    if name in known:
        return
    near = difflib.get_close_matches(name.lower().removeprefix("storefront_"), known, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise ConfigurationError(
        f"{name!r} is not a setting of the shop.{hint} flask settings list shows them all."
    )


def read_environment(source: Source, *variables: str) -> dict[str, Any]:
    """Return the values of those settings that the environment sets, by the settings' names."""
    return {
        name: _read(name, source.get(variable), label=variable)
        for name, variable in zip(ShopSettings.names(), variables, strict=True)
        if source.get(variable)
    }


def _read(name: str, text: str, *, label: str) -> Any:
    """Return the value of a text; errors call the setting by the label."""
    return _row(name)["read"](Source({label: text}, Path(), ()), label)


def _row(name: str) -> Mapping[str, Any]:
    return ShopSettings.__dataclass_fields__[name].metadata
