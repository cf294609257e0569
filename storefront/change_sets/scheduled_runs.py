"""Change sets that serving processes apply or undo in the background, because somebody clicked.

`storefront/background/turns.py` says how several processes share the work.
"""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import select, update

from storefront import actors, periodic
from storefront.app_state import AppState
from storefront.background import turns
from storefront.background.due_queue import Attempt, Outcome
from storefront.change_sets import runner, store
from storefront.change_sets.directions import DIRECTIONS, Verb, WrongStatusError, why_refused
from storefront.change_sets.models import ChangeSet
from storefront.extensions import db, write_transaction

log = logging.getLogger(__name__)

# Rows that the request of the click may do itself.
MOST_AT_ONCE = 200
# Products in one transaction: the process answers no visitor while it changes them.
BATCH = 50
_STOPPED = -1  # attempts: no running attempt has this number, so none writes its outcome

_queue = turns.create_queue(ChangeSet, ChangeSet.run_verb, ChangeSet.run_by)
_task = AppState[periodic.PeriodicTask]("change_sets.scheduled_runs")


def init_app(app: Flask) -> None:
    """Do what is due in every serving process."""
    _task.set(app, periodic.add_task(app, "change-sets", run_due, interval=turns.INTERVAL))


def start(change_set_id: int, verb: Verb) -> bool:
    """Apply or undo a change set for the current actor: a small one at once, a large one in the background.

    Returns:
        Whether it is done.

    Raises:
        UnknownChangeSetError: it does not exist.
        WrongStatusError: it cannot be applied or undone now.
    """
    is_small = schedule(change_set_id, verb)
    if not is_small:
        _task.get(current_app).wake()
        return False
    with actors.keeping_actor():
        _run(change_set_id, verb)
    with write_transaction() as session:
        own = (ChangeSet.id == change_set_id) & (ChangeSet.run_verb == verb) & (ChangeSet.run_attempts == 0)
        session.execute(update(ChangeSet).where(own).values(run_at=None))
    return True


def schedule(change_set_id: int, verb: Verb) -> bool:
    """Have serving processes apply or undo a change set; return whether it is so small that the caller may do it.

    Then the others leave it alone for as long as an attempt takes.

    Raises:
        UnknownChangeSetError: it does not exist.
        WrongStatusError: it cannot be applied or undone now.
    """
    with write_transaction() as session:
        query = select(ChangeSet).where(ChangeSet.id == change_set_id).with_for_update()
        found = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
        if found is None:
            raise store.UnknownChangeSetError(change_set_id)
        if found.status not in DIRECTIONS[verb].allowed:
            raise WrongStatusError(why_refused(found, verb))
        if found.run_at is not None and found.run_verb == verb:
            raise WrongStatusError(f"Change set {change_set_id} is scheduled already.")
        is_small = found.products <= MOST_AT_ONCE
        found.run_verb, found.run_by, found.run_attempts = verb, actors.actor_text(), 0
        found.run_at = turns.first_due(by_caller=is_small)
    return is_small


def stop(change_set_id: int) -> None:
    """Stop what serving processes do with a change set, behind the batch that is being done."""
    with write_transaction() as session:
        scheduled = (ChangeSet.id == change_set_id) & ChangeSet.run_at.is_not(None)
        session.execute(update(ChangeSet).where(scheduled).values(run_at=None, run_attempts=_STOPPED))


def run_due() -> bool:
    """Work on one change set that is due, for one turn; return whether there was one."""
    return bool(_queue.run(_take_turn).due)


def _take_turn(attempt: Attempt) -> Outcome:
    number, verb, goes_on = attempt.row.id, attempt.row.run_verb, turns.start_turn()
    actor = actors.parse_actor(attempt.row.run_by) or actors.SYSTEM
    is_due = partial(_is_still_due, number, verb, attempt.number)
    try:
        with actors.acting_as(actor):
            _run(number, verb, lambda: goes_on() and is_due())
    except WrongStatusError as error:
        log.info("change set %d: %s", number, error)
        return turns.end_turn(is_done=True)
    return turns.end_turn(is_done=store.get(number).status == DIRECTIONS[verb].done)


def _run(number: int, verb: Verb, goes_on: runner.GoesOn = runner.always) -> None:
    run = runner.apply_change_set if verb == "apply" else runner.undo_change_set
    run(number, Path(current_app.config["MEDIA_DIR"]), goes_on=turns.resting(goes_on), batch=BATCH)


def _is_still_due(number: int, verb: Verb, attempt: int) -> bool:
    """Return whether nobody has stopped this attempt, or asked for something else."""
    due = (ChangeSet.run_verb == verb) & ChangeSet.run_at.is_not(None) & (ChangeSet.run_attempts == attempt)
    found = db.session.execute(select(ChangeSet.id).where(ChangeSet.id == number, due)).first()
    db.session.rollback()
    return found is not None
