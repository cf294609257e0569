"""Running the shop: setting it up, and knowing whether it can serve."""

from __future__ import annotations

from flask import Flask

from storefront import redis_roles
from storefront.cache.cli import cache
from storefront.ops import (
    backup,
    dashboard,
    metrics,
    minute_figures,
    request_figures,
    schema,
    setup,
    tracing,
    warm_up,
)
from storefront.ops.doctor import cli, proxy_echo
from storefront.web import health, staff_access

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
    app.register_blueprint(proxy_echo.bp)
    app.register_blueprint(dashboard.bp)
    minute_figures.init_app(app)
    for endpoint, label in _PAGES:
        if endpoint in app.view_functions:  # there is no page of the cache without a cache
            staff_access.add_page(app, endpoint, label)
    app.context_processor(lambda: {"staff_pages": staff_access.pages(app)})
    cache.add_command(warm_up.warm)
    schema.init_app(app)
    metrics.init_app(app)
    request_figures.init_app(app)
    warm_up.init_app(app)
    health.add_check(app, "database", schema.readiness, required=True)
    # Without Redis the shop still serves: one Redis must not take every instance out of the balancer.
    health.add_check(app, "redis", redis_roles.problem, required=False)


def measure(app: Flask) -> request_figures.Measure | None:
    """Measure every request, from outside all other layers of the shop.

    Returns:
        The function that measures an answer made outside of them; None if requests are traced: that needs all layers.
    """
    is_traced = tracing.init_app(app)
    requests = request_figures.Requests(app, app.wsgi_app)
    request_figures.requests.set(app, requests)
    app.wsgi_app = requests  # type: ignore[method-assign]
    return None if is_traced else requests.measure
