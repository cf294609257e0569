"""The sweeper: in every serving process, what a dead process left in the outbox is delivered."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from storefront.outbox.delivery import deliver_overdue

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class _Sweeper:
    pid: int
    stopped: threading.Event
    thread: threading.Thread


def start(app: Flask) -> None:
    """Start this process's sweeper, if it has none: after a fork, since threads do not survive one."""
    running: _Sweeper | None = app.extensions.get("outbox_sweeper")
    if running is not None and running.pid == os.getpid():
        return
    stopped = threading.Event()
    thread = threading.Thread(target=_sweep, args=(app, stopped), name="outbox-sweeper", daemon=True)
    app.extensions["outbox_sweeper"] = _Sweeper(os.getpid(), stopped, thread)
    thread.start()


def stop(app: Flask) -> None:
    """Stop this process's sweeper; returns when it has ended."""
    running: _Sweeper | None = app.extensions.pop("outbox_sweeper", None)
    if running is not None and running.pid == os.getpid():
        running.stopped.set()
        running.thread.join()


def _sweep(app: Flask, stopped: threading.Event) -> None:
    while not stopped.wait(EVERY):
        with app.app_context():
            try:
                while deliver_overdue() and not stopped.wait(EVERY):
                    pass
            except SQLAlchemyError as error:
                log.warning("the outbox cannot be swept: %s", error)
