"""A shop with a few pages that do things to their session, on a session server that nobody else uses."""

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
from storefront.sessions.interface import NAME, RedisSessionInterface
from storefront.sessions.store import new_id
from tests.conftest import make_app
from tests.redis_roles.servers import Server, server

Meanwhile = Callable[[], None]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer than a page would, since how long is not what is asked: this machine may be busy."""
    monkeypatch.setattr(clients, "TIMEOUT", 2.0)


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Server]:
    """The session role's server."""
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
def known(shop: Flask) -> FlaskClient:
    """A visitor whose session holds a = "1"."""
    client = shop.test_client()
    client.get("/set/a/1")
    return client


def make_shop(folder: Path, redis_url: str, session_redis_url: str, **environ: str) -> Flask:
    """A shop that needs no database."""
    settings = {
        "REDIS_URL": redis_url,
        "SESSION_REDIS_URL": session_redis_url,
        "STOREFRONT_LIMITS": "off",
        "STOREFRONT_CACHE_PREFIX": "test",  # several may share the session server, which is the test's own
    }
    app = make_app(f"sqlite:///{folder / 'shop.sqlite3'}", folder, **{**settings, **environ})
    _routes(app)
    return app


def meanwhile(app: Flask, do: Meanwhile) -> None:
    """Let `do` happen inside /slow and /slow/set, after they have read the session."""
    app.extensions["meanwhile"] = do


def get(client: FlaskClient, path: str, **about: Any) -> Any:
    """What a page says, as JSON."""
    response = client.get(path, **about)
    assert response.status_code == 200, response.text
    return response.get_json()


def sid_of(client: FlaskClient) -> str | None:
    cookie = client.get_cookie(NAME)
    return cookie.value if cookie else None


def twin(client: FlaskClient) -> FlaskClient:
    """Another request of the same visitor: what happens to its cookies does not happen to the first's."""
    other = client.application.test_client()
    if (sid := sid_of(client)) is not None:
        other.set_cookie(NAME, sid)
    return other


def stranger(app: Flask, sid: str | None = None) -> FlaskClient:
    """A client that presents an id; one that could be ours if none is given."""
    client = app.test_client()
    client.set_cookie(NAME, sid or new_id())
    return client


def key_of(client: FlaskClient) -> str:
    interface = client.application.session_interface
    assert isinstance(interface, RedisSessionInterface)
    return interface._get_store_id(sid_of(client) or "")


def kept(one: Server, key: str) -> dict[bytes, bytes]:
    """A session as Redis has it."""
    with Redis(port=one.port) as redis:
        return redis.hgetall(key)  # type: ignore[return-value]


def in_a_thread(do: Callable[[], object]) -> None:
    """Do it as another request would: beside this one, not inside it."""
    thread = threading.Thread(target=do)
    thread.start()
    thread.join()


@contextmanager
def heard(one: Server) -> Iterator[list[str]]:
    """What clients send to a server inside the block: names of commands, without what scripts do and greetings."""
    seen: list[str] = []
    mark = "the end of what is heard"
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

    def end_and_say() -> str:
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
        "/end/say": end_and_say,
    }
    for path, view in pages.items():
        app.add_url_rule(path, path, view)
