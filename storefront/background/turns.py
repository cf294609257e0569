"""Long work that somebody started by a click: serving processes do it in turns, one piece of work after another.

The queue is a due time on the row of the work (`run_at`, `run_attempts`). A process works on it for one turn, then it
is due again at once: several pieces take turns, and a restart interrupts little. If a process is killed, a request's
or a worker's, another one goes on after the backoff.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any

from sqlalchemy import select

from storefront.background.due_queue import DueQueue, Outcome

INTERVAL = 3.0  # seconds between two looks at a queue
TURN = 20.0  # seconds of work on one row before others have their turn
REST, LONGEST_REST = 0.8, 1.0  # before a batch: a part of the time that the last one took, and seconds
# Seconds from a claim to the next one. The first is longer than a turn with its last batch.
BACKOFF = (60, 60, 300, 900, 3600)


def create_queue(model: Any, *columns: Any) -> DueQueue:
    """Return the queue of a table with `id`, `run_at` and `run_attempts`; an attempt's row has these columns too."""
    return DueQueue(
        model=model,
        key=model.id,
        due_at=model.run_at,
        attempts=model.run_attempts,
        query=select(model.id, model.run_at, model.run_attempts, *columns),
        backoff=BACKOFF,
        gives_up=False,
        batch=1,
    )


def first_due(*, by_caller: bool) -> datetime:
    """Return when new work is due: now, or after the time of an attempt if the caller does it itself."""
    return datetime.now(UTC) + timedelta(seconds=BACKOFF[0] if by_caller else 0)


def start_turn() -> Callable[[], bool]:
    """Begin a turn; return the function that says whether it goes on."""
    ends = monotonic() + TURN
    return lambda: monotonic() < ends


def resting(goes_on: Callable[[], bool]) -> Callable[[], bool]:
    """Return a `goes_on` that first rests, for most of the time that the batch before it took.

    Each batch drops public pages. Without a rest the next one drops more before the first are built again, and most
    visitors meet a page that has to be built.
    """
    began: float | None = None

    def rest() -> bool:
        nonlocal began
        if began is not None:
            sleep(min(LONGEST_REST, REST * (monotonic() - began)))
        answer = goes_on()
        began = monotonic()
        return answer

    return rest


def end_turn(*, is_done: bool) -> Outcome:
    """Return the outcome of a turn: the work is done, or due again at once."""
    if is_done:
        return Outcome(succeeded=True)
    return Outcome(succeeded=False, values={"run_at": datetime.now(UTC), "run_attempts": 0})
