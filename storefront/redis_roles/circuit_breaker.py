"""The circuit breaker: after a few errors calls fail at once, while a background thread probes the server.

It has two sides. While the main side is open, no call passes. While the write side is open, reads still pass.
"""

from __future__ import annotations

import logging
import random
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from storefront.redis_roles.errors import ErrorKind

BreakerState = Literal["closed", "open", "half-open"]

MAX_ERRORS = 3  # within ERROR_WINDOW: the breaker opens
ERROR_WINDOW = 10.0  # seconds
PROBE_INTERVAL = 2.0  # seconds
JITTER = 0.2  # of the interval, more or less, so that processes do not probe together

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """The status of a role in this process, for metrics and the dashboard.

    Attributes:
        role: its name.
        state: of the main side.
        writes: the state of the write side; it matters only while the main side is closed.
        calls: calls that were passed on to Redis.
        errors: calls that Redis did not answer or refused to write, or that got no connection.
        timeouts: those of the errors that ran out of time.
        refused: calls that failed at once because a side was open.
        opens: how often a side has opened.
        problem: why a side is open; None if none is.
    """

    role: str
    state: BreakerState
    writes: BreakerState
    calls: int
    errors: int
    timeouts: int
    refused: int
    opens: int
    problem: str | None


@dataclass(slots=True)
class _Side:
    description: str
    probe: Callable[[], object]
    state: BreakerState = "closed"
    problem: str | None = None
    errors: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_ERRORS))
    prober: threading.Thread | None = None


class CircuitBreaker:
    """Counts the errors of one role in one process.

    Args:
        role: its name, for the log.
        ping: asks the server; raises any exception if it does not answer.
        write: writes something; raises any exception if the server refuses.
        open_for: seconds until the next probe.
        clock: a monotonic clock in seconds.
    """

    def __init__(
        self,
        role: str,
        ping: Callable[[], object],
        write: Callable[[], object],
        *,
        open_for: float = PROBE_INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.role = role
        self._open_for = open_for
        self._clock = clock
        self._main = _Side("is away", ping)
        self._writes = _Side("takes no writes", write)
        self._lock = threading.Lock()
        self._calls = self._errors = self._timeouts = self._refused = self._opens = 0

    def allows(self, *, write: bool = False) -> bool:
        """Return whether a call may pass; count it as a call or as refused."""
        open_side = self._find_open_side(write=write)
        with self._lock:
            if open_side is None:
                self._calls += 1
            else:
                self._refused += 1
        if open_side is not None:
            self._start_prober(open_side)  # it runs already, unless no thread could be started before
        return open_side is None

    def problem(self, *, write: bool = False) -> str:
        """Return why a call does not pass, as the end of a sentence."""
        open_side = self._find_open_side(write=write)
        return (open_side.problem if open_side else None) or "it does not answer."

    def record_failure(self, kind: ErrorKind, problem: str) -> None:
        """Count an error of a call that passed; open the side that it concerns if there were too many."""
        side = self._writes if kind is ErrorKind.WRITES_REFUSED else self._main
        now = self._clock()
        with self._lock:
            self._errors += 1
            self._timeouts += kind is ErrorKind.TIMED_OUT
            if kind is ErrorKind.POOL_EXHAUSTED:
                return
            side.errors.append(now)
            if side.state != "closed" or len(side.errors) < MAX_ERRORS or now - side.errors[0] > ERROR_WINDOW:
                return
            side.state, side.problem = "open", problem
            self._opens += 1
        _log.warning("Redis for %s %s; going on without it: %s", self.role, side.description, problem)
        self._start_prober(side)

    def status(self) -> RoleStatus:
        """Return the present states and counters."""
        with self._lock:
            return RoleStatus(
                self.role,
                self._main.state,
                self._writes.state,
                calls=self._calls,
                errors=self._errors,
                timeouts=self._timeouts,
                refused=self._refused,
                opens=self._opens,
                problem=self._main.problem or self._writes.problem,
            )

    def _find_open_side(self, *, write: bool) -> _Side | None:
        if self._main.state != "closed":
            return self._main
        return self._writes if write and self._writes.state != "closed" else None

    def _start_prober(self, side: _Side) -> None:
        with self._lock:
            if side.state == "closed" or (side.prober and side.prober.is_alive()):
                return
            # The thread holds only a weak reference while it waits: an unused breaker is not probed.
            arguments = (weakref.ref(self), side is self._writes)
            side.prober = threading.Thread(
                target=_probe_until_closed, args=arguments, name=f"redis-{self.role}-probe", daemon=True
            )
            try:
                side.prober.start()
            except RuntimeError:  # no more threads, or the process is ending: the next caller tries again
                side.prober = None

    def probe_delay(self) -> float:
        """Return the seconds until the next probe."""
        return self._open_for * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # only spreads the probes

    def probe(self, *, writes: bool) -> bool:
        """Probe a side; return whether it is closed now."""
        side = self._writes if writes else self._main
        side.state = "half-open"
        try:
            side.probe()
        except Exception as error:  # noqa: BLE001  # a prober that dies would leave the breaker open for ever
            with self._lock:
                side.state, side.problem = "open", str(error)
            return False
        with self._lock:
            side.errors.clear()
            side.state, side.problem = "closed", None
        _log.warning("Redis for %s is back.", self.role)
        return True


def _probe_until_closed(breaker: weakref.ref[CircuitBreaker], writes: bool) -> None:
    while (current := breaker()) is not None:
        pause = current.probe_delay()
        del current
        time.sleep(pause)
        if (current := breaker()) is None or current.probe(writes=writes):
            return
        del current
