"""Outside production the shop answers to the names of this machine and to TRUSTED_HOSTS."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.web import hosts
from tests.conftest import make_app

pytestmark = pytest.mark.any_database


def status(client: FlaskClient, host: str, path: str = "/robots.txt") -> int:
    return client.get(path, headers={"Host": host}).status_code


def test_development_answers_to_this_machine_and_trusted_hosts(app: Flask, client: FlaskClient) -> None:
    for host in (
        "localhost",
        "LOCALHOST:8000",
        "shop.localhost",
        "127.0.0.1:8000",
        "127.0.1.1",
        "[::1]:8000",
    ):
        assert status(client, host) == 200, host
    for host in (
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "0.0.0.0",
        "192.0.2.1",
        "[::2]",
    ):
        assert status(client, host) == 400, host
        assert status(client, host, "/admin/system") == 400, host
    refused = client.get("/", headers={"Host": "<b>.example"})
    assert refused.status_code == 400
    refused = client.get("/", headers={"Host": "evil.example"})
    assert refused.mimetype == "text/plain"
    assert "TRUSTED_HOSTS" in refused.text
    assert "evil" not in refused.text


@pytest.mark.parametrize(
    ("named", "host"), [("laptop.test", "laptop.test:8000"), (".shop.test", "a.shop.test")]
)
def test_trusted_hosts_are_admitted_beside_this_machine(
    app: Flask, tmp_path: Path, named: str, host: str
) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    client = make_app(url, tmp_path, TRUSTED_HOSTS=named, REDIS_URL=app.config["REDIS_URL"]).test_client()
    assert [status(client, one) for one in (host, "localhost", "127.0.0.1:8000", "evil.test")] == [
        200,
        200,
        200,
        400,
    ]


def test_only_loopback_names_and_addresses_are_loopback() -> None:
    assert all(map(hosts.is_loopback, ("localhost", "a.localhost:1", "127.9.9.9", "[::1]:80")))
    for host in (
        "",
        "localhost@evil.example",
        "localhost:80:80",
        "[::1].evil",
        "127.0.0.1:x",
        "localhost, a",
        "notlocalhost",
    ):
        assert not hosts.is_loopback(host), host
