"""Applies stock-takings to the stock, and undoes them: batches of lines, each in a transaction of its own.

A line adds its difference, counted less expected, to what is on hand now: goods that were sold or delivered after the
count stay sold and delivered. A process that dies leaves whole batches; `taking_runs` has another one go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from storefront.extensions import write_transaction
from storefront.stock.inventory import lock_available
from storefront.stock.ledger import Movement, apply_movements
from storefront.stock.recounts import find_recounted
from storefront.stock.stock_taking import change_state
from storefront.stock.stock_taking_models import StockTaking, StockTakingLine, TakingState

BATCH = 200  # lines in one transaction

TakingVerb = Literal["apply", "undo"]


@dataclass(frozen=True, slots=True)
class Step:
    """How one verb goes through the lines.

    Attributes:
        allowed: states in which it may begin or go on.
        running: the state meanwhile.
        done: the state at the end.
        waiting: the condition of the lines that it takes.
        run: does a batch of them.
    """

    allowed: tuple[TakingState, ...]
    running: TakingState
    done: TakingState
    waiting: ColumnElement[bool]
    run: Callable[[Session, StockTaking, Sequence[StockTakingLine]], None]


def run_batches(number: int, verb: TakingVerb, goes_on: Callable[[], bool]) -> bool:
    """Apply or undo the lines of a stock-taking that are left; return whether all are done.

    Never below what is reserved for orders: `adjustment` says what was added. An undo leaves variants that were
    counted again since.

    Args:
        number: of the stock-taking, which is being applied or undone.
        verb: what to do.
        goes_on: asked before each batch.
    """
    step = STEPS[verb]
    while goes_on():
        with write_transaction() as session:
            wanted = select(StockTaking).where(StockTaking.id == number)
            # The lock keeps two workers apart.
            taking = session.scalars(
                wanted.with_for_update().execution_options(populate_existing=True)
            ).one_or_none()
            if taking is None or taking.state != step.running:
                return True  # somebody else has ended the work
            lines = _next_lines(session, number, step.waiting)
            if lines:
                step.run(session, taking, lines)
            else:
                change_state(session, number, step.done, of=(step.running,)).run_at = None
    return False


def _apply_lines(session: Session, taking: StockTaking, lines: Sequence[StockTakingLine]) -> None:
    deltas = {line.sku: line.difference for line in lines}
    added = _move(session, taking.reference, taking.reference, deltas)
    for line in lines:
        line.adjustment = added[line.sku]


def _undo_lines(session: Session, taking: StockTaking, lines: Sequence[StockTakingLine]) -> None:
    recounted = find_recounted(session, [line.sku for line in lines], taking.reference)
    deltas = {line.sku: 0 if line.sku in recounted else -(line.adjustment or 0) for line in lines}
    added = _move(session, taking.reference, f"undo of {taking.reference}", deltas)
    for line in lines:
        line.restored = added[line.sku]


STEPS: dict[TakingVerb, Step] = {
    "apply": Step(
        ("open", "applying"), "applying", "applied", StockTakingLine.adjustment.is_(None), _apply_lines
    ),
    "undo": Step(
        ("applied", "undoing"),
        "undoing",
        "undone",
        StockTakingLine.restored.is_(None) & StockTakingLine.adjustment.is_not(None),
        _undo_lines,
    ),
}


def _next_lines(session: Session, number: int, waiting: ColumnElement[bool]) -> Sequence[StockTakingLine]:
    query = (
        select(StockTakingLine)
        .where(StockTakingLine.taking_id == number, waiting)
        .order_by(StockTakingLine.sku)
        .limit(BATCH)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


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
