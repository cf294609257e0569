"""Stock-takings are applied and undone: a small one by the request of the click, a large one in the background.

`storefront/background/turns.py` says how several processes share the work.
"""

from __future__ import annotations

from flask import Flask, current_app
from sqlalchemy import func, select

from storefront import actors, periodic
from storefront.app_state import AppState
from storefront.background import turns
from storefront.background.due_queue import Attempt, Outcome
from storefront.extensions import write_transaction
from storefront.stock.stock_adjustments import STEPS, TakingVerb, run_batches
from storefront.stock.stock_taking import change_state
from storefront.stock.stock_taking_models import StockTaking, StockTakingLine

MOST_AT_ONCE = 500  # lines that the request of the click applies itself

_queue = turns.create_queue(StockTaking, StockTaking.state, StockTaking.ended_by)
_task = AppState[periodic.PeriodicTask]("stock.taking_runs")


def init_app(app: Flask) -> None:
    """Do what is due in every serving process."""
    _task.set(app, periodic.add_task(app, "stock-takings", run_due, interval=turns.INTERVAL))


def start(number: int, verb: TakingVerb) -> bool:
    """Apply or undo a stock-taking for the current actor; return whether it is done, or goes on in the background.

    Raises:
        UnknownTakingError: there is none with this number.
        TakingStateError: it cannot be applied, or undone, in its state.
    """
    if not schedule(number, verb):
        _task.get(current_app).wake()
        return False
    with actors.keeping_actor():
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
        taking.run_at = turns.first_due(by_caller=is_small)
        taking.run_attempts = 0
    return is_small


def run_due() -> bool:
    """Work on one stock-taking that is due, for one turn; return whether there was one."""
    return bool(_queue.run(_take_turn).due)


def _take_turn(attempt: Attempt) -> Outcome:
    row, goes_on = attempt.row, turns.start_turn()
    verb: TakingVerb = "undo" if row.state == STEPS["undo"].running else "apply"
    with actors.acting_as(actors.parse_actor(row.ended_by) or actors.SYSTEM):
        return turns.end_turn(is_done=run_batches(row.id, verb, goes_on=turns.resting(goes_on)))
