"""Conditions of the list of all products on an id, which indexes answer without the product's row.

Thousands of products are looked at to find a page. Their rows hold texts and lie far apart; entries of an index are
small and close together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from storefront.catalog.models import Product
from storefront.catalog.product_list.product_conditions import INDEXED, conditions, has_stock, row_conditions
from storefront.catalog.product_list.product_filter import ProductFilter
from storefront.extensions import db


def index_probes(wanted: ProductFilter, product_id: Any, *, served: str = "") -> list[ColumnElement[bool]]:
    """Return the conditions on an id. `row_conditions` has the others.

    Args:
        wanted: the filter.
        product_id: the column of the ids.
        served: a filter that all these ids meet.
    """
    found = [has_stock(wanted.stock, product_id)] if wanted.stock else []
    for name in INDEXED:
        only = replace(ProductFilter(), **{name: getattr(wanted, name)})
        row = aliased(Product)
        if name != served and getattr(wanted, name) and not row_conditions(only):
            found.append(exists(row.id).where(*conditions(only, row), _is_same(row.id, product_id)))
    return found


def _is_same(row_id: Any, product_id: Any) -> ColumnElement[bool]:
    """Return the condition that ids are equal. For SQLite as a range: else it would read the row by its id."""
    if db.session.connection().dialect.name == "sqlite":
        return row_id.between(product_id, product_id)  # type: ignore[no-any-return]  # of a column
    return row_id == product_id  # type: ignore[no-any-return]
