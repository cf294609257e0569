"""Stock-takings: open one, count goods in it, discard it and take it up again. Several people may count at once.

`stock_adjustments` applies what was counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.actors import actor_text
from storefront.extensions import connection_of, insert_function
from storefront.stock.ledger import UnknownSkuError
from storefront.stock.models import StockItem
from storefront.stock.stock_taking_errors import (
    CountChangedError,
    CountNumberError,
    TakingStateError,
    UnknownTakingError,
)
from storefront.stock.stock_taking_models import (
    MAX_COUNTED,
    MAX_KEY,
    MAX_NAME,
    StockCount,
    StockTaking,
    StockTakingLine,
    TakingState,
)


def open_taking(session: Session, name: str) -> int:
    """Open a stock-taking; return its number."""
    taking = StockTaking(name=name[:MAX_NAME])
    session.add(taking)
    session.flush()
    return taking.id


def change_state(
    session: Session, number: int, state: TakingState, *, of: Sequence[TakingState]
) -> StockTaking:
    """Set the state of a stock-taking that is in one of the states `of`; return it, locked.

    Raises:
        UnknownTakingError: there is none with this number.
        TakingStateError: it is in another state.
    """
    query = select(StockTaking).where(StockTaking.id == number).execution_options(populate_existing=True)
    taking = session.scalars(query.with_for_update()).one_or_none()
    if taking is None:
        raise UnknownTakingError(number)
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
    return _write(session, number, sku, line, on_hand, quantity, key)


def set_count(session: Session, number: int, sku: str, counted: int, seen: int, key: str) -> int:
    """Set what was counted of a variant, if it is still what the caller saw (`seen`). A known key sets nothing.

    Raises:
        CountChangedError: it is something else now; and the errors of `add_count`.
    """
    line, on_hand = _lock_line(session, number, sku)
    now = line.counted if line else 0
    if now not in (seen, counted):  # a form that was sent twice finds its own number
        raise CountChangedError(seen, now)
    return _write(session, number, sku, line, on_hand, counted - now, key)


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
    """Record a count and add it to the line; return what is counted then. A known key changes nothing."""
    now = line.counted if line else 0
    if not 0 <= now + quantity <= MAX_COUNTED:
        raise CountNumberError
    connection = connection_of(session)
    count = {"taking_id": number, "key": key[:MAX_KEY], "sku": sku, "quantity": quantity}
    new = insert_function(connection)(StockCount).values(count)
    new = new.on_conflict_do_nothing(index_elements=["taking_id", "key"]).returning(StockCount.id)
    if connection.execute(new).first() is None:
        return now
    if line is None:
        line = StockTakingLine(taking_id=number, sku=sku, counted=0)
        session.add(line)
    line.counted, line.expected = now + quantity, on_hand
    session.flush()
    return line.counted
