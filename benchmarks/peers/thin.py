"""Peer (a): the simplest Flask view that returns the same bytes from memory."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response

BODY = Path(os.environ["PEER_BODY"]).read_bytes()
app = Flask(__name__)


@app.get("/products/<slug>")
def page(slug: str) -> Response:  # noqa: ARG001
    """Answer."""
    return Response(BODY, mimetype="text/html")
