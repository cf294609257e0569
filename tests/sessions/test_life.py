"""How long a session lives: an hour after its last use, extended seldom, up to a maximum age."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.redis_roles.servers import Server
from tests.sessions.conftest import get, key_of, make_shop, recorded_commands

HOUR = 3600_000  # milliseconds


def _left(own_redis: Server, returning: FlaskClient) -> int:
    return int(own_redis.client.pttl(key_of(returning)))  # type: ignore[arg-type]


def test_a_new_session_lives_an_hour(returning: FlaskClient, own_redis: Server) -> None:
    assert 0.9 * HOUR < _left(own_redis, returning) <= HOUR


@pytest.mark.parametrize(("percent", "refreshed"), [(95, False), (91, False), (89, True), (1, True)])
def test_reading_extends_a_session_below_nine_tenths(
    returning: FlaskClient, own_redis: Server, percent: int, refreshed: bool
) -> None:
    own_redis.client.pexpire(key_of(returning), HOUR * percent // 100)
    own_redis.client.config_resetstat()
    assert get(returning, "/read") == {"a": "1"}
    assert ("cmdstat_pexpire" in own_redis.client.info("commandstats")) is refreshed
    assert (_left(own_redis, returning) > HOUR * percent // 100) is refreshed


def test_an_extension_is_part_of_the_one_round_trip(returning: FlaskClient, own_redis: Server) -> None:
    get(returning, "/read")
    own_redis.client.pexpire(key_of(returning), HOUR // 2)
    with recorded_commands(own_redis) as commands:
        get(returning, "/read")
    assert commands == ["EVALSHA"]
    assert _left(own_redis, returning) > 0.9 * HOUR


def test_a_session_without_expiry_gets_one(returning: FlaskClient, own_redis: Server) -> None:
    own_redis.client.persist(key_of(returning))
    get(returning, "/read")
    assert 0 < _left(own_redis, returning) <= HOUR


def _age(own_redis: Server, returning: FlaskClient, milliseconds: int) -> None:
    """Give the session this age, and a remaining life that reading would extend."""
    own_redis.client.pexpire(key_of(returning), HOUR // 2)
    own_redis.client.hset(key_of(returning), "created", str(int(time.time() * 1000) - milliseconds))


def test_no_session_is_extended_beyond_its_maximum_age(returning: FlaskClient, own_redis: Server) -> None:
    _age(own_redis, returning, 30 * 24 * HOUR - HOUR // 4)
    assert get(returning, "/read") == {"a": "1"}
    assert 0 < _left(own_redis, returning) <= HOUR // 4
    own_redis.client.config_resetstat()
    get(returning, "/read")
    assert "cmdstat_pexpire" not in own_redis.client.info("commandstats")


def test_past_its_maximum_age_a_session_is_gone(returning: FlaskClient, own_redis: Server) -> None:
    _age(own_redis, returning, 30 * 24 * HOUR)
    assert get(returning, "/read") == {}
    assert own_redis.client.dbsize() == 0


def test_rotation_does_not_reset_the_age(returning: FlaskClient, own_redis: Server) -> None:
    _age(own_redis, returning, HOUR)
    before = own_redis.client.hget(key_of(returning), "created")
    returning.get("/rotate")
    assert own_redis.client.hget(key_of(returning), "created") == before
    assert 0 < _left(own_redis, returning) <= HOUR


def test_lifetime_and_maximum_age_are_settings(own_redis: Server, redis_url: str, tmp_path: Path) -> None:
    settings = {"STOREFRONT_SESSION_TTL": "60", "STOREFRONT_SESSION_MAX_AGE": "3600"}
    client = make_shop(tmp_path, redis_url, own_redis.url, **settings).test_client()
    client.get("/set/a/1")
    assert 0 < _left(own_redis, client) <= 60_000
    _age(own_redis, client, HOUR)
    assert get(client, "/read") == {}
