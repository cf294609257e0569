"""Roles: which server each of them uses, and how long a page waits for it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from redis import RedisError

from storefront import redis_roles
from storefront.errors import ConfigurationError
from storefront.redis_roles import Role
from tests.conftest import make_app
from tests.processes import ROOT
from tests.redis_roles.conftest import Start, running

pytestmark = pytest.mark.any_database


def test_each_role_has_one_client(app: Flask) -> None:
    clients = {role: redis_roles.get_client(role) for role in Role}
    assert all(client.ping() for client in clients.values())
    assert all(redis_roles.get_client(role) is client for role, client in clients.items())


def test_a_role_can_live_on_a_server_of_its_own(tmp_path: Path) -> None:
    app = make_app(
        f"sqlite:///{tmp_path}/x", tmp_path, REDIS_URL="redis://a:1/0", CACHE_REDIS_URL="redis://b:2/0"
    )
    roles = redis_roles.role_clients.get(app)
    assert roles.resolve_url(Role.CACHE) == "redis://b:2/0"
    assert roles.resolve_url(Role.SESSION) == "redis://a:1/0"


def test_invalid_address_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^CACHE_REDIS_URL must begin with"):
        make_app(f"sqlite:///{tmp_path}/x", tmp_path, CACHE_REDIS_URL="http://localhost")


def test_silent_server_is_given_up_and_reported(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        app = make_app(f"sqlite:///{tmp_path}/x", tmp_path, REDIS_URL=url)
        with app.app_context():
            with pytest.raises(RedisError):
                redis_roles.get_client(Role.CACHE).get("key")
            assert "keeps running without it" in str(redis_roles.check_servers())


def test_a_call_is_not_tried_again(tmp_path: Path) -> None:
    with socket.socket() as dropping:
        dropping.bind(("127.0.0.1", 0))
        dropping.listen()
        dropping.settimeout(0.5)
        app = plain(tmp_path, f"redis://127.0.0.1:{dropping.getsockname()[1]}/0")
        with app.app_context(), pytest.raises(RedisError):
            redis_roles.get_client(Role.CACHE).get("key")
        dropping.accept()[0].close()
        with pytest.raises(TimeoutError):  # a second attempt would have connected again
            dropping.accept()


def test_missing_server_is_reported_without_waiting(tmp_path: Path) -> None:
    app = plain(tmp_path, f"unix://{tmp_path}/nobody.sock")
    with app.app_context():
        assert "cache does not answer" in str(redis_roles.check_server(Role.CACHE))
        assert str(redis_roles.check_servers()).count("does not answer") == 1, (
            "roles that share a server are told once"
        )


def test_embedded_server_starts_when_first_needed(tmp_path: Path, user: Start) -> None:
    lazy = """
import sys
from flask import Flask
from storefront import redis_roles
from storefront.redis_roles import Role
app = Flask("shop", instance_path=sys.argv[1])
redis_roles.init_app(app)
print("unix://nothing yet", flush=True)
sys.stdin.readline()
redis_roles.ensure_embedded_server(app)
with app.app_context():
    print("unix://", redis_roles.check_servers(), *[redis_roles.get_client(role).ping() for role in Role], flush=True)
sys.stdin.read()
"""
    instance = tmp_path / "instance"
    shop = user(lazy)
    shop.url()
    assert not instance.exists()
    shop.rejoin()
    assert shop.url() == "unix:// None True True True True"
    assert len(running(instance)) == 2


def test_a_forked_worker_has_a_client_of_its_own(app: Flask) -> None:
    ours = redis_roles.get_client(Role.LIVE)
    assert ours.ping()
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        theirs = redis_roles.get_client(Role.LIVE)
        os.write(writer, b"same" if theirs is ours else b"own" if theirs.ping() else b"dead")
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reader, 10) == b"own"
    os.close(reader)
    os.close(writer)
    assert ours.ping()


def test_a_command_that_needs_no_redis_starts_none(tmp_path: Path) -> None:
    environ = os.environ | {"STOREFRONT_INSTANCE_DIR": str(tmp_path), "FLASK_APP": "wsgi"}
    subprocess.run(
        [sys.executable, "-m", "flask", "--help"], cwd=ROOT, env=environ, check=True, capture_output=True
    )
    assert not (tmp_path / "redis").exists()


def plain(instance: Path, url: str) -> Flask:
    app = Flask("shop", instance_path=str(instance))
    app.config["REDIS_URL"] = url
    redis_roles.init_app(app)
    return app
