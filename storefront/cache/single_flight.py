"""Single-flight: of all look-ups of a key in this process at one time, one does the work and the others wait."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class Flight:
    """The look-up and build of a key that goes on in this process; its leader does the work.

    Attributes:
        looked_up: set when the leader has asked Redis.
        done: set when the value is built, or the leader gave up.
        has_stale_value: whether Redis has an old value to answer with meanwhile.
        failure: what the source raised for the leader: all who wait fail with it, instead of one after the other.
    """

    looked_up: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    has_stale_value: bool = False
    failure: Exception | None = None


class SingleFlight:
    """The flights of one process, by key."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}
        self._lock = threading.Lock()

    def join(self, key: str) -> tuple[Flight, bool]:
        """Return the flight for a key, and whether the caller leads it. A leader must call `end`."""
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None:
                return flight, False
            flight = self._flights[key] = Flight()
            return flight, True

    def end(self, key: str, flight: Flight) -> None:
        """End a flight: its waiters continue, and the next caller of `join` leads a new one."""
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]
        flight.done.set()
