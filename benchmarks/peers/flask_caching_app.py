"""Peer (c): Flask-Caching, Flask-Limiter and Flask-Session on one Redis, with a cached view."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, session
from flask_caching import Cache
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_session import Session
from redis import Redis

BODY = Path(os.environ["PEER_BODY"]).read_text(encoding="latin-1")
URL = os.environ["PEER_REDIS"]
app = Flask(__name__)
app.config.update(
    SECRET_KEY="only for benchmarks",
    SESSION_TYPE="redis",
    SESSION_REDIS=Redis.from_url(URL),
    CACHE_TYPE="RedisCache",
    CACHE_REDIS_URL=URL,
    CACHE_DEFAULT_TIMEOUT=300,
)
Session(app)
cache = Cache(app)
Limiter(
    get_remote_address,
    app=app,
    storage_uri=URL.replace("unix://", "redis+unix://"),
    default_limits=["100000000/minute", "100000000/hour"],
    headers_enabled=True,
)


@app.get("/products/<slug>")
@cache.cached()
def page(slug: str) -> str:  # noqa: ARG001
    """Answer."""
    session.get("cart")
    return BODY
