"""The sweeper: in every serving process, what a dead process left in the outbox is delivered."""

from __future__ import annotations

import logging
import os
import threading

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from storefront.outbox.delivery import deliver_overdue

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds


def start(app: Flask) -> None:
    """Start this process's sweeper, if it has none: after a fork, since threads do not survive one."""
    if app.extensions.get("outbox_sweeper") == os.getpid():
        return
    app.extensions["outbox_sweeper"] = os.getpid()
    threading.Thread(target=_sweep, args=(app,), name="outbox-sweeper", daemon=True).start()


def _sweep(app: Flask) -> None:
    pause = threading.Event()
    while not pause.wait(EVERY):
        with app.app_context():
            try:
                while deliver_overdue() and not pause.wait(EVERY):
                    pass
            except SQLAlchemyError as error:
                log.warning("the outbox cannot be swept: %s", error)
