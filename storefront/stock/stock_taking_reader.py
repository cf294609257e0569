"""Read stock-takings for pages: their list, their lines and totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from storefront.extensions import db
from storefront.stock.stock_taking_errors import UnknownTakingError
from storefront.stock.stock_taking_models import StockTaking, StockTakingLine

PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class TakingTotals:
    """All lines of a stock-taking together.

    Attributes:
        lines: how many there are.
        expected: goods.
        counted: goods.
        differing: lines with a difference.
        applied: lines whose difference was applied.
        undone: lines of which that was undone.
    """

    lines: int
    expected: int
    counted: int
    differing: int
    applied: int
    undone: int


def find_taking(number: int) -> StockTaking:
    """Return a stock-taking. One statement.

    Raises:
        UnknownTakingError: there is none with this number.
    """
    taking = db.session.get(StockTaking, number)
    if taking is None:
        raise UnknownTakingError(number)
    return taking


def list_takings(before: int | None = None, most: int = PER_PAGE) -> Sequence[StockTaking]:
    """Return stock-takings, the newest first, before this number. One statement."""
    query = select(StockTaking).order_by(StockTaking.id.desc()).limit(most)
    return db.session.scalars(query.where(StockTaking.id < before) if before else query).all()


def read_line(number: int, sku: str) -> StockTakingLine | None:
    """Return what was counted of a variant, if anything was."""
    query = select(StockTakingLine).where(StockTakingLine.taking_id == number, StockTakingLine.sku == sku)
    return db.session.scalars(query).one_or_none()


def read_lines(
    number: int, before: int | None = None, *, only_differing: bool = False
) -> tuple[Sequence[StockTakingLine], int | None]:
    """Return a page of lines, the last begun first, and the id before which the next page begins. One statement."""
    query = select(StockTakingLine).where(StockTakingLine.taking_id == number)
    if only_differing:
        query = query.where(StockTakingLine.counted != StockTakingLine.expected)
    if before is not None:
        query = query.where(StockTakingLine.id < before)
    found = db.session.scalars(query.order_by(StockTakingLine.id.desc()).limit(PER_PAGE + 1)).all()
    lines = found[:PER_PAGE]
    return lines, (lines[-1].id if len(found) > PER_PAGE else None)


def read_totals(number: int) -> TakingTotals:
    """Return the totals of a stock-taking. One statement, which reads all its lines."""
    differs = StockTakingLine.counted != StockTakingLine.expected
    row = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(StockTakingLine.expected), 0),
            func.coalesce(func.sum(StockTakingLine.counted), 0),
            func.count().filter(differs),
            func.count(StockTakingLine.adjustment),
            func.count(StockTakingLine.restored),
        ).where(StockTakingLine.taking_id == number)
    ).one()
    return TakingTotals(*map(int, row))
