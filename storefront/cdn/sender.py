"""Sends purges to the edge: at once after a commit, again after the longest answer, each until it has succeeded."""

from __future__ import annotations

import logging
import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, g
from sqlalchemy import select

from storefront import outbox, periodic
from storefront.app_state import AppState
from storefront.background.due_queue import Attempt, DueQueue, Outcome
from storefront.cache import invalidation, tag_modes
from storefront.cache import views as cache_views
from storefront.cdn import purge_queue, status
from storefront.cdn.models import EdgePurge
from storefront.cdn.providers import Edge, EdgeError, make_edge

log = logging.getLogger(__name__)

TASK = "edge-purges"
INTERVAL = 1.0  # seconds between looks for rows that another process left
# Seconds for which a worker has a row to itself; longer than an attempt takes.
LEASE = 5.0
# Seconds before the second attempt; then twice as long each time.
FIRST_PAUSE = 0.25
# The longest pause: an edge that is back gets its purges within 3 s. One that refuses needs a person first.
LONGEST_PAUSE, LONGEST_REFUSAL = 2.0, 60.0
# The beginning of tags that no public page carries.
_PRIVATE = "user:"
_LOG_EVERY = 30  # attempts

_queue = DueQueue(
    model=EdgePurge,
    key=EdgePurge.id,
    due_at=EdgePurge.due_at,
    attempts=EdgePurge.attempts,
    query=select(EdgePurge.__table__),
    backoff=(LEASE,),
    gives_up=False,
    deletes=True,
)


class Sender:
    """The purges of one application.

    Attributes:
        edge: where they go.
        results: how many attempts of this process succeeded ("sent") and failed ("failed").
        task: the thread that sends.
    """

    def __init__(self, app: Flask, edge: Edge) -> None:
        self.edge = edge
        self.results: Counter[str] = Counter()
        self._pause = INTERVAL
        self.task = periodic.add_task(
            app, TASK, self.send_due, interval=lambda: self._pause, run_at_start=True
        )

    def receive(self, payloads: list[dict[str, Any]]) -> None:
        """Handle the outbox's messages about invalidated tags: store their purges, and let them be sent at once."""
        modes = tag_modes.group_by_mode(payloads)
        strict, relaxed = modes["hard"] | modes["strict"], modes["relaxed"]
        strict = {tag for tag in strict if not tag.startswith(_PRIVATE)}
        if not strict | relaxed:
            return
        if not self.edge.can_soften:
            strict, relaxed = strict | relaxed, set()
        purge_queue.add_purges(self.edge.targets, strict, relaxed, self.edge.most_tags)
        if self.task.is_running:
            self.task.wake()
        else:
            g.edge_purges = True  # a command has no thread; see `send_before_end`

    def send_due(self) -> bool:
        """Send a batch of the purges that are due; return whether there were any."""
        due_at = purge_queue.merge_due(self.edge.most_tags)
        wait = (due_at - datetime.now(UTC)).total_seconds() if due_at else INTERVAL
        self._pause = min(max(wait, 0.01), INTERVAL)
        if wait > 0:
            return False
        found = _queue.run(self._send, EdgePurge.target.in_(self.edge.targets)).due > 0
        if not found:  # the rows are for an edge of earlier settings
            purge_queue.forget_other_targets(self.edge.targets)
            self._pause = INTERVAL
        return found

    def _send(self, attempt: Attempt) -> Outcome:
        row = attempt.row
        try:
            self.edge.purge(row.target, row.tags, is_soft=row.is_soft)
        except EdgeError as error:
            return self._fail(attempt, error)
        self.results["sent"] += 1
        if row.error:
            purge_queue.resume(row.target)
        if row.repeats >= len(self.edge.repeats):
            return Outcome(succeeded=True)
        again = {"repeats": row.repeats + 1, "attempts": 0, "error": ""}
        return Outcome(False, {**again, "due_at": _round_up(self.edge.repeats[row.repeats])})

    def _fail(self, attempt: Attempt, error: EdgeError) -> Outcome:
        self.results["failed"] += 1
        if attempt.number % _LOG_EVERY == 1:
            log.warning(
                "A purge of the edge failed (attempt %d) and is tried again: %s", attempt.number, error
            )
        until = datetime.now(UTC) + timedelta(seconds=compute_pause(attempt.number, error))
        purge_queue.postpone(attempt.row.target, until)
        return Outcome(False, {"due_at": until, "error": str(error)[:300]})


sender_of = AppState[Sender]("cdn.sender")


def init_app(app: Flask) -> None:
    """Purge the configured edge after each commit that invalidates tags; without one, do nothing."""
    if app.config["EDGE"] is None:
        return
    sender = Sender(app, make_edge(app.config["EDGE"]))
    sender_of.set(app, sender)
    outbox.subscribe(app, invalidation.TOPIC, sender.receive, name="edge")
    cache_views.panels.register(app, status.render_panel)

    @app.teardown_appcontext
    def send_before_end(_: BaseException | None) -> None:
        if g.pop("edge_purges", False) and not app.testing:
            sender.send_due()


def count_results(app: Flask) -> dict[str, int]:
    """Return how many purges of this process were "sent" and "failed"; nothing without an edge."""
    sender = sender_of.find(app)
    return dict(sender.results) if sender else {}


def compute_pause(number: int, error: EdgeError) -> float:
    """Return the seconds until the next attempt after this one, counted from 1."""
    if error.retry_after_seconds is not None:
        return error.retry_after_seconds
    longest = LONGEST_REFUSAL if error.is_refusal else LONGEST_PAUSE
    return min(FIRST_PAUSE * 2.0 ** min(number - 1, 20), longest)


def _round_up(seconds: float) -> datetime:
    """Return the moment in so many seconds; from a second on, a whole second, so that repetitions can be merged."""
    moment = datetime.now(UTC).timestamp() + seconds
    return datetime.fromtimestamp(math.ceil(moment) if seconds >= 1 else moment, UTC)
