"""Health probes. /healthz: this process answers. /readyz: the shop can serve, or what is missing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, current_app, jsonify

from storefront.app_state import AppState


@dataclass(frozen=True, slots=True)
class ReadinessCheck:
    """The check of a service that the shop uses.

    Attributes:
        problem: returns None if the service works, else a sentence that says what is wrong.
        required: whether the shop cannot serve without the service.
    """

    problem: Callable[[], str | None]
    required: bool


# By the service's name in the answer.
readiness_checks = AppState[dict[str, ReadinessCheck]]("web.readiness_checks")


def init_app(app: Flask) -> None:
    """Register both probes. Rooms that own a service add a check with `add_check`."""
    readiness_checks.set(app, {})

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        checks = readiness_checks.get(current_app)
        services = {name: check.problem() or "ok" for name, check in checks.items()}
        ready = all(services[name] == "ok" for name, check in checks.items() if check.required)
        response = jsonify(ready=ready, services=services)
        response.headers["Cache-Control"] = "no-store"
        return response, 200 if ready else 503


def add_check(app: Flask, name: str, problem: Callable[[], str | None], *, required: bool) -> None:
    """Add a service to /readyz under this name; see `ReadinessCheck` for the other arguments."""
    readiness_checks.get(app)[name] = ReadinessCheck(problem, required)
