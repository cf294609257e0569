"""How long a session lives: an hour from its last use, refreshed seldom, and not for ever."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.redis_roles.servers import Server
from tests.sessions.conftest import get, heard, key_of, make_shop

HOUR = 3600_000  # milliseconds


def _left(own_redis: Server, known: FlaskClient) -> int:
    return int(own_redis.client.pttl(key_of(known)))  # type: ignore[arg-type]


def test_a_new_session_lives_an_hour(known: FlaskClient, own_redis: Server) -> None:
    assert 0.9 * HOUR < _left(own_redis, known) <= HOUR


@pytest.mark.parametrize(("percent", "refreshed"), [(95, False), (91, False), (89, True), (1, True)])
def test_reading_extends_a_session_below_nine_tenths(
    known: FlaskClient, own_redis: Server, percent: int, refreshed: bool
) -> None:
    own_redis.client.pexpire(key_of(known), HOUR * percent // 100)
    own_redis.client.config_resetstat()
    assert get(known, "/read") == {"a": "1"}
    assert ("cmdstat_pexpire" in own_redis.client.info("commandstats")) is refreshed
    assert (_left(own_redis, known) > HOUR * percent // 100) is refreshed


def test_an_extension_is_part_of_the_one_round_trip(known: FlaskClient, own_redis: Server) -> None:
    get(known, "/read")
    own_redis.client.pexpire(key_of(known), HOUR // 2)
    with heard(own_redis) as commands:
        get(known, "/read")
    assert commands == ["EVALSHA"]
    assert _left(own_redis, known) > 0.9 * HOUR


def test_a_session_without_expiry_gets_one(known: FlaskClient, own_redis: Server) -> None:
    own_redis.client.persist(key_of(known))
    get(known, "/read")
    assert 0 < _left(own_redis, known) <= HOUR


def _age(own_redis: Server, known: FlaskClient, milliseconds: int) -> None:
    """Make it as old as that, and its refresh due."""
    own_redis.client.pexpire(key_of(known), HOUR // 2)
    own_redis.client.hset(key_of(known), "created", str(int(time.time() * 1000) - milliseconds))


def test_no_session_is_extended_beyond_its_maximum_age(known: FlaskClient, own_redis: Server) -> None:
    _age(own_redis, known, 30 * 24 * HOUR - HOUR // 4)
    assert get(known, "/read") == {"a": "1"}
    assert 0 < _left(own_redis, known) <= HOUR // 4
    own_redis.client.config_resetstat()
    get(known, "/read")
    assert "cmdstat_pexpire" not in own_redis.client.info("commandstats")


def test_past_its_maximum_age_a_session_is_gone(known: FlaskClient, own_redis: Server) -> None:
    _age(own_redis, known, 30 * 24 * HOUR)
    assert get(known, "/read") == {}
    assert own_redis.client.dbsize() == 0


def test_rotation_does_not_reset_the_age(known: FlaskClient, own_redis: Server) -> None:
    _age(own_redis, known, HOUR)
    before = own_redis.client.hget(key_of(known), "created")
    known.get("/rotate")
    assert own_redis.client.hget(key_of(known), "created") == before
    assert 0 < _left(own_redis, known) <= HOUR


def test_lifetime_and_maximum_age_are_settings(own_redis: Server, redis_url: str, tmp_path: Path) -> None:
    settings = {"STOREFRONT_SESSION_TTL": "60", "STOREFRONT_SESSION_MAX_AGE": "3600"}
    client = make_shop(tmp_path, redis_url, own_redis.url, **settings).test_client()
    client.get("/set/a/1")
    assert 0 < _left(own_redis, client) <= 60_000
    _age(own_redis, client, HOUR)
    assert get(client, "/read") == {}
