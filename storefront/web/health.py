"""Health probes. /healthz: this process answers. /readyz: the shop can serve, or what is missing.

Anybody may ask, so a process checks its services once a second at most, for all who ask.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask, Response, jsonify

from storefront.app_state import AppState

MAX_AGE = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """The check of a service that the shop uses.

    Attributes:
        problem: returns None if the service works, else a sentence that says what is wrong.
        required: whether the shop cannot serve without the service.
    """

    problem: Callable[[], str | None]
    required: bool


class Readiness:
    """The last result of all checks; it is used for MAX_AGE, and one request at a time renews it."""

    def __init__(self, checks: Mapping[str, ReadinessCheck]) -> None:
        self._checks = checks
        self._lock = threading.Lock()
        self._answer: tuple[bool, dict[str, str]] = False, {}
        self._checked_at = float("-inf")

    def check(self) -> tuple[bool, dict[str, str]]:
        """Return whether the shop can serve, and the state of each service."""
        if time.monotonic() - self._checked_at < MAX_AGE:
            return self._answer
        with self._lock:
            if time.monotonic() - self._checked_at >= MAX_AGE:
                services = {name: check.problem() or "ok" for name, check in self._checks.items()}
                ready = all(services[name] == "ok" for name, check in self._checks.items() if check.required)
                self._answer, self._checked_at = (ready, services), time.monotonic()
        return self._answer


# By the service's name in the answer.
readiness_checks = AppState[dict[str, ReadinessCheck]]("web.readiness_checks")


def init_app(app: Flask) -> None:
    """Register both probes. Rooms that own a service add a check with `add_check`."""
    checks: dict[str, ReadinessCheck] = {}
    readiness_checks.set(app, checks)
    readiness = Readiness(checks)

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        ready, services = readiness.check()
        response = jsonify(ready=ready, services=services)
        response.headers["Cache-Control"] = "no-store"
        return response, 200 if ready else 503


def add_check(app: Flask, name: str, problem: Callable[[], str | None], *, required: bool) -> None:
    """Add a service to /readyz under this name; see `ReadinessCheck` for the other arguments."""
    readiness_checks.get(app)[name] = ReadinessCheck(problem, required)
