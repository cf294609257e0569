"""Sessions in a signed cookie: what Flask does by itself."""

from __future__ import annotations

from typing import Any

from flask import Flask, session


def create_app() -> Flask:
    app = Flask("cookies")
    app.secret_key = "only for the lesson"

    @app.post("/sign-in/<name>")
    def sign_in(name: str) -> str:
        session["name"] = name
        return name

    @app.post("/sign-out")
    def sign_out() -> str:
        session.clear()
        return "signed out"

    @app.get("/")
    def show() -> dict[str, Any]:
        return dict(session)

    return app
