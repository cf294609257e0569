"""Typed settings, read once from the environment by this room alone. docs/settings.md lists them.

`settings` is the table with one row per setting; `shop` is the table of those that the merchant can change while the
shop runs (`storefront/shop_settings/`); `reader` has the readers that several rows share; `values` has the readers of
a single setting.
"""

from __future__ import annotations

from storefront.config.reader import instance_directory
from storefront.config.settings import Settings
from storefront.config.shop import ShopSettings, StockDisplay

__all__ = ["Settings", "ShopSettings", "StockDisplay", "instance_directory"]
