"""A shop with pages that use their session in different ways, on a session server of the test's own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, jsonify, session
from flask.testing import FlaskClient
from redis import Redis

from storefront import sessions
from storefront.redis_roles import clients
from storefront.sessions.interface import SESSION_COOKIE, RedisSessionInterface
from storefront.sessions.store import new_id
from tests.conftest import make_app
from tests.redis_roles.servers import Server, server

Meanwhile = Callable[[], None]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer for Redis than a page would: these tests do not measure time, and the machine may be busy."""
    monkeypatch.setattr(clients, "TIMEOUT", 2.0)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Server]:
    """The server of the session role."""
    with server(tmp_path) as one:
        yield one


@pytest.fixture
def shop(own_redis: Server, redis_url: str, tmp_path: Path) -> Flask:
    return make_shop(tmp_path, redis_url, own_redis.url)


@pytest.fixture
def visitor(shop: Flask) -> FlaskClient:
    """A visitor without a cookie."""
    return shop.test_client()


@pytest.fixture
def returning(shop: Flask) -> FlaskClient:
    """A returning visitor, whose session holds a = "1"."""
    client = shop.test_client()
    client.get("/set/a/1")
    return client


def make_shop(folder: Path, redis_url: str, session_redis_url: str, **environ: str) -> Flask:
    """Return a shop with the pages below. It needs no database."""
    settings = {
        "REDIS_URL": redis_url,
        "SESSION_REDIS_URL": session_redis_url,
        "STOREFRONT_LIMITS": "off",
        "STOREFRONT_CACHE_PREFIX": "test",  # all shops of a test may share the session server
    }
    app = make_app(f"sqlite:///{folder / 'shop.sqlite3'}", folder, **{**settings, **environ})
    _routes(app)
    return app


def meanwhile(app: Flask, do: Meanwhile) -> None:
    """Call `do` inside the /slow pages, after they have read the session."""
    app.extensions["meanwhile"] = do


def get(client: FlaskClient, path: str, **about: Any) -> Any:
    """Return the JSON of a page."""
    response = client.get(path, **about)
    assert response.status_code == 200, response.text
    return response.get_json()


def sid_of(client: FlaskClient) -> str | None:
    cookie = client.get_cookie(SESSION_COOKIE)
    return cookie.value if cookie else None


def same_visitor(client: FlaskClient) -> FlaskClient:
    """Return another client with the same session cookie; the two do not share later cookies."""
    other = client.application.test_client()
    if (sid := sid_of(client)) is not None:
        other.set_cookie(SESSION_COOKIE, sid)
    return other


def client_with_id(app: Flask, sid: str | None = None) -> FlaskClient:
    """Return a client whose cookie has this id; by default a well-formed id that Redis does not have."""
    client = app.test_client()
    client.set_cookie(SESSION_COOKIE, sid or new_id())
    return client


def key_of(client: FlaskClient) -> str:
    interface = client.application.session_interface
    assert isinstance(interface, RedisSessionInterface)
    return interface._get_store_id(sid_of(client) or "")


def stored_fields(one: Server, key: str) -> dict[bytes, bytes]:
    """Return the fields that Redis has under a key."""
    with Redis(port=one.port) as redis:
        return redis.hgetall(key)  # type: ignore[return-value]


def in_a_thread(do: Callable[[], object]) -> None:
    """Call `do` in another thread, as another request would run."""
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


@contextmanager
def recorded_commands(one: Server) -> Iterator[list[str]]:
    """Record the names of commands that clients send inside the block, without those of scripts and handshakes."""
    seen: list[str] = []
    mark = "end of the recording"
    with Redis(port=one.port).monitor() as monitor:
        yield seen
        one.client.echo(mark)
        for command in monitor.listen():
            if mark in command["command"]:
                return
            name = command["command"].split()[0].upper()
            if command["client_type"] != "lua" and name not in ("HELLO", "CLIENT", "SELECT", "AUTH"):
                seen.append(name)


def _routes(app: Flask) -> None:
    def slow() -> dict[str, Any]:
        read = dict(session)
        app.extensions["meanwhile"]()
        return read

    def slow_set(key: str, value: str) -> str:
        slow()
        session[key] = value
        return "ok"

    def slow_append(key: str, value: str) -> str:
        slow()
        return put_in(key, value)

    def put(key: str, value: str) -> str:
        session[key] = value
        return "ok"

    def put_in(key: str, value: str) -> str:
        session.setdefault(key, []).append(value)
        return "ok"

    def drop(key: str) -> str:
        session.pop(key, None)
        return "ok"

    def end_and_flash() -> str:
        sessions.end()
        session["said"] = "Good-bye"
        return "ok"

    def rotate_and_set(key: str, value: str) -> str:
        sessions.rotate()
        return put(key, value)

    pages: dict[str, Callable[..., Any]] = {
        "/untouched": lambda: "ok",
        "/read": lambda: jsonify(dict(session)),
        "/available": lambda: jsonify(sessions.is_available()),
        "/set/<key>/<value>": put,
        "/append/<key>/<value>": put_in,
        "/drop/<key>": drop,
        "/slow": slow,
        "/slow/set/<key>/<value>": slow_set,
        "/slow/append/<key>/<value>": slow_append,
        "/rotate": lambda: (sessions.rotate(), "ok")[1],
        "/rotate/set/<key>/<value>": rotate_and_set,
        "/end": lambda: (sessions.end(), Response("ok"))[1],
        "/end/say": end_and_flash,
    }
    for path, view in pages.items():
        app.add_url_rule(path, path, view)
