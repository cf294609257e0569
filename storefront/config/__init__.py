"""Typed settings, read once from the environment by this room alone. docs/settings.md lists them.

`settings` is the table with one row per setting; `shop_table` is the table of those that the merchant changes while
the shop runs (`storefront/shop_settings/`); `reader` has the readers that several rows share; `values` and
`shop_values` have the readers of a single setting.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from storefront.config.reader import instance_directory
from storefront.config.settings import Settings
from storefront.config.shop_table import ShopSettings, StockDisplay

__all__ = ["Settings", "ShopSettings", "StockDisplay", "configure", "instance_directory"]


def configure(app: Flask) -> None:
    """Read the settings from the environment of the process into the configuration of any Flask app.

    Raises:
        ConfigurationError: a setting is missing or invalid; the text says how to correct it.
    """
    instance = instance_directory(os.environ, Path(app.instance_path))
    app.config.from_mapping(Settings.from_environ(os.environ, instance).to_flask())
