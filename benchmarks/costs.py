"""What requests cost in a small and in a large shop: statements, and CPU time in alternating rounds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from flask import Flask

from storefront.extensions import db
from tests.statements import count_statements

MOST_STATEMENTS, MOST_RATIO = 8, 3.0


class Costs:
    """The costs of a request: to make it is a function for each shop.

    Attributes:
        statements: of each, after a first request.
        seconds: the CPU seconds of each, a median: of this process, and of PostgreSQL's process that serves it.
    """

    def __init__(self, rounds: int, requests: Mapping[Flask, Callable[[], object]]) -> None:
        self.statements, times = list[int](), dict[Flask, list[float]]()
        for app, request in requests.items():
            with app.app_context():
                request()
                self.statements.append(count_statements(request))
                times[app] = []
        for _ in range(rounds):
            for app, request in requests.items():
                with app.app_context():
                    cpu_time = _clock()
                    began = cpu_time()
                    request()
                    times[app].append(cpu_time() - began)
        self.seconds = [statistics.median(each) for each in times.values()]

    @property
    def ratio(self) -> float:
        """How many times as much the large shop's takes."""
        return self.seconds[1] / self.seconds[0]

    def cells(self) -> list[str]:
        """Return a row of a table: statements, milliseconds in both shops, their ratio, which limit is missed."""
        problems = [
            "more statements" if max(self.statements) > MOST_STATEMENTS else "",
            "dearer" if self.ratio > MOST_RATIO else "",
        ]
        return [
            str(max(self.statements)),
            *(f"{each * 1e3:.1f}" for each in self.seconds),
            f"{self.ratio:.2f}",
            ", ".join(filter(None, problems)),
        ]


HEADER = ["statements", "small ms", "large ms", "ratio", "beyond the limit"]


def _clock() -> Callable[[], float]:
    if db.engine.dialect.name == "sqlite":
        return time.process_time
    # The next request gets the same connection: the pool has no other one.
    driver = db.session.connection().connection.driver_connection
    db.session.rollback()
    schedule = Path(f"/proc/{driver.info.backend_pid}/schedstat")  # type: ignore[union-attr]
    return lambda: time.process_time() + int(schedule.read_text().split()[0]) / 1e9
