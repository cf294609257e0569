"""Operations: set-up, readiness, metrics, the staff dashboard, the doctor, tracing and backups."""

from __future__ import annotations

from flask import Flask

from storefront import redis_roles
from storefront.cache.cli import cache
from storefront.ops import (
    backup,
    cache_estimate,
    dashboard,
    doctor,
    metrics,
    minute_figures,
    request_figures,
    schema,
    setup,
    tracing,
    warm_up,
)
from storefront.ops.doctor import proxy_echo
from storefront.ops.fault_texts import translate_fault
from storefront.ops.system_texts import translate_cause, translate_system_text
from storefront.terminal import guard
from storefront.web import health
from storefront.web.common_headers import Measure


def init_app(app: Flask) -> None:
    """Register commands, staff pages, readiness checks and the periodic tasks of this room."""
    app.cli.add_command(setup.setup)
    app.cli.add_command(doctor.command)
    app.cli.add_command(backup.backup)
    app.cli.add_command(backup.restore)
    app.register_blueprint(proxy_echo.bp)
    app.register_blueprint(dashboard.bp)
    app.add_template_filter(translate_system_text, "system_text")
    app.add_template_filter(translate_fault, "fault_text")
    app.add_template_filter(translate_cause, "write_cause")
    minute_figures.init_app(app)
    cache.add_command(warm_up.warm)
    cache.add_command(cache_estimate.estimate)
    schema.init_app(app)
    metrics.init_app(app)
    request_figures.init_app(app)
    warm_up.init_app(app)
    health.add_check(app, "database", schema.ReadinessProbe(app), required=True)
    # The shop serves without Redis, so a lost Redis must not take every instance out of the load balancer.
    health.add_check(app, "redis", redis_roles.check_servers, required=False)
    guard(app.cli, schema.check_tables)
    setup.prepare_flask_command(app)


def measure(app: Flask) -> Measure | None:
    """Wrap the application so that every request is measured, outside all other layers.

    Returns:
        The function that measures a response of the fast path; None if requests are traced, since a trace needs all
        layers and the fast path is off.
    """
    is_traced = tracing.init_app(app)
    meter = request_figures.RequestMeter(app, app.wsgi_app)
    request_figures.request_meter.set(app, meter)
    app.wsgi_app = meter  # type: ignore[method-assign]
    return None if is_traced else meter.measure_fast
