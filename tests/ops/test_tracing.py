"""Traces are off by default and contain no personal data."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from flask import Flask
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from storefront.ops import tracing
from tests.factories import make_product
from tests.processes import ROOT, eventually, gunicorn, served

pytestmark = pytest.mark.any_database


@pytest.fixture
def spans(app: Flask) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.instrument(app, provider)
    yield exporter
    FlaskInstrumentor.uninstrument_app(app)
    SQLAlchemyInstrumentor().uninstrument()
    RedisInstrumentor().uninstrument()


def test_a_trace_has_the_statements_and_redis_calls(app: Flask, spans: InMemorySpanExporter) -> None:
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


def test_without_otel_variables_nothing_is_imported(tmp_path: object) -> None:
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


def test_with_tracing_the_fast_path_is_off(tmp_path: object) -> None:
    code = "from storefront.app import create_app; print('edge.fast_path' in create_app().extensions)"
    about = {"PATH": "/usr/bin:/bin", "STOREFRONT_INSTANCE_DIR": str(tmp_path)}
    said = []
    for more in ({}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}):
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=ROOT, env=about | more, text=True, capture_output=True, timeout=60)
        said.append((done.returncode, done.stdout.strip()))
    assert said == [(0, "True"), (0, "False")]


@contextmanager
def collector() -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """Yield a collector's URL and the spans that it received."""
    sent: list[ExportTraceServiceRequest] = []

    class Take(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/traces":
                sent.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.slow
def test_workers_send_their_spans_to_the_collector(tmp_path: Path, redis_url: str) -> None:
    with collector() as (url, sent):
        settings = {
            "REDIS_URL": redis_url,
            "STOREFRONT_CACHE_PREFIX": "traced",
            "OTEL_EXPORTER_OTLP_ENDPOINT": url,
            "OTEL_SERVICE_NAME": "tea",
            "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        with served(tmp_path / "shop", *gunicorn(1), **settings) as shop:
            urllib.request.urlopen(f"{shop.url}/products?q=opensesame", timeout=60).close()

            def names() -> set[str]:
                resources = [each for request in list(sent) for each in request.resource_spans]
                assert {
                    one.value.string_value
                    for each in resources
                    for one in each.resource.attributes
                    if one.key == "service.name"
                } <= {"tea"}
                return {span.name for each in resources for scope in each.scope_spans for span in scope.spans}

            assert eventually(lambda: "GET /products" in names()), names()
    assert not any(b"opensesame" in request.SerializeToString() for request in sent)


def test_requirements_tracing_has_all_packages() -> None:
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements-tracing.txt").read_text(), re.M))
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"][
        "tracing"
    ]
    wanted = [Requirement(one) for one in extra]
    assert len(wanted) > 3
    for one in wanted:
        name = canonicalize_name(one.name)
        assert pinned[name] == version(name), "what the tests run with"
        below = [Requirement(line) for line in requires(name) or ()]
        wanted += [other for other in below if other not in wanted and _is_meant(other)]


def _is_meant(one: Requirement) -> bool:
    return one.marker is None or one.marker.evaluate({"extra": ""})
