"""Stock-takings: open one, count goods in it, discard it and take it up again. Several people may count at once.

`stock_adjustments` applies what was counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from storefront.actors import actor_text
from storefront.errors import StorefrontError
from storefront.extensions import db
from storefront.stock.ledger import UnknownSkuError
from storefront.stock.models import StockItem
from storefront.stock.stock_taking_models import (
    MAX_KEY,
    MAX_NAME,
    StockCount,
    StockTaking,
    StockTakingLine,
    TakingState,
)

MAX_COUNTED = 99_999_999
PER_PAGE = 25


class UnknownTakingError(StorefrontError):
    """There is no stock-taking with this number."""

    status = 404

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no stock-taking {number}.")


class TakingStateError(StorefrontError):
    """The stock-taking is not in a state that allows this, because somebody has ended it, for example.

    Attributes:
        state: its state.
    """

    status = 409

    def __init__(self, state: str) -> None:
        super().__init__(f"The stock-taking is {state}: this is not possible any more.")
        self.state = state


class CountChangedError(StorefrontError):
    """Somebody else has counted the same goods since the caller saw the number; nothing was changed.

    Attributes:
        seen: the number that the caller saw.
        now: the number now.
    """

    status = 409

    def __init__(self, seen: int, now: int) -> None:
        super().__init__(f"The count has changed meanwhile: it was {seen}, now it is {now}.")
        self.seen, self.now = seen, now


class CountNumberError(StorefrontError):
    """A count cannot be this number."""

    status = 422

    def __init__(self) -> None:
        super().__init__(f"A count is a whole number from 0 to {MAX_COUNTED:,}.")


@dataclass(frozen=True, slots=True)
class TakingTotals:
    """All lines of a stock-taking together: how many, goods expected and counted, and lines with a difference."""

    lines: int
    expected: int
    counted: int
    differing: int


def open_taking(session: Session, name: str) -> int:
    """Open a stock-taking; return its number."""
    taking = StockTaking(name=name[:MAX_NAME])
    session.add(taking)
    session.flush()
    return taking.id


def find_taking(number: int) -> StockTaking:
    """Return a stock-taking. One statement.

    Raises:
        UnknownTakingError: there is none with this number.
    """
    return _require(db.session.get(StockTaking, number), number)


def list_takings(before: int | None = None, most: int = PER_PAGE) -> Sequence[StockTaking]:
    """Return stock-takings, the newest first, before this number. One statement."""
    query = select(StockTaking).order_by(StockTaking.id.desc()).limit(most)
    return db.session.scalars(query.where(StockTaking.id < before) if before else query).all()


def change_state(
    session: Session, number: int, state: TakingState, *, of: Sequence[TakingState]
) -> StockTaking:
    """Set the state of a stock-taking that is in one of the states `of`; return it, locked.

    Raises:
        UnknownTakingError: there is none with this number.
        TakingStateError: it is in another state.
    """
    query = select(StockTaking).where(StockTaking.id == number).execution_options(populate_existing=True)
    taking = _require(session.scalars(query.with_for_update()).one_or_none(), number)
    if taking.state not in of:
        raise TakingStateError(taking.state)
    taking.state, taking.ended_by, taking.ended_at = state, actor_text(), datetime.now(UTC)
    return taking


def add_count(session: Session, number: int, sku: str, quantity: int, key: str) -> int:
    """Add goods to what was counted of a variant; return what is counted now. A known key adds nothing.

    Args:
        session: the transaction.
        number: of the stock-taking.
        sku: the variant's code.
        quantity: what to add; negative to take a mistake back.
        key: the sender's name for this count.

    Raises:
        UnknownTakingError: there is none with this number.
        TakingStateError: it is not open.
        UnknownSkuError: the SKU has no stock row.
        CountNumberError: the sum is out of range.
    """
    line, on_hand = _lock_line(session, number, sku)
    known = select(StockCount.id).where(StockCount.taking_id == number, StockCount.key == key[:MAX_KEY])
    if session.execute(known).first() is not None:
        return line.counted if line else 0
    return _write(session, number, sku, line, on_hand, quantity, key)


def set_count(session: Session, number: int, sku: str, counted: int, seen: int, key: str) -> int:
    """Set what was counted of a variant, if it is still what the caller saw (`seen`).

    Raises:
        CountChangedError: it is something else now; and the errors of `add_count`.
    """
    line, on_hand = _lock_line(session, number, sku)
    now = line.counted if line else 0
    if now != seen:
        raise CountChangedError(seen, now)
    return _write(session, number, sku, line, on_hand, counted - now, key)


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
        ).where(StockTakingLine.taking_id == number)
    ).one()
    return TakingTotals(*map(int, row))


def _require(taking: StockTaking | None, number: int) -> StockTaking:
    if taking is None:
        raise UnknownTakingError(number)
    return taking


def _lock_line(session: Session, number: int, sku: str) -> tuple[StockTakingLine | None, int]:
    """Lock the stock row, so that people who count the same goods wait for one another; return line and on hand."""
    # Shared: people count at the same time; only who ends the stock-taking waits for them, and they for that.
    query = select(StockTaking.state).where(StockTaking.id == number).with_for_update(read=True)
    state = session.execute(query).scalar_one_or_none()
    if state is None:
        raise UnknownTakingError(number)
    if state != "open":
        raise TakingStateError(state)
    stock = select(StockItem.on_hand).where(StockItem.sku == sku).with_for_update()
    on_hand = session.execute(stock).scalar_one_or_none()
    if on_hand is None:
        raise UnknownSkuError(sku)
    line = select(StockTakingLine).where(StockTakingLine.taking_id == number, StockTakingLine.sku == sku)
    return session.scalars(line.execution_options(populate_existing=True)).one_or_none(), on_hand


def _write(
    session: Session,
    number: int,
    sku: str,
    line: StockTakingLine | None,
    on_hand: int,
    quantity: int,
    key: str,
) -> int:
    if line is None:
        line = StockTakingLine(taking_id=number, sku=sku, counted=0)
        session.add(line)
    if not 0 <= line.counted + quantity <= MAX_COUNTED:
        raise CountNumberError
    line.counted, line.expected = line.counted + quantity, on_hand
    session.add(StockCount(taking_id=number, key=key[:MAX_KEY], sku=sku, quantity=quantity))
    session.flush()
    return line.counted
