"""The document and the answers agree: schemathesis calls every operation with what it allows, and does not."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from storefront.api import tokens
from storefront.extensions import db
from tests.conftest import make_app
from tests.factories import make_category, make_product

ACCEPTED = ["2xx", "3xx", "401", "403", "404", "409"]


@pytest.fixture
def served(app: Flask, tmp_path: Any) -> Any:
    """The document of a shop with a product, and without limits."""
    make_product("Pot", category=make_category("Tea"), variants=[{"sku": "POT"}], pictures=1)
    db.session.remove()  # PostgreSQL ends a transaction that is left open while examples are made
    (tmp_path / "unlimited").mkdir()
    settings = {"REDIS_URL": app.config["REDIS_URL"], "STOREFRONT_LIMITS": "off"}
    unlimited = make_app(app.config["SQLALCHEMY_DATABASE_URI"], tmp_path / "unlimited", **settings)
    with unlimited.app_context():
        schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", unlimited)
        # What no schema can say (a category that is there, the shop's currency) is refused with 422 too.
        schema.config.checks.positive_data_acceptance.expected_statuses = [*ACCEPTED, "422"]
        schema.config.generation.allow_extra_parameters = False  # these are dropped, as the interface says
        yield schema
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def bearer(app: Flask) -> dict[str, str]:
    """The header of a token that may do everything."""
    token = tokens.create("all", list(tokens.SCOPES))
    db.session.remove()
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_answers_keep_to_the_document(served: Any, bearer: dict[str, str], mode: GenerationMode) -> None:
    operations = [result.ok() for result in served.get_all_operations()]
    assert len(operations) >= 10
    for operation in operations:

        @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def keeps(case: Any) -> None:
            try:
                case.call_and_validate(headers=bearer)
            finally:
                db.session.remove()

        try:
            keeps()
        except Unsatisfiable:  # the operation takes nothing that could be wrong
            assert mode is GenerationMode.NEGATIVE


def test_the_document_tells_every_operation_and_no_other(app: Flask) -> None:
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


def test_every_operation_is_under_the_limit_of_the_api(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if str(rule).startswith("/api/"):
            charges = app.view_functions[rule.endpoint].rate_limits  # type: ignore[attr-defined]
            assert [charge.policy for charge in charges] == ["api"], rule


def test_the_page_of_the_document_shows_all_of_it_and_fetches_nothing_from_elsewhere(app: Flask) -> None:
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
