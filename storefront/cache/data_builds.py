"""Builds of data apart from the visitor whose page needs it: nobody waits long who may get the old value.

Each build has a thread and an application context of its own, and so a database session of its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar, cast

from flask import Flask

from storefront import languages
from storefront.cache.build_context import Dependencies, collect_dependencies, inherit, work_in_background

log = logging.getLogger(__name__)

MAX_BUILDS = 4  # at one time in a process: each may hold a database connection
PATIENCE = 0.3  # seconds; a visitor who may get the old value waits no longer for the new one
_STOP_TIMEOUT = 5.0  # seconds
T = TypeVar("T")


@dataclass(slots=True)
class DataBuild(Generic[T]):
    """A build that goes on in the background.

    Attributes:
        key: of the entry, for the log.
        done: set when the build has ended.
        is_left: whether nobody waits for it any more.
        language: in which it is built: that of the request that waits.
    """

    key: str
    language: languages.Language | None = field(default_factory=languages.current)
    done: threading.Event = field(default_factory=threading.Event)
    is_left: bool = False
    _value: T | None = None
    _error: Exception | None = None
    _tags: Dependencies = field(default_factory=Dependencies)

    def result(self) -> T:
        """Wait for the value, and record its dependencies for what is built of it; raise what the build raised."""
        self.done.wait()
        inherit(self._tags)
        if self._error is not None:
            raise self._error
        return cast("T", self._value)

    def run(self, app: Flask, work: Callable[[], T]) -> None:
        """Build the value; for the build's own thread."""
        try:
            with app.app_context(), languages.use(self.language):
                work_in_background()
                with collect_dependencies() as self._tags:
                    self._value = work()
        except Exception as error:  # noqa: BLE001  # raised for those who wait
            self._error = error
            if self.is_left:
                log.warning("%s could not be built: %r", self.key, error)
        finally:
            self.done.set()


class DataBuilds:
    """The builds of one process that go on in the background."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._running: set[threading.Thread] = set()

    def begin(self, key: str, work: Callable[[], T]) -> DataBuild[T] | None:
        """Begin a build; return None, without calling `work`, if as many as MAX_BUILDS go on."""
        build = DataBuild[T](key)

        def run() -> None:
            try:
                build.run(self._app, work)
            finally:
                with self._lock:
                    self._running.discard(threading.current_thread())

        thread = threading.Thread(target=run, name="cache-data-build", daemon=True)
        with self._lock:
            if len(self._running) >= MAX_BUILDS:
                return None
            self._running.add(thread)
        try:
            thread.start()
        except RuntimeError:  # no more threads, or the process is ending
            with self._lock:
                self._running.discard(thread)
            return None
        return build

    def forget(self) -> None:
        """Forget the builds of the parent process: a fork copies no threads."""
        with self._lock:
            self._running.clear()

    def wait(self, seconds: float = _STOP_TIMEOUT) -> None:
        """Wait until the present builds have ended, for each at most so long."""
        with self._lock:
            running = list(self._running)
        for thread in running:
            thread.join(seconds)
