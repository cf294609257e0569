"""Forks processes that apply and undo a change set: some die, then two work together.

The verb "run" is the work of a serving process, which takes what is due in the background.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event, update

from storefront.change_sets import apply_change_set, runner, scheduled_runs, store, undo_change_set
from storefront.change_sets.directions import WrongStatusError
from storefront.change_sets.models import ChangeSet
from storefront.extensions import db, write_transaction
from tests.change_sets.stored_sets import shop
from tests.conftest import make_app


def fork_workers(url: str, instance: str, number: int, kills: int, *verbs: str) -> list[str]:
    """For each verb, fork processes that are killed one after the other, and then two that do the rest together.

    Return the shop and the states of the rows after each verb, as JSON.
    """
    app = make_app(url, Path(instance))
    runner.BATCH = 3
    described = []
    gc.disable()  # else each child copies most of the parent's memory
    for verb in verbs:
        killed = [os.waitpid(fork(app, verb, number, 40 + 35 * turn), 0)[1] for turn in range(kills)]
        assert not killed or killed[0] == signal.SIGKILL, killed
        # A claim keeps serving processes apart; commands may do the same at the same time.
        children = [fork(app, verb, number, 0) for _ in range(1 if verb == "run" else 2)]
        assert not any(os.waitpid(child, 0)[1] for child in children)
        with app.app_context():
            described.append(describe(number))
            db.engine.dispose()  # children open connections of their own
    return described


def describe(number: int) -> str:
    """Return the shop and the states of a change set's rows as JSON."""
    states = [store.get(number).status, store.count_states(number)]
    return json.dumps([shop(), states], sort_keys=True, default=str)


def fork(app: Flask, verb: str, number: int, statements: int) -> int:
    """Start a process that does the work, and is killed at one of its first statements; 0: it is not."""
    if (child := os.fork()) != 0:
        return child
    left = [random.randint(1, statements) if statements else 0]

    def count(*_: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with app.app_context():
        if verb == "run":
            pass_backoff()
        event.listen(db.engine, "before_cursor_execute", count)
        try:
            if verb == "run":
                scheduled_runs.run_due()
            else:
                work = apply_change_set if verb == "apply" else undo_change_set
                work(number, Path(app.instance_path))
        except WrongStatusError:  # the other process has finished before this one began
            os._exit(0)
    os._exit(0)


def pass_backoff() -> None:
    """Make what a killed process has claimed due again."""
    with write_transaction() as session:
        session.execute(
            update(ChangeSet).where(ChangeSet.run_at.is_not(None)).values(run_at=datetime.now(UTC))
        )
