"""Reads and names single settings of the merchant; the table of them is `shop_table`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storefront.config.reader import Source
from storefront.config.shop_table import ShopSettings
from storefront.config.shop_values import HardToReadError
from storefront.errors import ConfigurationError


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


def find_nearest_color(name: str, text: str) -> str:
    """Return the colour that can be read and is nearest to a refused one; empty for everything else."""
    try:
        _read(name, text, label=name)
    except HardToReadError as error:
        return error.nearest
    except ConfigurationError:
        pass
    return ""


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
