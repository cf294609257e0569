"""A basket and /me on plain Flask-Session: both in the session, nothing in SQL."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, Response, jsonify, redirect, request, session
from flask_session import Session
from redis import Redis
from werkzeug.wrappers import Response as BaseResponse


def make(redis: str) -> Flask:
    """Return the application. It has no rate limits, no prices and no stock."""
    app = Flask(__name__)
    app.config.update(SESSION_TYPE="redis", SESSION_REDIS=Redis.from_url(redis))
    Session(app)
    kept: Any = session

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.get("/me")
    def me() -> Response:
        return jsonify(signed_in=False, name=None, cart_quantity=sum(kept.get("cart", {}).values()))

    @app.post("/cart/lines")
    def add_line() -> BaseResponse:
        cart = kept.get("cart", {})
        cart[request.form["sku"]] = cart.get(request.form["sku"], 0) + int(request.form["quantity"])
        kept["cart"] = cart
        return redirect("/cart", 303)

    return app


if "PEER_BASKET" in os.environ:
    app = make(os.environ["PEER_REDIS"])
