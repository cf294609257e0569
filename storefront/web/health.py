"""/healthz: this process answers. /readyz: the shop can serve, and what is missing if not."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, current_app, jsonify

Check = Callable[[], str | None]


def init_app(app: Flask) -> None:
    """Register both probes. Rooms that own a service add their check with `add_check`."""
    app.extensions["readiness"] = {}

    @app.get("/healthz")
    def healthz() -> Response:
        return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})

    @app.get("/readyz")
    def readyz() -> tuple[Response, int]:
        checks: dict[str, tuple[Check, bool]] = current_app.extensions["readiness"]
        found = {name: (check(), required) for name, (check, required) in checks.items()}
        ready = not any(problem for problem, required in found.values() if required)
        services = {name: problem or "ok" for name, (problem, _) in found.items()}
        response = jsonify(ready=ready, services=services)
        response.headers["Cache-Control"] = "no-store"
        return response, 200 if ready else 503


def add_check(app: Flask, name: str, check: Check, *, required: bool) -> None:
    """Add a service to /readyz.

    Args:
        app: the application.
        name: the service as the answer names it.
        check: returns None when all is well, else a sentence that says what is missing.
        required: whether the shop cannot serve without it.
    """
    app.extensions["readiness"][name] = (check, required)
