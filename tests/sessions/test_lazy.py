"""The cost of a request: no round trip without the session, one to read it, one more to change it."""

from __future__ import annotations

import pytest
from flask import Flask, session
from flask.testing import FlaskClient

from tests.redis_roles.servers import Server
from tests.sessions.conftest import get, recorded_commands, sid_of


def test_an_untouched_session_costs_nothing(returning: FlaskClient, own_redis: Server) -> None:
    with recorded_commands(own_redis) as commands:
        response = returning.get("/untouched")
    assert commands == []
    assert "Set-Cookie" not in response.headers
    assert "Cookie" not in response.headers.get("Vary", "")


def test_reading_takes_one_round_trip(returning: FlaskClient, own_redis: Server) -> None:
    get(returning, "/read")  # now the server has cached the script
    with recorded_commands(own_redis) as commands:
        response = returning.get("/read")
    assert response.get_json() == {"a": "1"}
    assert commands == ["EVALSHA"]
    assert "Set-Cookie" not in response.headers
    assert "Cookie" in response.headers["Vary"]


def test_a_visitor_without_a_cookie_costs_nothing_to_read(visitor: FlaskClient, own_redis: Server) -> None:
    with recorded_commands(own_redis) as commands:
        response = visitor.get("/read")
    assert commands == []
    assert "Set-Cookie" not in response.headers
    assert own_redis.client.dbsize() == 0


def test_a_change_takes_one_more_round_trip_and_no_cookie(returning: FlaskClient, own_redis: Server) -> None:
    returning.get("/set/a/2")
    with recorded_commands(own_redis) as commands:
        response = returning.get("/set/a/3")
    assert commands == ["EVALSHA", "EVALSHA"]
    assert "Set-Cookie" not in response.headers
    assert get(returning, "/read") == {"a": "3"}


def test_an_unchanged_value_is_not_written(returning: FlaskClient, own_redis: Server) -> None:
    returning.get("/set/a/1")
    with recorded_commands(own_redis) as commands:
        returning.get("/set/a/1")
    assert commands == ["EVALSHA"]


def test_a_change_inside_a_value_is_written(returning: FlaskClient) -> None:
    for value in ("x", "y"):
        returning.get(f"/append/list/{value}")
    assert get(returning, "/read") == {"a": "1", "list": ["x", "y"]}


@pytest.mark.parametrize("value", [None, True, -1, 1.5, "ü", b"\x80", [1, [2]], {"a": {"b": 1}}, 2**63])
def test_values_are_read_as_they_were_written(shop: Flask, visitor: FlaskClient, value: object) -> None:
    shop.add_url_rule("/keep", "keep", lambda: (session.update(value=value), "ok")[1])
    shop.add_url_rule("/same", "same", lambda: str(session["value"] == value))
    visitor.get("/keep")
    assert visitor.get("/same").text == "True"


def test_a_session_is_a_mapping(shop: Flask, visitor: FlaskClient) -> None:
    def page() -> str:
        assert session
        assert "a" in session
        assert len(session) == 1
        assert list(session) == ["a"]
        assert {**session} == dict(session) == session == {"a": "1"}
        assert session.get("b") is None
        with pytest.raises(KeyError):
            session["b"]
        with pytest.raises(TypeError, match="text"):
            session[1] = "x"  # type: ignore[index]
        assert "1" not in repr(session)
        session.clear()
        return "ok"

    shop.add_url_rule("/page", "page", page)
    visitor.get("/set/a/1")
    assert visitor.get("/page").status_code == 200
    assert get(visitor, "/read") == {}


def test_flask_session_transaction_works(visitor: FlaskClient) -> None:
    with visitor.session_transaction() as opened:
        opened["a"] = "1"
    assert sid_of(visitor)
    assert get(visitor, "/read") == {"a": "1"}
    with visitor.session_transaction() as opened:
        assert opened["a"] == "1"
