"""The SQL conditions of a list's filters, and how many rows a statement may read for them."""

from __future__ import annotations

from typing import Any

from sqlalchemy.sql.elements import ColumnElement

from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import Listing
from storefront.stock import is_buyable

SCAN_LIMIT = 20_000


def other_conditions(wanted: ListRequest, row: Any) -> list[ColumnElement[bool]]:
    """Return the conditions of all filters except the price range."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.vendors:
        conditions.append(row.vendor.in_(wanted.vendors))
    if wanted.in_stock:
        conditions.append(is_buyable(row.product_id))
    return conditions


def price_range(wanted: ListRequest, row: Any = Listing) -> list[ColumnElement[bool]]:
    """Return the conditions of the price range."""
    bounds: list[ColumnElement[bool]] = []
    if wanted.min_price is not None:
        bounds.append(row.price >= wanted.min_price)
    if wanted.max_price is not None:
        bounds.append(row.price <= wanted.max_price)
    return bounds
