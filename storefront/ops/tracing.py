"""OpenTelemetry traces, if its packages are installed and a standard OTEL_ variable names a collector.

Otherwise nothing is imported and nothing is traced. To turn it on: `pip install --require-hashes -r
requirements-tracing.txt`, then OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318 and OTEL_SERVICE_NAME=storefront.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from flask import Flask

from storefront.extensions import db
from storefront.web import ROUTE

_TARGETS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
# Attributes that may contain personal data. They are emptied; the span's name has the route only.
_PERSONAL = (
    *("http.target", "http.url", "url.full", "url.path", "url.query", "http.client_ip", "client.address"),
    *("net.peer.ip", "net.peer.port", "network.peer.address", "http.user_agent", "user_agent.original"),
)

log = logging.getLogger(__name__)


def init_app(app: Flask, environ: Mapping[str, str] = os.environ) -> bool:
    """Trace requests, SQL statements and Redis calls if the environment asks for it; return whether it does."""
    if environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(environ.get(n) for n in _TARGETS):
        return False
    if not _installed():
        log.warning("OTEL_ variables are set, but nothing is traced: install requirements-tracing.txt.")
        return False
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    instrument(app, provider)
    return True


def _installed() -> bool:
    try:
        return find_spec("opentelemetry.sdk") is not None
    except (ImportError, ValueError):
        return False


def instrument(app: Flask, provider: Any) -> None:
    """Turn on OpenTelemetry's instrumentations of Flask, Redis and SQLAlchemy for this provider."""
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.instrumentation.redis import RedisInstrumentor
    from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor

    def clean(span: Any, _status: str, _headers: object) -> None:
        for name in _PERSONAL:
            span.set_attribute(name, "")

    def name_span(span: Any, environ: Mapping[str, Any]) -> None:
        _, rule = environ.get(ROUTE, ("", None))
        span.update_name(f"{environ['REQUEST_METHOD']} {rule or 'none'}")

    flask: Any = FlaskInstrumentor()  # not typed
    flask.instrument_app(
        app,
        tracer_provider=provider,
        request_hook=name_span,
        response_hook=clean,
        excluded_urls="healthz,readyz,metrics",
    )
    with app.app_context():
        # The package requires SQLAlchemy < 2.1, but the events that it uses exist in 2.1; a test counts the spans.
        SQLAlchemyInstrumentor().instrument(engine=db.engine, tracer_provider=provider, skip_dep_check=True)
    redis = RedisInstrumentor()
    if not redis.is_instrumented_by_opentelemetry:
        redis.instrument(tracer_provider=provider)
