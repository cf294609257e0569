"""Typed settings, read once from the environment by this room alone. docs/settings.md lists them.

`settings` is the table with one row per setting; `reader` has the readers that several rows share; `values` has the
readers of a single setting.
"""

from __future__ import annotations

from storefront.config.reader import instance_directory
from storefront.config.settings import Settings, StockDisplay

__all__ = ["Settings", "StockDisplay", "instance_directory"]
