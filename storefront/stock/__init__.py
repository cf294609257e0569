"""Stock: what can be bought of each variant, decided in SQL alone, told live."""

from __future__ import annotations

from flask import Flask

from storefront.stock import cli, publisher, staff, stream
from storefront.stock.audit import held_quantities
from storefront.stock.inventory import (
    give_back,
    hold,
    locked,
    receive,
    release,
    sell,
    set_available,
    set_on_hand,
)
from storefront.stock.ledger import (
    InsufficientStockError,
    Movement,
    UnknownSkuError,
    availability_changed,
    move,
)
from storefront.stock.models import StockItem, StockMovement
from storefront.stock.public import Badge, Display, Level, badge, number_if_short, public_display
from storefront.stock.queries import Levels, buyable, levels
from storefront.stock.stream import hub

__all__ = [
    "Badge",
    "Display",
    "InsufficientStockError",
    "Level",
    "Levels",
    "Movement",
    "StockItem",
    "StockMovement",
    "UnknownSkuError",
    "availability_changed",
    "badge",
    "buyable",
    "give_back",
    "held_quantities",
    "hold",
    "hub",
    "init_app",
    "levels",
    "locked",
    "move",
    "number_if_short",
    "public_display",
    "receive",
    "release",
    "sell",
    "set_available",
    "set_on_hand",
]


def init_app(app: Flask) -> None:
    """Register the room's commands and what the outbox does for it."""
    publisher.init_app(app)
    app.cli.add_command(cli.stock)
    stream.init_app(app)
    app.register_blueprint(staff.bp)
