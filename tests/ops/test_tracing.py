"""Traces: off unless asked for, and with nobody's data in them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from flask import Flask
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from storefront.ops import tracing
from tests.factories import make_product
from tests.processes import ROOT


@pytest.fixture
def spans(app: Flask) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.instrument(app, provider)
    yield exporter
    FlaskInstrumentor.uninstrument_app(app)
    SQLAlchemyInstrumentor().uninstrument()
    RedisInstrumentor().uninstrument()


def test_a_page_is_traced_with_its_statements_and_calls(app: Flask, spans: InMemorySpanExporter) -> None:
    make_product("Mug")
    spans.clear()
    about = {"REMOTE_ADDR": "203.0.113.7", "HTTP_USER_AGENT": "Lynx"}
    assert app.test_client().get("/products/mug?q=opensesame", environ_base=about).status_code == 200
    told: tuple[ReadableSpan, ...] = spans.get_finished_spans()
    (page,) = [span for span in told if span.name == "GET /products/<slug>"]
    below = [span for span in told if span.context.trace_id == page.context.trace_id and span is not page]
    systems = {str((span.attributes or {}).get("db.system")) for span in below}
    assert "redis" in systems
    assert systems & {"sqlite", "postgresql"}
    for span in told:
        text = span.to_json()
        assert not [word for word in ("opensesame", "203.0.113.7", "Lynx") if word in text], text


def test_nothing_is_imported_or_traced_unless_asked_for(tmp_path: object) -> None:
    code = (
        "import sys; {gone} and sys.modules.update(opentelemetry=None);"
        "from storefront.app import create_app; create_app();"
        "names = ('opentelemetry.instrumentation', 'opentelemetry.exporter');"
        "print([name for name in sys.modules if name.startswith(names)])"
    )
    about = {"PATH": "/usr/bin:/bin", "STOREFRONT_INSTANCE_DIR": str(tmp_path)}
    for gone, more in (
        (False, {}),
        (True, {}),
        (True, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code.format(gone=gone)],
            cwd=ROOT,
            env=about | more,
            text=True,
            capture_output=True,
        )
        assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
    assert "install requirements-tracing.txt" in done.stderr


def test_a_worker_answers_nothing_past_the_tracing(tmp_path: object) -> None:
    code = "from storefront.app import create_app; print('edge_front' in create_app().extensions)"
    about = {"PATH": "/usr/bin:/bin", "STOREFRONT_INSTANCE_DIR": str(tmp_path)}
    said = []
    for more in ({}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}):
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=ROOT, env=about | more, text=True, capture_output=True, timeout=60)
        said.append((done.returncode, done.stdout.strip()))
    assert said == [(0, "True"), (0, "False")]
