"""Sessions as most people write them first: the whole session is loaded, and the whole session is stored.

A store has `get` and `set`: it is a Redis, or a dictionary of this process.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from flask import Flask, Response, g, request


def create_app(store: Any) -> Flask:
    app = Flask("naive")

    @app.before_request
    def load() -> None:
        g.sid = request.cookies.get("sid") or uuid.uuid4().hex
        g.session = json.loads(store.get(g.sid) or "{}")

    @app.after_request
    def save(response: Response) -> Response:
        store.set(g.sid, json.dumps(g.session))
        response.set_cookie("sid", g.sid)
        return response

    @app.post("/basket/<item>")
    def add(item: str) -> list[str]:
        g.session["basket"] = [*g.session.get("basket", []), item]
        return g.session["basket"]

    @app.post("/sign-in/<name>")
    def sign_in(name: str) -> str:
        g.session["name"] = name
        return name

    app.get("/")(lambda: g.session)
    return app
