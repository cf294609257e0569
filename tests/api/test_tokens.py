"""Tokens: created by a command, stored as digests, refused when invalid, each with its own rate limit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from storefront.api import tokens
from storefront.api.models import ApiToken
from storefront.api.state import state
from storefront.extensions import db, write_transaction
from tests.api.conftest import Call
from tests.conftest import make_app
from tests.statements import statements

pytestmark = pytest.mark.any_database

ORDINARY = "/products?fields=id"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_commands_create_list_and_revoke_tokens(app: Flask, call: Call) -> None:
    run = app.test_cli_runner().invoke
    token = run(
        args=["token", "create", "Ware house", "--scope", "stock:write", "--scope", "catalog:read"]
    ).output.strip()
    assert call("GET", ORDINARY, **bearer(token)).status_code == 200
    key = token.split("_")[1]
    assert run(args=["token", "list"]).output.split("\t") == [
        key,
        "Ware house",
        "catalog:read stock:write",
        "never used",
        "valid\n",
    ]
    assert run(args=["token", "revoke", key]).output == "Ware house is revoked.\n"
    answer = call("GET", ORDINARY, **bearer(token))
    assert (answer.status_code, "revoked" in answer.get_json()["detail"]) == (401, True)
    assert "revoked" in run(args=["token", "list"]).output
    for wrong in (
        ["revoke", "none"],
        ["create", "x", "--scope", "all"],
        ["create", " ", "--scope", "stock:read"],
    ):
        failed = run(args=["token", *wrong])
        assert (failed.exit_code, "Error: " in failed.output) == (1, True)


def test_database_contains_no_usable_token(app: Flask) -> None:
    token = tokens.create_token("x", ["stock:read"])
    row = db.session.execute(db.select(ApiToken)).scalar_one()
    kept = " ".join(str(getattr(row, column.key)) for column in ApiToken.__table__.columns)
    assert token.split("_", 2)[2].split(".")[0] not in kept
    assert len(token) > 60


@pytest.mark.parametrize(
    "header",
    [
        "Bearer sf_0123456789ab_secret.sig",
        "Bearer",
        "Basic a2V5OnZhbHVl",
        "Bearer " + "a" * 9000,
        "bearer sf_\u00e9",
        "",
    ],
)
def test_foreign_token_is_refused_everywhere(call: Call, header: str) -> None:
    for address in (ORDINARY, "/categories"):
        answer = call("GET", address, Authorization=header)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="storefront"')


def test_expired_token_is_refused(app: Flask, call: Call) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=60)
    token = tokens.create_token("x", ["stock:read"], expires_at=soon)
    assert call("GET", ORDINARY, **bearer(token)).status_code == 200
    with write_transaction() as session:
        session.execute(db.update(ApiToken).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert "expired" in call("GET", ORDINARY, **bearer(token)).get_json()["detail"]


def test_token_survives_a_new_secret_key(app: Flask, call: Call) -> None:
    token = tokens.create_token("x", ["stock:read"])
    app.config["SECRET_KEY"] = "another one"
    assert call("GET", ORDINARY, **bearer(token)).status_code == 200
    assert tokens.identify(app, {"HTTP_AUTHORIZATION": f"Bearer {token}"}) is None


def test_last_use_is_stored_without_a_write_per_request(app: Flask, call: Call) -> None:
    token = tokens.create_token("x", ["stock:read"])
    with statements() as seen:
        for _ in range(5):
            assert call("GET", ORDINARY, **bearer(token)).status_code == 200
    assert [s for s in seen if s.startswith("UPDATE")] == []
    used = state.get(app).token_use
    used.store()
    db.session.rollback()
    row = db.session.execute(db.select(ApiToken)).scalar_one()
    assert row.last_used_at is not None
    call("GET", ORDINARY, **bearer(token))
    with statements() as seen:
        used.store()
    assert seen == []


def test_each_token_has_its_own_rate_limit(app: Flask, tmp_path: Path) -> None:
    first, second = (tokens.create_token(name, ["stock:read"]) for name in ("a", "b"))
    (tmp_path / "limited").mkdir()
    url, redis = app.config["SQLALCHEMY_DATABASE_URI"], app.config["REDIS_URL"]
    limited = make_app(url, tmp_path / "limited", REDIS_URL=redis, STOREFRONT_LIMIT_API="3/hour")
    with limited.app_context():
        client = limited.test_client()
        for token in (first, second, None):
            headers = bearer(token) if token else {}
            seen = [client.get("/api/v1/categories", headers=headers) for _ in range(4)]
            assert [answer.status_code for answer in seen] == [200, 200, 200, 429]
        assert seen[-1].mimetype == "application/problem+json"
        forged = bearer(f"{first[:-3]}abc")
        assert client.get("/api/v1/categories", headers=forged).status_code == 429
        db.session.remove()
        db.engine.dispose()
