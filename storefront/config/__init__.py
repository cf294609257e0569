"""Settings, typed and read once: the only reader of the environment. docs/operations.md lists them all.

`settings` is the table, a row for each; `reading` has the forms that several share, `values` those of one alone.
"""

from __future__ import annotations

from storefront.config.reader import instance_directory
from storefront.config.settings import Settings, StockDisplay

__all__ = ["Settings", "StockDisplay", "instance_directory"]
