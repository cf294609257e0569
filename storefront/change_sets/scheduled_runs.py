"""Change sets that serving processes apply or undo in the background, because somebody clicked.

The queue is a due time on the change set. A process works on one for some seconds, then the change set is due again
at once: several change sets take turns, and a restart interrupts little. After a kill another process goes on.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic

from flask import Flask, current_app
from sqlalchemy import select, update

from storefront import actors, periodic
from storefront.app_state import AppState
from storefront.background.due_queue import Attempt, DueQueue, Outcome
from storefront.change_sets import runner, store
from storefront.change_sets.directions import DIRECTIONS, Verb, WrongStatusError, why_refused
from storefront.change_sets.models import ChangeSet
from storefront.extensions import db, write_transaction

log = logging.getLogger(__name__)

INTERVAL = 3.0  # seconds between two looks at the queue
TURN = 20.0  # seconds of work on one change set before others have their turn
# Seconds from a claim to the next one. The first is longer than a turn with its last batch.
BACKOFF = (60, 60, 300, 900, 3600)
# Rows that the request of the click may do itself.
MOST_AT_ONCE = 200
_STOPPED = -1  # attempts: no running attempt has this number, so none writes its outcome

_queue = DueQueue(
    model=ChangeSet,
    key=ChangeSet.id,
    due_at=ChangeSet.run_at,
    attempts=ChangeSet.run_attempts,
    query=select(
        ChangeSet.id, ChangeSet.run_at, ChangeSet.run_attempts, ChangeSet.run_verb, ChangeSet.run_by
    ),
    backoff=BACKOFF,
    gives_up=False,
    batch=1,
)
_task = AppState[periodic.PeriodicTask]("change_sets.scheduled_runs")


def init_app(app: Flask) -> None:
    """Do what is due in every serving process."""
    _task.set(app, periodic.add_task(app, "change-sets", run_due, interval=INTERVAL))


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
    with actors.acting_as(
        actors.current_actor()
    ):  # found once: batches end the session that knows the account
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
        found.run_at = datetime.now(UTC) + timedelta(seconds=BACKOFF[0] if is_small else 0)
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
    number, verb, ends = attempt.row.id, attempt.row.run_verb, monotonic() + TURN
    actor = actors.parse_actor(attempt.row.run_by) or actors.SYSTEM
    is_due = partial(_is_still_due, number, verb, attempt.number)
    try:
        with actors.acting_as(actor):
            _run(number, verb, goes_on=lambda: monotonic() < ends and is_due())
    except WrongStatusError as error:
        log.info("change set %d: %s", number, error)
        return Outcome(succeeded=True)
    if store.get(number).status == DIRECTIONS[verb].done:
        return Outcome(succeeded=True)
    return Outcome(succeeded=False, values={"run_at": datetime.now(UTC), "run_attempts": 0})


def _run(number: int, verb: Verb, goes_on: runner.GoesOn = runner.always) -> None:
    media_dir = Path(current_app.config["MEDIA_DIR"])
    if verb == "apply":
        runner.apply_change_set(number, media_dir, goes_on=goes_on)
    else:
        runner.undo_change_set(number, media_dir, goes_on=goes_on)


def _is_still_due(number: int, verb: Verb, attempt: int) -> bool:
    """Return whether nobody has stopped this attempt, or asked for something else."""
    due = (ChangeSet.run_verb == verb) & ChangeSet.run_at.is_not(None) & (ChangeSet.run_attempts == attempt)
    found = db.session.execute(select(ChangeSet.id).where(ChangeSet.id == number, due)).first()
    db.session.rollback()
    return found is not None
