"""Without Redis the session is empty in requests, unchanged in Redis, the cookie stays, and pages work."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import redis_roles
from storefront.redis_roles import Role
from tests.processes import eventually
from tests.redis_roles.servers import Server
from tests.sessions.conftest import (
    client_with_id,
    get,
    key_of,
    meanwhile,
    same_visitor,
    sid_of,
    stored_fields,
)

Outage = Callable[[], None]


@pytest.fixture(params=["killed", "frozen"])
def outage(request: pytest.FixtureRequest, own_redis: Server) -> Iterator[Outage]:
    """Makes Redis unavailable when called."""
    yield own_redis.kill if request.param == "killed" else own_redis.freeze
    if request.param == "frozen":
        own_redis.thaw()


@pytest.fixture
def frozen(own_redis: Server) -> Iterator[Server]:
    """The server, for the test to freeze; it runs again afterwards."""
    yield own_redis
    own_redis.thaw()


def closed(app: Flask) -> bool:
    with app.app_context():
        return all(
            role.state == role.writes == "closed"
            for role in redis_roles.statuses()
            if role.role == Role.SESSION
        )


PATHS = ["/read", "/set/b/2", "/append/list/x", "/drop/a", "/rotate", "/rotate/set/b/2", "/untouched"]


def test_without_redis_pages_work_and_the_cookie_stays(returning: FlaskClient, outage: Outage) -> None:
    sid = sid_of(returning)
    outage()
    for path in PATHS:
        response = returning.get(path)
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers
    assert get(returning, "/read") == {}
    assert get(returning, "/available") is False
    assert sid_of(returning) == sid


def test_without_redis_a_new_visitor_gets_no_cookie(visitor: FlaskClient, outage: Outage) -> None:
    outage()
    for path in PATHS:
        response = visitor.get(path)
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers


def test_when_redis_is_back_the_session_is_unchanged(
    shop: Flask, returning: FlaskClient, frozen: Server
) -> None:
    assert get(returning, "/available") is True
    frozen.freeze()
    for path in PATHS:
        assert returning.get(path).status_code == 200
    frozen.thaw()
    assert eventually(lambda: closed(shop))
    assert get(returning, "/read") == {"a": "1"}
    assert get(returning, "/available") is True


@pytest.mark.parametrize("path", ["/slow", "/slow/set/b/2", "/slow/append/list/x"])
def test_an_outage_during_a_request_does_not_fail_it(
    shop: Flask, returning: FlaskClient, outage: Outage, path: str
) -> None:
    meanwhile(shop, outage)
    response = returning.get(path)
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers


def test_without_redis_a_sign_out_deletes_the_cookie(returning: FlaskClient, outage: Outage) -> None:
    outage()
    response = returning.get("/end/say")
    assert response.status_code == 200
    assert "Max-Age=0" in response.headers["Set-Cookie"]


def test_without_a_cookie_the_breaker_shows_the_outage(
    shop: Flask, visitor: FlaskClient, outage: Outage
) -> None:
    assert get(visitor, "/available") is True
    outage()

    def breaker_opens() -> bool:
        client_with_id(shop).get("/read")
        return get(visitor, "/available") is False

    assert eventually(breaker_opens)


def test_a_full_server_allows_reads_and_sign_outs(returning: FlaskClient, own_redis: Server) -> None:
    other, key = same_visitor(returning), key_of(returning)
    own_redis.client.config_set("maxmemory", 1)
    for path in ("/set/a/2", "/rotate/set/a/2", "/append/list/x", "/set/a/3"):
        response = returning.get(path)
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers
    assert get(returning, "/read") == {"a": "1"}
    assert returning.get("/end").status_code == 200
    assert stored_fields(own_redis, key).keys() == {b"ended"}
    assert get(other, "/read") == {}


def test_a_read_only_server_allows_reads(returning: FlaskClient, own_redis: Server) -> None:
    own_redis.client.pexpire(key_of(returning), 1000_000)  # so that reading would extend it
    own_redis.client.execute_command("REPLICAOF", "127.0.0.1", "1")
    for path in ("/set/a/2", "/rotate", "/drop/a"):
        assert "Set-Cookie" not in returning.get(path).headers
    own_redis.client.execute_command("REPLICAOF", "NO", "ONE")
    assert get(returning, "/read") == {"a": "1"}


def test_a_restarted_empty_server_means_new_visitors(returning: FlaskClient, own_redis: Server) -> None:
    own_redis.kill()
    own_redis.start()
    assert eventually(lambda: returning.get("/set/b/2").headers.get("Set-Cookie"))
    assert get(returning, "/read") == {"b": "2"}
