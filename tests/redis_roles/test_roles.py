"""Roles: which server each lives on, and how long a page waits for it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from flask import Flask
from redis import RedisError

from storefront import redis_roles
from storefront.errors import ConfigurationError
from storefront.redis_roles import Role
from tests.conftest import make_app


def test_each_role_has_one_client(app: Flask) -> None:
    clients = {role: redis_roles.client(role) for role in Role}
    assert all(client.ping() for client in clients.values())
    assert all(redis_roles.client(role) is client for role, client in clients.items())


def test_a_role_can_live_on_a_server_of_its_own(tmp_path: Path) -> None:
    app = make_app(
        f"sqlite:///{tmp_path}/x", tmp_path, REDIS_URL="redis://a:1/0", CACHE_REDIS_URL="redis://b:2/0"
    )
    roles = app.extensions["redis_roles"]
    assert roles.url(Role.CACHE) == "redis://b:2/0"
    assert roles.url(Role.SESSION) == "redis://a:1/0"


@pytest.mark.parametrize(
    "url", ["http://localhost", "localhost:6379", "redis://", "redis+sentinel://a:1/s", "redis://h:x/0"]
)
def test_an_address_that_cannot_be_used_stops_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        make_app(f"sqlite:///{tmp_path}/x", tmp_path, REDIS_URL=url)


def test_a_silent_server_is_given_up_and_said_to_be_missing(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        app = make_app(f"sqlite:///{tmp_path}/x", tmp_path, REDIS_URL=url)
        with app.app_context():
            with pytest.raises(RedisError):
                redis_roles.client(Role.CACHE).get("key")
            assert "serves without it" in str(redis_roles.problem())
