"""What the differences of a stock-taking are worth, at the prices of the variants."""

from __future__ import annotations

from sqlalchemy import BigInteger, cast, func, select

from storefront.catalog.models import Variant
from storefront.extensions import db
from storefront.stock.stock_taking_models import StockTakingLine


def read_values(number: int) -> tuple[int, int]:
    """Return what is missing and what is surplus in a stock-taking, in minor units. One statement."""
    difference = cast(StockTakingLine.counted - StockTakingLine.expected, BigInteger)
    value = difference * Variant.price
    row = db.session.execute(
        select(
            func.coalesce(func.sum(value).filter(difference < 0), 0),
            func.coalesce(func.sum(value).filter(difference > 0), 0),
        )
        .join(Variant, Variant.sku == StockTakingLine.sku)
        # By these columns, so that no price is looked up of the many lines that do not differ.
        .where(StockTakingLine.taking_id == number, StockTakingLine.counted != StockTakingLine.expected)
    ).one()
    return -int(row[0]), int(row[1])
