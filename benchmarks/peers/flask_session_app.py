"""The simplest Flask views that ignore, read and write a session: none, Flask-Session's, or this shop's."""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping
from typing import Any

from flask import Flask, session
from flask_session import Session
from redis import Redis

from storefront import redis_roles, sessions


def make(whose: str, redis: str) -> Flask:
    """Return an application whose sessions are `whose`: "none", "flask-session" or "storefront"."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "only for benchmarks"
    if whose == "flask-session":
        app.config.update(SESSION_TYPE="redis", SESSION_REDIS=Redis.from_url(redis))
        Session(app)
    elif whose == "storefront":
        app.config.update(REDIS_URL=redis, CACHE_PREFIX="bench", ENV="development")
        app.config.update(SESSION_TTL=3600, SESSION_MAX_AGE=30 * 86400)
        redis_roles.init_app(app)
        sessions.init_app(app)
    kept: MutableMapping[str, Any] = {} if whose == "none" else session

    @app.get("/healthz")
    @app.get("/untouched")
    def untouched() -> str:
        return "page"

    @app.get("/begin")
    def begin() -> str:
        kept.update(name="Ada", seen=["teapot", "mug", "bowl"], generation=1)
        return "page"

    @app.get("/read")
    def read() -> str:
        return f"page of {kept.get('name')}"

    @app.get("/write")
    def write() -> str:
        kept["last"] = time.time()
        return f"page of {kept.get('name')}"

    return app


if "PEER_SESSIONS" in os.environ:
    app = make(os.environ["PEER_SESSIONS"], os.environ["PEER_REDIS"])
