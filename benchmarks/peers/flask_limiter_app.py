"""The simplest Flask view with no limits, with Flask-Limiter, or with this shop's limits (PEER_LIMITS).

It has two limits, except for `near`: a limit that the process counts itself is a single one in this shop.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from storefront import i18n, limit_policies, rate_limiting, redis_roles

BODY = Path(os.environ["PEER_BODY"]).read_bytes() if "PEER_BODY" in os.environ else b""
MANY = "100000000/minute"
POLICIES = {"exact": ("api", "cart"), "near": ("browse",), "refused": ("search", "browse")}


def make(whose: str, redis: str) -> Flask:
    """Return an application with one page under two limits."""
    app = Flask(__name__)
    if whose == "flask-limiter":
        Limiter(
            get_remote_address,
            app=app,
            storage_uri=redis.replace("unix://", "redis+unix://"),
            default_limits=[MANY, "100000000/hour"],
            headers_enabled=True,
        )
    elif whose != "none":
        app.config.update(REDIS_URL=redis, CACHE_PREFIX=whose, WORKERS=1, LIMITS=True)
        app.config.update(LIMIT_VERIFY_CRAWLERS=False, LIMIT_SHADOW=[], LIMIT_ALLOW=[], LIMIT_DENY=[])
        rates = {f"STOREFRONT_LIMIT_{name}": MANY for name in ("BROWSE", "ME", "API", "CART")}
        app.config["LIMIT_RATES"] = rates | {"STOREFRONT_LIMIT_SEARCH": "1/hour"}
        app.config["LOCALE"] = "en_US"
        i18n.init_app(app)
        redis_roles.init_app(app)
        rate_limiting.init_app(app, limit_policies.POLICIES, limit_policies.ENDPOINT_COSTS)

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.get("/page")
    @rate_limiting.limit(*POLICIES.get(whose, ()))
    def page() -> str:
        return "page"

    @app.get("/products/<slug>")
    def product(slug: str) -> Response:  # noqa: ARG001
        return Response(BODY, headers={"Content-Encoding": "br"})

    return app


if "PEER_LIMITS" in os.environ:
    app = make(os.environ["PEER_LIMITS"], os.environ["PEER_REDIS"])
