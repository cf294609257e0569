"""Rotated and ended sessions: an old id is useless, and no late request revives a session."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis.crc import key_slot

from storefront import sessions
from storefront.sessions.session import Session
from storefront.sessions.store import TOMBSTONE
from tests.redis_roles.servers import Server
from tests.sessions.conftest import (
    client_with_id,
    get,
    in_a_thread,
    key_of,
    meanwhile,
    same_visitor,
    sid_of,
    stored_fields,
)


def test_an_unknown_id_is_never_adopted(shop: Flask) -> None:
    victim = client_with_id(shop)  # the attacker has planted this cookie
    planted = sid_of(victim)
    victim.get("/set/name/Ada")
    assert sid_of(victim) != planted
    assert get(client_with_id(shop, planted), "/read") == {}


def test_rotation_moves_the_session_and_ends_the_old_id(
    shop: Flask, returning: FlaskClient, own_redis: Server
) -> None:
    attacker, old = same_visitor(returning), key_of(returning)
    returning.get("/rotate/set/name/Ada")
    assert sid_of(returning) != sid_of(attacker)
    assert get(returning, "/read") == {"a": "1", "name": "Ada"}
    assert get(attacker, "/read") == {}
    assert own_redis.client.hgetall(old) == {"ended": "1"}


def test_rotation_stays_in_one_cluster_slot(returning: FlaskClient) -> None:
    old = key_of(returning)
    returning.get("/rotate")
    assert key_of(returning) != old
    assert key_slot(key_of(returning).encode()) == key_slot(old.encode())


def test_writes_of_others_during_a_rotation_are_kept(shop: Flask, visitor: FlaskClient) -> None:
    def rotate_slowly() -> str:
        sessions.rotate()
        shop.extensions["meanwhile"]()
        return "ok"

    shop.add_url_rule("/rotate/slowly", "rotate_slowly", rotate_slowly)
    visitor.get("/set/a/1")
    other = same_visitor(visitor)
    meanwhile(shop, lambda: in_a_thread(lambda: other.get("/set/b/2")))
    visitor.get("/rotate/slowly")
    assert get(visitor, "/read") == {"a": "1", "b": "2"}


@pytest.mark.parametrize("ending", ["/end", "/rotate"])
@pytest.mark.parametrize("slow", ["/slow", "/slow/set/a/2", "/slow/append/list/x"])
def test_a_slow_request_does_not_undo_an_end_or_rotation(
    shop: Flask, returning: FlaskClient, own_redis: Server, ending: str, slow: str
) -> None:
    late, key = same_visitor(returning), key_of(returning)
    meanwhile(shop, lambda: in_a_thread(lambda: returning.get(ending)))
    response = late.get(slow)
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert own_redis.client.hgetall(key) == {"ended": "1"}
    assert get(same_visitor(late), "/read") == {}


@pytest.mark.parametrize("tombstone_expired", [False, True])
def test_a_slow_rotation_does_not_undo_a_sign_out(
    shop: Flask, visitor: FlaskClient, own_redis: Server, tombstone_expired: bool
) -> None:
    def change_password() -> str:
        sessions.rotate()
        shop.extensions["meanwhile"]()
        return "ok"

    def sign_out() -> None:
        visitor.get("/end")
        if tombstone_expired:
            own_redis.client.flushall()

    shop.add_url_rule("/password", "password", change_password)
    visitor.get("/set/a/1")
    late = same_visitor(visitor)
    meanwhile(shop, lambda: in_a_thread(sign_out))
    assert "Set-Cookie" not in late.get("/password").headers
    assert own_redis.client.dbsize() == (0 if tombstone_expired else 1)


@pytest.mark.parametrize("ending", ["/end", "/rotate"])
def test_a_late_request_does_not_touch_the_new_cookie(
    returning: FlaskClient, own_redis: Server, ending: str
) -> None:
    late = same_visitor(returning)
    returning.get(ending)
    keys = own_redis.client.dbsize()
    response = late.get("/set/a/2")
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert own_redis.client.dbsize() == keys


def test_the_tombstone_outlives_requests_only(returning: FlaskClient, own_redis: Server) -> None:
    key = key_of(returning)
    returning.get("/end")
    assert 15 < own_redis.client.ttl(key) <= TOMBSTONE


def test_ending_a_session_deletes_the_cookie(returning: FlaskClient, own_redis: Server) -> None:
    response = returning.get("/end")
    assert "Max-Age=0" in response.headers["Set-Cookie"]
    assert sid_of(returning) is None
    assert get(returning, "/read") == {}


def test_a_message_after_the_end_is_in_a_new_session(returning: FlaskClient) -> None:
    old = sid_of(returning)
    returning.get("/end/say")
    assert sid_of(returning) not in (None, old)
    assert get(returning, "/read") == {"said": "Good-bye"}


def test_a_sign_in_with_an_ended_cookie_starts_a_new_session(returning: FlaskClient) -> None:
    again = same_visitor(returning)
    returning.get("/end")
    again.get("/rotate/set/name/Ada")
    assert get(again, "/read") == {"name": "Ada"}


def test_ending_without_a_session_does_nothing(visitor: FlaskClient, own_redis: Server) -> None:
    response = visitor.get("/end")
    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert own_redis.client.dbsize() == 0


Check = Callable[[Session], bool]


@pytest.fixture
def generations(shop: Flask) -> dict[str, int]:
    """The current generation of each user; sessions with another one are not valid."""
    now: dict[str, int] = {"Ada": 1}

    def valid(session: Session) -> bool:
        return "name" not in session or session[sessions.GENERATION_FIELD] == str(now[session["name"]])

    sessions.add_validator(shop, valid)
    return now


def test_signing_out_everywhere_ends_only_that_users_sessions(
    shop: Flask, generations: dict[str, int], own_redis: Server
) -> None:
    devices = [shop.test_client() for _ in range(2)]
    for device in devices:
        device.get(f"/set/{sessions.GENERATION_FIELD}/1")
        device.get("/set/name/Ada")
    guest = shop.test_client()
    guest.get("/set/a/1")
    generations["Ada"] = 2
    for device in devices:
        key = key_of(device)
        response = device.get("/read")
        assert response.get_json() == {}
        assert "Max-Age=0" in response.headers["Set-Cookie"]
        assert own_redis.client.hgetall(key) == {"ended": "1"}
    assert get(guest, "/read") == {"a": "1"}


def test_a_failing_validator_ends_no_session(shop: Flask, visitor: FlaskClient, own_redis: Server) -> None:
    failing = []

    def valid(_: Session) -> bool:
        if failing:
            raise RuntimeError("the database is unavailable")
        return True

    sessions.add_validator(shop, valid)
    shop.config["PROPAGATE_EXCEPTIONS"] = False
    visitor.get("/set/a/1")
    before = stored_fields(own_redis, key_of(visitor))
    failing.append(True)
    response = visitor.get("/read")
    assert response.status_code == 500
    assert "Set-Cookie" not in response.headers
    assert stored_fields(own_redis, key_of(visitor)) == before
    failing.clear()
    assert get(visitor, "/read") == {"a": "1"}
