"""Peer: Flask-SSE, which holds a connection to Redis for each open page."""

from __future__ import annotations

import os

from flask import Flask
from flask_sse import sse

app = Flask(__name__)
app.config["REDIS_URL"] = os.environ["PEER_REDIS"]
app.register_blueprint(sse, url_prefix="/stock/stream")


@app.get("/healthz")
def health() -> str:
    """Answer the health check."""
    return "ok"
