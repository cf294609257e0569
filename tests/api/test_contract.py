"""Responses conform to the OpenAPI document: schemathesis calls every operation with valid and invalid input."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from storefront.api import tokens
from storefront.extensions import db
from tests.checkout.shoppers import make_draft, place
from tests.conftest import make_app
from tests.factories import make_category, make_product
from tests.selection import effort

# They are slow, so each runs once.
# Boundary values of every field take as long as the rest together: `make test-long` sends them.
PHASES = {"sqlite": ("fuzzing,stateful", "coverage,stateful")[effort(0, 1)], "postgresql": "fuzzing"}
# Some errors cannot be expressed in a schema: an unknown category, another currency, a stale If-Match.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "401", "403", "404", "409", "412", "422"]
"""


class KeptOpen(WSGIRequestHandler):
    """Answers many requests on one connection."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def served(app: Flask, tmp_path: Path) -> Iterator[str]:
    """The URL of a running shop without rate limits, with a product and an order."""
    make_product("Pot", category=make_category("Tea"), variants=[{"sku": "POT"}], pictures=1)
    place(make_draft({"POT": 1}))
    db.session.remove()
    (tmp_path / "unlimited").mkdir()
    settings = {"REDIS_URL": app.config["REDIS_URL"], "STOREFRONT_LIMITS": "off"}
    unlimited = make_app(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path / "unlimited", **settings)
    server = make_server("127.0.0.1", 0, unlimited, threaded=True, request_handler=KeptOpen)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
    with unlimited.app_context():
        db.engine.dispose()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.any_database
def test_responses_conform_to_the_document(served: str, tmp_path: Path, database: str) -> None:
    token = tokens.create_token("all", list(tokens.SCOPES))
    db.session.remove()
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        Path(sys.executable).with_name("schemathesis"),
        "--config-file",
        config,
        "run",
        f"{served}/api/v1/openapi.json",
        "--header",
        f"Authorization: Bearer {token}",
        "--checks",
        "all",
        "--phases",
        PHASES[database],
        "--max-examples",
        str(effort(4, 100)),
        "--generation-deterministic",
        "--no-shrink",
        "--continue-on-failure",
        "--no-color",
    ]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"Tested: *[12]\d\b", ran.stdout), ran.stdout


def test_document_lists_exactly_the_operations(app: Flask) -> None:
    client = app.test_client()
    document = client.get("/api/v1/openapi.json").get_json()
    told = {(m.upper(), p.split("{")[0]) for p, methods in document["paths"].items() for m in methods}
    rules = [rule for rule in app.url_map.iter_rules() if str(rule).startswith("/api/")]
    there = {
        (m, str(r).split("<")[0]) for r in rules for m in r.methods or () if m not in ("HEAD", "OPTIONS")
    }
    described = {("GET", "/api/v1/openapi.json"), ("GET", "/api/v1/docs")}
    assert told == there - described
    assert document["openapi"].startswith("3.1")
    assert "hit" in client.get("/api/v1/openapi.json").headers["Cache-Status"]


def test_all_operations_have_the_api_rate_limit(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if str(rule).startswith("/api/"):
            charges = app.view_functions[rule.endpoint].rate_limits  # type: ignore[attr-defined]
            assert [charge.policy for charge in charges] == ["api"], rule


def test_docs_page_is_complete_and_self_contained(app: Flask) -> None:
    client = app.test_client()
    answer = client.get("/api/v1/docs")
    document = client.get("/api/v1/openapi.json").get_json()
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"{method.upper()} {path}" in answer.text
    for name in document["components"]["schemas"]:
        assert f'id="{name}"' in answer.text
    assert "://" not in answer.text.replace("http://www.w3.org", "")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
