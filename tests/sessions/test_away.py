"""Redis away, in every way: the session is empty and stays as it is, the cookie too, and pages go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import redis_roles
from storefront.redis_roles import Role
from tests.processes import eventually
from tests.redis_roles.servers import Server
from tests.sessions.conftest import get, kept, key_of, meanwhile, sid_of, stranger, twin

Outage = Callable[[], None]


@pytest.fixture(params=["killed", "frozen"])
def outage(request: pytest.FixtureRequest, own_redis: Server) -> Iterator[Outage]:
    """Takes Redis away."""
    yield own_redis.kill if request.param == "killed" else own_redis.freeze
    if request.param == "frozen":
        own_redis.thaw()


@pytest.fixture
def frozen(own_redis: Server) -> Iterator[Server]:
    """Frozen when the test says so; goes on at the end."""
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


def test_without_redis_pages_work_and_the_cookie_stays(known: FlaskClient, outage: Outage) -> None:
    sid = sid_of(known)
    outage()
    for path in PATHS:
        response = known.get(path)
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers
    assert get(known, "/read") == {}
    assert get(known, "/available") is False
    assert sid_of(known) == sid


def test_without_redis_a_new_visitor_gets_no_cookie(visitor: FlaskClient, outage: Outage) -> None:
    outage()
    for path in PATHS:
        response = visitor.get(path)
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers


def test_when_redis_is_back_the_session_is_unchanged(shop: Flask, known: FlaskClient, frozen: Server) -> None:
    assert get(known, "/available") is True
    frozen.freeze()
    for path in PATHS:
        assert known.get(path).status_code == 200
    frozen.thaw()
    assert eventually(lambda: closed(shop))
    assert get(known, "/read") == {"a": "1"}
    assert get(known, "/available") is True


@pytest.mark.parametrize("path", ["/slow", "/slow/set/b/2", "/slow/append/list/x"])
def test_an_outage_during_a_request_does_not_fail_it(
    shop: Flask, known: FlaskClient, outage: Outage, path: str
) -> None:
    meanwhile(shop, outage)
    response = known.get(path)
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers


def test_without_redis_a_sign_out_deletes_the_cookie(known: FlaskClient, outage: Outage) -> None:
    outage()
    response = known.get("/end/say")
    assert response.status_code == 200
    assert "Max-Age=0" in response.headers["Set-Cookie"]


def test_without_a_cookie_the_breaker_tells_of_the_outage(
    shop: Flask, visitor: FlaskClient, outage: Outage
) -> None:
    assert get(visitor, "/available") is True
    outage()

    def others_find_out() -> bool:
        stranger(shop).get("/read")
        return get(visitor, "/available") is False

    assert eventually(others_find_out)


def test_a_full_server_allows_reads_and_sign_outs(known: FlaskClient, own_redis: Server) -> None:
    other, key = twin(known), key_of(known)
    own_redis.client.config_set("maxmemory", 1)
    for path in ("/set/a/2", "/rotate/set/a/2", "/append/list/x", "/set/a/3"):
        response = known.get(path)
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers
    assert get(known, "/read") == {"a": "1"}
    assert known.get("/end").status_code == 200
    assert kept(own_redis, key).keys() == {b"ended"}
    assert get(other, "/read") == {}


def test_a_read_only_server_allows_reads(known: FlaskClient, own_redis: Server) -> None:
    own_redis.client.pexpire(key_of(known), 1000_000)  # its refresh is due
    own_redis.client.execute_command("REPLICAOF", "127.0.0.1", "1")
    for path in ("/set/a/2", "/rotate", "/drop/a"):
        assert "Set-Cookie" not in known.get(path).headers
    own_redis.client.execute_command("REPLICAOF", "NO", "ONE")
    assert get(known, "/read") == {"a": "1"}


def test_a_restarted_empty_server_means_new_visitors(known: FlaskClient, own_redis: Server) -> None:
    own_redis.kill()
    own_redis.start()
    assert eventually(lambda: known.get("/set/b/2").headers.get("Set-Cookie"))
    assert get(known, "/read") == {"b": "2"}
