"""Work that every serving process does by itself, again and again: each kind in a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

# Does a piece of the work; returns whether there is more of it at this moment.
Work = Callable[[], object]


@dataclass(slots=True)
class Rounds:
    """One kind of work, and the thread of this process that does it."""

    app: Flask
    name: str
    work: Work
    every: float  # seconds
    _pid: int = 0
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, if this process has not begun yet: threads do not survive a fork."""
        if self._pid == os.getpid():
            return
        self._pid, self._stopped = os.getpid(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=(self._stopped,), name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End what this process has begun; returns when it has ended."""
        if self._thread is not None and self._pid == os.getpid():
            self._stopped.set()
            self._thread.join()
        self._pid, self._thread = 0, None

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.wait(self.every):
            with self.app.app_context():
                try:
                    while self.work() and not stopped.is_set():
                        pass
                except SQLAlchemyError as error:
                    log.warning("%s: the database cannot be asked, later again: %s", self.name, error)
                except Exception:  # whatever it was: nobody would begin this work again
                    log.exception("%s: a round failed, later again", self.name)


def init_app(app: Flask) -> None:
    """Begin all rounds with a process's first request, if its server has not; tests begin what they need."""
    app.extensions["rounds"] = {}
    if app.testing:
        return
    begun: set[int] = set()

    @app.before_request
    def begin() -> None:
        if os.getpid() not in begun:
            begun.add(os.getpid())
            start(app)


def add(app: Flask, name: str, work: Work, *, every: float) -> None:
    """Have this work done in every serving process, after every so many seconds, in an application context."""
    app.extensions["rounds"][name] = Rounds(app, name, work, every)


def start(app: Flask, *names: str) -> None:
    """Begin these rounds, or all."""
    for name in names or app.extensions["rounds"]:
        app.extensions["rounds"][name].start()


def stop(app: Flask, *names: str) -> None:
    """End these rounds of this process, or all; returns when they have ended."""
    for name in names or app.extensions["rounds"]:
        app.extensions["rounds"][name].stop()
