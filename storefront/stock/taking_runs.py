"""Stock-takings are applied and undone: a small one by the request of the click, a large one in the background.

The queue is a due time on the stock-taking. A process works on one for some seconds, then it is due again at once. If
a process is killed, a request's or a worker's, another one goes on after the backoff.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic

from flask import Flask, current_app
from sqlalchemy import func, select

from storefront import actors, periodic
from storefront.app_state import AppState
from storefront.background.due_queue import Attempt, DueQueue, Outcome
from storefront.extensions import write_transaction
from storefront.stock.stock_adjustments import STEPS, TakingVerb, run_batches
from storefront.stock.stock_taking import change_state
from storefront.stock.stock_taking_models import StockTaking, StockTakingLine

INTERVAL = 3.0  # seconds between two looks at the queue
TURN = 20.0  # seconds of work on one stock-taking before others have their turn
# Seconds from a claim to the next one. The first is longer than a turn with its last batch.
BACKOFF = (60, 60, 300, 900, 3600)
MOST_AT_ONCE = 500  # lines that the request of the click applies itself

_queue = DueQueue(
    model=StockTaking,
    key=StockTaking.id,
    due_at=StockTaking.run_at,
    attempts=StockTaking.run_attempts,
    query=select(
        StockTaking.id, StockTaking.run_at, StockTaking.run_attempts, StockTaking.state, StockTaking.ended_by
    ),
    backoff=BACKOFF,
    gives_up=False,
    batch=1,
)
_task = AppState[periodic.PeriodicTask]("stock.taking_runs")


def init_app(app: Flask) -> None:
    """Do what is due in every serving process."""
    _task.set(app, periodic.add_task(app, "stock-takings", run_due, interval=INTERVAL))


def start(number: int, verb: TakingVerb) -> bool:
    """Apply or undo a stock-taking for the current actor; return whether it is done, or goes on in the background.

    Raises:
        UnknownTakingError: there is none with this number.
        TakingStateError: it cannot be applied, or undone, in its state.
    """
    if not schedule(number, verb):
        _task.get(current_app).wake()
        return False
    with actors.acting_as(
        actors.current_actor()
    ):  # found once: batches end the session that knows the account
        return run_batches(number, verb, goes_on=lambda: True)


def schedule(number: int, verb: TakingVerb) -> bool:
    """Have serving processes apply or undo a stock-taking; return whether the caller may, because it is small.

    Then the others leave it alone for as long as an attempt takes.

    Raises:
        UnknownTakingError: there is none with this number.
        TakingStateError: it cannot be applied, or undone, in its state.
    """
    step = STEPS[verb]
    lines = select(func.count()).where(StockTakingLine.taking_id == number)
    with write_transaction() as session:
        taking = change_state(session, number, step.running, of=step.allowed)
        is_small = session.execute(lines).scalar_one() <= MOST_AT_ONCE
        taking.run_at = datetime.now(UTC) + timedelta(seconds=BACKOFF[0] if is_small else 0)
        taking.run_attempts = 0
    return is_small


def run_due() -> bool:
    """Work on one stock-taking that is due, for one turn; return whether there was one."""
    return bool(_queue.run(_take_turn).due)


def _take_turn(attempt: Attempt) -> Outcome:
    row, ends = attempt.row, monotonic() + TURN
    verb: TakingVerb = "undo" if row.state == STEPS["undo"].running else "apply"
    with actors.acting_as(actors.parse_actor(row.ended_by) or actors.SYSTEM):
        if run_batches(row.id, verb, goes_on=lambda: monotonic() < ends):
            return Outcome(succeeded=True)
    return Outcome(succeeded=False, values={"run_at": datetime.now(UTC), "run_attempts": 0})
