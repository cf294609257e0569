"""Stock-takings, `/admin/stock/takings`: several people count with scanners; review, apply, undo."""

from __future__ import annotations

from storefront.admin.stock_takings import counting_pages, taking_pages  # noqa: F401  # they add their views
from storefront.admin.stock_takings.taking_page import bp

__all__ = ["bp"]
