"""URLs of Redis: what is read from each scheme, and errors that repeat no password."""

from __future__ import annotations

from typing import Any

import pytest
from redis.connection import SSLConnection, UnixDomainSocketConnection

from storefront.errors import ConfigurationError
from storefront.redis_roles import address

UNIX = {"connection_class": UnixDomainSocketConnection}


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("redis://h", {"host": "h", "port": 6379}),
        ("redis://h:1/", {"host": "h", "port": 1}),
        ("redis://h:1/2", {"host": "h", "port": 1, "db": 2}),
        ("redis://:p%40ss@h", {"host": "h", "port": 6379, "password": "p@ss"}),
        ("redis://u%3A:p#s@h", {"host": "h", "port": 6379, "username": "u:", "password": "p#s"}),
        ("redis://u@h", {"host": "h", "port": 6379, "username": "u"}),
        ("redis://[::1]:7/0", {"host": "::1", "port": 7, "db": 0}),
        ("redis://h?client_name=shop", {"host": "h", "port": 6379, "client_name": "shop"}),
        (
            "rediss://h:1?ssl_ca_certs=/a.pem",
            {"host": "h", "port": 1, "ssl_ca_certs": "/a.pem", "connection_class": SSLConnection},
        ),
        ("unix:///a/b.sock", {"path": "/a/b.sock", **UNIX}),
        ("unix:///a%20b?db=3", {"path": "/a b", "db": 3, **UNIX}),
        ("unix://:p@/a@b", {"path": "/a@b", "password": "p", **UNIX}),
    ],
)
def test_a_url_of_one_server(url: str, options: dict[str, Any]) -> None:
    assert address.parse_url("REDIS_URL", url) == address.RedisAddress("one", options)


def test_a_url_of_sentinels() -> None:
    found = address.parse_url(
        "REDIS_URL", "redis+sentinel://u:p@a,b:2,[::1]:3/shop/4?sentinel_username=s&sentinel_password=w"
    )
    assert found == address.RedisAddress(
        "sentinel",
        {"username": "u", "password": "p", "db": 4},
        (("a", 26379), ("b", 2), ("::1", 3)),
        "shop",
        {"username": "s", "password": "w"},
    )


def test_a_url_of_a_cluster() -> None:
    found = address.parse_url("REDIS_URL", "redis+cluster://:p@a:1,b")
    assert found == address.RedisAddress("cluster", {"password": "p"}, (("a", 1), ("b", 6379)))


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("s3cret", "must begin with one of redis://"),
        ("localhost:s3cret", "must begin"),
        ("http://:s3cret@h", "must begin"),
        ("redis://", "a host is missing"),
        ("redis://:s3cret", "a host is missing"),
        ("redis://u:s3cret", "a port is no number"),
        ("redis://u:s3cret@", "a host is missing"),
        ("redis://:s3cret@h:65536", "a port is no number"),
        ("redis://:s3cret@h:-1", "a port is no number"),
        ("redis://:s3/cret@h", "a / before the @"),
        ("redis://:s3?cret@h", "after the [?]"),
        ("redis://@s3cret", "neither a user nor a password"),
        ("redis://h/s3cret", "database is no number"),
        ("redis://h/0?socket_timeout=30&x=s3cret", "after the [?]"),
        ("redis://:s3cret@a,b", "more than one host"),
        ("redis://..s3cret", "a host is missing, or no name"),
        ("redis://[::1s3cret", "IPv6"),
        ("unix://s3cret", "no path"),
        ("unix://", "no path"),
        ("unix:///", "no path"),
        ("redis+sentinel://:s3cret@a:1", "no service"),
        ("redis+sentinel://:s3cret@a:1,,b/shop", "a host is missing"),
        ("redis+sentinel://:s3cret@a:1/shop/x", "database is no number"),
        ("redis+cluster://:s3cret@a:1/2", "no database but 0"),
    ],
)
def test_invalid_url_is_explained_but_not_repeated(url: str, problem: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^STOCK_REDIS_URL.*{problem}") as caught:
        address.parse_url("STOCK_REDIS_URL", url)
    told = "".join(map(str, (caught.value, caught.value.__cause__)))
    assert "s3" not in told
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
