"""Running the shop: setting it up, and knowing whether it can serve."""

from __future__ import annotations

from flask import Flask

from storefront import redis_roles
from storefront.cache.cli import cache
from storefront.ops import backup, dashboard, history, metrics, requests, schema, setup, tracing, warming
from storefront.ops.doctor import cli, mirror
from storefront.web import health, staff

_PAGES = (
    ("ops.dashboard", "Overview"),
    ("cache.dashboard", "Cache"),
    ("rate_limiting.dashboard", "Limits"),
    ("stock_staff.show", "Stock"),
    ("orders_staff.all_orders", "Orders"),
)


def init_app(app: Flask) -> None:
    """Register the readiness checks, and the first request's look at the tables."""
    app.cli.add_command(setup.setup)
    app.cli.add_command(cli.command)
    app.cli.add_command(backup.backup)
    app.cli.add_command(backup.restore)
    app.register_blueprint(mirror.bp)
    app.register_blueprint(dashboard.bp)
    app.extensions["ticks"] = [*app.extensions.get("ticks", ()), history.Recorder(app).tell]
    for endpoint, label in _PAGES:
        if endpoint in app.view_functions:  # there is no page of the cache without a cache
            staff.add_page(app, endpoint, label)
    app.context_processor(lambda: {"staff_pages": app.extensions["staff_pages"]})
    cache.add_command(warming.warm)
    schema.init_app(app)
    metrics.init_app(app)
    requests.init_app(app)
    warming.init_app(app)
    health.add_check(app, "database", schema.readiness, required=True)
    # Without Redis the shop still serves: one Redis must not take every instance out of the balancer.
    health.add_check(app, "redis", redis_roles.problem, required=False)


def measure(app: Flask) -> None:
    """Measure every request, from outside all other layers of the shop."""
    tracing.init_app(app)
    app.extensions["requests"] = requests.Requests(app, app.wsgi_app)
    app.wsgi_app = app.extensions["requests"]  # type: ignore[method-assign]
