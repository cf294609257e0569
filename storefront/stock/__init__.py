"""Stock: what can be bought of each variant, decided in SQL alone."""

from storefront.stock.models import StockItem
from storefront.stock.queries import Badge, Level, Levels, badge, buyable, levels

__all__ = ["Badge", "Level", "Levels", "StockItem", "badge", "buyable", "levels"]
