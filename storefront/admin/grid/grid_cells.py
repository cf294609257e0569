"""The cells of the grid: their names in the form, and their values as they are shown and sent back."""

from __future__ import annotations

from typing import Any

import msgspec

from storefront import shop_settings
from storefront.admin.grid.carried_cells import SeenRow, to_seen
from storefront.admin.grid.grid_rows import GridRow
from storefront.money import Money

PRICES = ("price", "compare_at_price")
FIELDS = ("price", "compare_at_price", "label", "on_hand", "status")


def see(row: GridRow | SeenRow) -> str:
    """Return what a hidden field of the row holds."""
    return msgspec.json.encode(to_seen(row)).decode()


def cell_name(field: str, row: GridRow) -> str:
    """Return the name of a cell's input. The status is the product's."""
    return f"{field}-{row.product_id if field == 'status' else row.id}"


def show(field: str, value: Any) -> str:
    """Return a value as its cell shows it: amounts as the shop's locale writes them."""
    if value is None:
        return ""
    if field in PRICES:
        return Money(value, shop_settings.current().currency).format_plain(shop_settings.current().locale)
    return str(value)
