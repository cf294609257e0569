"""The cookie's flags and format, and that nothing in Redis helps somebody to forge one."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.sessions.store import is_valid_id, new_id
from tests.redis_roles.servers import Server
from tests.sessions.conftest import (
    client_with_id,
    get,
    key_of,
    make_shop,
    recorded_commands,
    sid_of,
    stored_fields,
)

PRODUCTION = {"STOREFRONT_ENV": "production", "SECRET_KEY": "k" * 32, "TRUSTED_HOSTS": "localhost"}
PRODUCTION |= {"STOREFRONT_LIMITS": "on"}


class Bomb:
    """Makes a directory when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.mkdir, ("exploded",))


def test_the_cookie_in_development(visitor: FlaskClient) -> None:
    set_cookie = visitor.get("/set/a/1").headers["Set-Cookie"]
    value, *flags = set_cookie.removeprefix("session=").split("; ")
    assert is_valid_id(value)
    assert sorted(flags) == ["HttpOnly", "Path=/", "SameSite=Lax"]


@pytest.mark.parametrize("env", ["development over TLS", "production"])
def test_the_cookie_over_tls_and_in_production(
    own_redis: Server, redis_url: str, tmp_path: Path, env: str
) -> None:
    app = make_shop(tmp_path, redis_url, own_redis.url, **(PRODUCTION if env == "production" else {}))
    client = app.test_client()
    base = "http://localhost" if env == "production" else "https://localhost"
    for path in ("/set/a/1", "/end"):
        name, _, rest = client.get(path, base_url=base).headers["Set-Cookie"].partition("=")
        flags = rest.split("; ")[1:]
        assert name == "__Host-session"
        assert {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"} <= set(flags)
        assert not any(flag.startswith("Domain") for flag in flags)


def test_over_tls_the_plain_cookie_is_ignored(returning: FlaskClient) -> None:
    assert get(returning, "/read", base_url="https://localhost") == {}


def test_ids_are_long_random_and_distinct() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len({one[2:] for one in ids}) == 1000
    assert all(is_valid_id(one) and len(one[2:]) * 6 >= 256 for one in ids)
    one = new_id()
    assert new_id(one)[:2] == one[:2]
    assert new_id(one)[2:] != one[2:]


def test_redis_does_not_hold_the_cookie(returning: FlaskClient, own_redis: Server) -> None:
    sid = sid_of(returning)
    assert sid
    assert own_redis.client.keys() == [key_of(returning)]
    assert sid[2:] not in key_of(returning)
    assert sid.encode() not in b"".join(stored_fields(own_redis, key_of(returning)).values())


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "eyJhIjoxfQ.aR2f_A.nZx0b1lC2m3",  # Flask's own
        "ab" + "A" * 42,
        "ab" + "A" * 44,
        "../" + "A" * 42,
        "é" * 45,
        "A" * 8000,
        "٣" * 45,
        '"' + "A" * 43 + '"',
    ],
)
def test_a_malformed_cookie_is_not_looked_up(shop: Flask, own_redis: Server, value: str) -> None:
    client = shop.test_client(use_cookies=False)  # a cookie jar would replace the header
    headers = {"Cookie": f"session={value}"}
    with recorded_commands(own_redis) as commands:
        for path in ("/read", "/available", "/end"):
            assert client.get(path, headers=headers).status_code == 200
    assert commands == []
    set_cookie = client.get("/set/a/1", headers=headers).headers["Set-Cookie"]
    assert get(client, "/read", headers={"Cookie": set_cookie.split(";")[0]}) == {"a": "1"}


def test_a_forged_or_expired_cookie_is_a_new_visitor(
    shop: Flask, returning: FlaskClient, own_redis: Server
) -> None:
    assert get(client_with_id(shop), "/read") == {}
    old = sid_of(returning)
    own_redis.client.delete(key_of(returning))
    assert get(returning, "/read") == {}
    returning.get("/set/b/2")
    assert get(returning, "/read") == {"b": "2"}
    assert sid_of(returning) != old


@pytest.mark.parametrize(
    "planted",
    [b"\xc1", b"", b"\xa5abc", b"\x91" * 5000, pickle.dumps({"a": 1}), pickle.dumps(Bomb()), b'{"a": 1}'],
    ids=["never used", "empty", "cut off", "deep", "pickle", "a pickled bomb", "json"],
)
@pytest.mark.parametrize("field", [":a", b":\xff"], ids=["a", "no name"])
def test_an_unreadable_session_is_a_new_visitor(
    shop: Flask,
    returning: FlaskClient,
    own_redis: Server,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    planted: bytes,
    field: str | bytes,
) -> None:
    monkeypatch.chdir(tmp_path)
    own_redis.client.hset(key_of(returning), field, planted)  # type: ignore[arg-type]
    assert get(returning, "/read") == {}
    old = sid_of(returning)
    returning.get("/set/b/2")
    assert get(returning, "/read") == {"b": "2"}
    assert sid_of(returning) != old
    assert not (tmp_path / "exploded").exists()


def test_a_key_of_another_type_is_a_new_visitor(returning: FlaskClient, own_redis: Server) -> None:
    own_redis.client.set(key_of(returning), pickle.dumps(Bomb()))
    assert get(returning, "/read") == {}
    assert returning.get("/end").status_code == 200
    assert returning.get("/set/b/2").status_code == 200
    assert get(returning, "/read") == {"b": "2"}


def test_no_pickle_is_ever_read(shop: Flask, tmp_path: Path) -> None:
    serializer = shop.session_interface.serializer  # type: ignore[attr-defined]
    for planted in (pickle.dumps({"a": 1}), b'{"a": 1}'):
        with pytest.raises(msgspec.DecodeError):
            serializer.decode(planted)


def test_a_value_that_cannot_be_encoded_raises_an_error(shop: Flask, visitor: FlaskClient) -> None:
    from flask import session

    shop.add_url_rule("/object", "object", lambda: (session.update(a=object()), "ok")[1])
    with pytest.raises(TypeError, match="object"):
        visitor.get("/object")
