"""Applies stock-takings to the stock, and undoes them: batches of lines, each in a transaction of its own.

A line adds its difference, counted less expected, to what is on hand now: goods that were sold or delivered after the
count stay sold and delivered. A process that dies leaves whole batches; the next call goes on after them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.extensions import write_transaction
from storefront.stock.inventory import lock_available
from storefront.stock.ledger import Movement, apply_movements
from storefront.stock.recounts import find_recounted
from storefront.stock.stock_taking import change_state
from storefront.stock.stock_taking_models import StockTaking, StockTakingLine

BATCH = 200  # lines in one transaction


def apply_taking(number: int) -> None:
    """Add the differences of a stock-taking to the stock, through the ledger.

    Never below what is reserved for orders: `adjustment` says what was added.

    Raises:
        UnknownTakingError: there is none with this number.
        TakingStateError: it is neither open nor being applied.
    """
    with write_transaction() as session:
        change_state(session, number, "applying", of=("open", "applying"))
    _run(partial(_apply_batch, number))
    with write_transaction() as session:
        change_state(session, number, "applied", of=("applying", "applied"))


def undo_taking(number: int) -> None:
    """Take back what a stock-taking has added, but of variants that were counted again since.

    Raises:
        UnknownTakingError: there is none with this number.
        TakingStateError: it is neither applied nor being undone.
    """
    with write_transaction() as session:
        change_state(session, number, "undoing", of=("applied", "undoing"))
    _run(partial(_undo_batch, number))
    with write_transaction() as session:
        change_state(session, number, "undone", of=("undoing", "undone"))


def _run(batch: Callable[[Session], bool]) -> None:
    """Run batches until one has found nothing to do."""
    while True:
        with write_transaction() as session:
            if not batch(session):
                return


def _apply_batch(number: int, session: Session) -> bool:
    taking, lines = _next_lines(session, number, "applying", StockTakingLine.adjustment.is_(None))
    deltas = {line.sku: line.difference for line in lines}
    added = _move(session, taking.reference, taking.reference, deltas)
    for line in lines:
        line.adjustment = added[line.sku]
    return bool(lines)


def _undo_batch(number: int, session: Session) -> bool:
    open_lines = StockTakingLine.restored.is_(None) & StockTakingLine.adjustment.is_not(None)
    taking, lines = _next_lines(session, number, "undoing", open_lines)
    recounted = find_recounted(session, [line.sku for line in lines], taking.reference)
    deltas = {line.sku: 0 if line.sku in recounted else -(line.adjustment or 0) for line in lines}
    added = _move(session, taking.reference, f"undo of {taking.reference}", deltas)
    for line in lines:
        line.restored = added[line.sku]
    return bool(lines)


def _next_lines(
    session: Session, number: int, state: str, condition: object
) -> tuple[StockTaking, Sequence[StockTakingLine]]:
    """Return the next lines; none if somebody else has ended the work. The lock keeps two workers apart."""
    wanted = select(StockTaking).where(StockTaking.id == number).execution_options(populate_existing=True)
    taking = session.scalars(wanted.with_for_update()).one()
    if taking.state != state:
        return taking, []
    query = (
        select(StockTakingLine)
        .where(StockTakingLine.taking_id == number, condition)  # type: ignore[arg-type]  # a column's condition
        .order_by(StockTakingLine.sku)
        .limit(BATCH)
        .execution_options(populate_existing=True)
    )
    return taking, session.scalars(query).all()


def _move(session: Session, reference: str, reason: str, deltas: dict[str, int]) -> dict[str, int]:
    """Add to what is on hand, as far as it leaves what is reserved; return what was added of each code."""
    available = lock_available(session, deltas)
    added = {sku: max(delta, -available[sku]) if sku in available else 0 for sku, delta in deltas.items()}
    movements = [
        Movement(sku, "adjusted", delta, reference=reference, reason=reason)
        for sku, delta in added.items()
        if delta
    ]
    for error in apply_movements(session, movements):
        raise error  # not reached: the rows are locked, and the numbers were checked
    return added
