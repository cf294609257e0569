"""Background work of serving processes: one thread for each kind of work, which does it again and again.

A room registers its task with `add_task`. All tasks of an application start with a process's first request, or when
the server calls `start_tasks`. Commands and tests run none unless they start one by name.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from weakref import WeakSet

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from storefront import actors
from storefront.app_state import AppState
from storefront.pauses import has_greenlets

log = logging.getLogger(__name__)

# Does one piece of the work; returns a true value if there is more to do.
Work = Callable[[], object]


@dataclass(eq=False)
class PeriodicTask:
    """Calls `work` in a daemon thread until it is stopped, or until there is nothing left to do.

    If `work` raises an exception, the exception is logged and the work is tried again after the interval. A forked
    child has no thread of its parent: the task starts again with the child's first `start`.

    Attributes:
        name: of the thread; log lines begin with it.
        work: called without arguments, by one thread at a time.
        interval: seconds between two runs, or a function that returns them after each run.
        busy_interval: seconds until the next run while there is more to do.
        idle_runs: after so many runs in a row with nothing more to do, the thread ends; None: it never ends.
        run_at_start: the first run follows at once, not after an interval.
        app: each run gets an application context of this application; without it there is none.
    """

    name: str
    work: Work
    interval: float | Callable[[], float]
    busy_interval: float = 0.0
    idle_runs: int | None = None
    run_at_start: bool = False
    app: Flask | None = None
    _thread: threading.Thread | None = field(default=None, init=False)
    _running: bool = field(default=False, init=False)
    _requested: bool = field(default=False, init=False)
    _stopping: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._forget_thread()
        _TASKS.add(self)

    @property
    def is_running(self) -> bool:
        """Whether this process has a thread that does the work."""
        return self._running

    def start(self) -> None:
        """Make sure that the thread runs in this process; costs nothing if it does.

        Work that exists before this call is done: a thread that is just ending goes on.
        """
        self._requested = True
        if self._running and not self._stopping:
            return
        if _start_in_greenlet(self.start):
            return
        ending = self._thread if self._stopping else None
        if ending is not None and ending is not threading.current_thread():
            ending.join()  # after a `stop`: the work has one thread at a time
        with self._lock:
            if self._running:
                return
            self._stopping = False
            self._wake.clear()
            self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
            try:
                self._thread.start()
            except RuntimeError:  # no more threads, or the process is ending: the next call tries again
                self._thread = None
                return
            self._running = True

    def wake(self) -> None:
        """Let the next run follow at once, if the thread runs."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread; returns when it has ended. The run that is going on is completed."""
        with self._lock:
            self._stopping = True
            self._wake.set()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        idle = 0
        pause = 0.0 if self.run_at_start else self._pause()
        while True:
            self._wake.wait(pause)
            self._wake.clear()
            if self._stopping:
                self._running = False
                return
            self._requested = False
            more = self._run_once()
            idle = 0 if more else idle + 1
            if self.idle_runs is not None and idle >= self.idle_runs and self._has_ended():
                return
            pause = self.busy_interval if more else self._pause()

    def _run_once(self) -> bool:
        try:
            with actors.acting_as(actors.Actor("system", self.name)):
                if self.app is None:
                    return bool(self.work())
                with self.app.app_context():
                    return bool(self.work())
        except SQLAlchemyError as error:
            log.warning("%s: the database cannot be used%s: %s", self.name, self._retry(), error)
        except Exception:  # whatever it was, nobody else would start this work again
            log.exception("%s: failed%s", self.name, self._retry())
        return False

    def _retry(self) -> str:
        return "" if self.idle_runs == 1 else ", tried again later"

    def _pause(self) -> float:
        return self.interval() if callable(self.interval) else self.interval

    def _has_ended(self) -> bool:
        """End, unless `start` was called since the last run began: that caller relies on a run after its call."""
        with self._lock:
            self._running = False  # before the look: a later `start` sees it, and starts another thread
            self._running = self._requested
            return not self._running

    def _forget_thread(self) -> None:
        """Be as if never started. A fork may have copied the lock while another thread held it."""
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread = None
        self._running = self._stopping = False


def _start_in_greenlet(start: Callable[[], None]) -> bool:
    """Start a thread from a greenlet if this is gevent's event loop, where nothing may wait; return whether it is."""
    if not has_greenlets():
        return False
    from gevent import getcurrent, hub, spawn

    if not isinstance(getcurrent(), hub.Hub):
        return False
    spawn(start)
    return True


_TASKS: WeakSet[PeriodicTask] = WeakSet()


def _forget_threads() -> None:
    for task in tuple(_TASKS):
        task._forget_thread()


os.register_at_fork(after_in_child=_forget_threads)


@dataclass(slots=True)
class _Registry:
    tasks: dict[str, PeriodicTask] = field(default_factory=dict)
    started_in: int = 0  # id of the process in which all tasks were started


_registry = AppState[_Registry]("periodic.tasks")


def init_app(app: Flask) -> None:
    """Start all tasks with a process's first request, if its server has not; tests start what they need."""
    registry = _Registry()
    _registry.set(app, registry)
    if app.testing:
        return

    @app.before_request
    def start_with_first_request() -> None:
        if registry.started_in != os.getpid():
            start_tasks(app)


def add_task(
    app: Flask,
    name: str,
    work: Work,
    *,
    interval: float | Callable[[], float],
    idle_runs: int | None = None,
    run_at_start: bool = False,
) -> PeriodicTask:
    """Have this work done in every serving process, in an application context; see PeriodicTask."""
    task = PeriodicTask(name, work, interval, idle_runs=idle_runs, run_at_start=run_at_start, app=app)
    _registry.get(app).tasks[name] = task
    return task


def start_tasks(app: Flask, *names: str) -> None:
    """Start these tasks in this process; without names all of them, unless that was done before."""
    registry = _registry.get(app)
    if not names:
        if registry.started_in == os.getpid():
            return
        registry.started_in = os.getpid()
    for name in names or registry.tasks:
        registry.tasks[name].start()


def stop_tasks(app: Flask, *names: str) -> None:
    """Stop these tasks of this process, or all; returns when they have ended."""
    registry = _registry.get(app)
    for name in names or registry.tasks:
        registry.tasks[name].stop()
    if not names:
        registry.started_in = 0  # after all have ended: one that renders a page would start the others again
