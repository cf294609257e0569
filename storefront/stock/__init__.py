"""Stock: how many of each variant can be bought, decided in SQL alone and sent to open pages."""

from __future__ import annotations

import re

from flask import Flask

from storefront import cache
from storefront.stock import cli, publisher, stream, taking_runs
from storefront.stock.audit import held_quantities
from storefront.stock.inventory import (
    lock_available,
    receive,
    release,
    reserve,
    return_to_stock,
    sell,
    set_available,
    set_on_hand,
)
from storefront.stock.ledger import (
    InsufficientStockError,
    Movement,
    UnknownSkuError,
    apply_movements,
    availability_changed,
)
from storefront.stock.lookup import VariantName, find_variants
from storefront.stock.models import StockItem, StockMovement
from storefront.stock.public import (
    Badge,
    Display,
    Shortage,
    StockLevel,
    badge_for,
    find_shortage,
    public_display,
    shortage_at,
)
from storefront.stock.queries import StockLevels, collect_levels, is_buyable, load_levels, select_levels
from storefront.stock.stream import has_page, hub

__all__ = [
    "Badge",
    "Display",
    "InsufficientStockError",
    "Movement",
    "Shortage",
    "StockItem",
    "StockLevel",
    "StockLevels",
    "StockMovement",
    "UnknownSkuError",
    "VariantName",
    "apply_movements",
    "availability_changed",
    "badge_for",
    "collect_levels",
    "find_shortage",
    "find_variants",
    "has_page",
    "held_quantities",
    "hub",
    "init_app",
    "is_buyable",
    "load_levels",
    "lock_available",
    "public_display",
    "receive",
    "release",
    "reserve",
    "return_to_stock",
    "select_levels",
    "sell",
    "set_available",
    "set_on_hand",
    "shortage_at",
]


# A sale that leaves the badge as it is raises the version of the stock alone, and invalidates no page.
VERSIONS = re.compile(rb'(?:version="|"version": )\d+')


def init_app(app: Flask) -> None:
    """Register the publisher, the stream, runs of stock-takings and `flask stock`."""
    publisher.init_app(app)
    taking_runs.init_app(app)
    app.cli.add_command(cli.stock)
    stream.init_app(app)
    cache.leave_out_of_comparison(app, VERSIONS)
