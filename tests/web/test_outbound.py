"""Requests to addresses that others choose: one set of tests, run for webhooks and for the picture import."""

from __future__ import annotations

import socket
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.api import webhook_delivery, webhooks
from storefront.api.models import WebhookDelivery
from storefront.catalog_files import picture_download
from storefront.catalog_files.picture_download import FetchError
from storefront.extensions import db
from storefront.web import outbound
from tests.dripping import STAGES, dripping
from tests.internet import ALSO_PUBLIC, PUBLIC, Internet, WebServer, serving

# Takes a URL; returns None if the request was answered with 200, else the reason that operators read.
Caller = Callable[[str], str | None]

pytestmark = pytest.mark.any_database

UNSAFE = {
    "loopback": "127.0.0.1",
    "this network": "0.0.0.0",
    "private 10/8": "10.1.2.3",
    "private 172.16/12": "172.16.0.1",
    "private 192.168/16": "192.168.1.1",
    "link-local, cloud metadata": "169.254.169.254",
    "carrier-grade NAT": "100.64.0.1",
    "IETF protocol assignments": "192.0.0.8",
    "6to4 relay": "192.88.99.1",
    "benchmarking": "198.18.0.1",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 link-local": "fe80::1",
    "IPv6 unique local": "fd00::1",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff0e::1",
    "IPv6 documentation": "2001:db8::1",
    "IPv6 documentation, newer": "3fff::1",
    "IPv4-mapped": "::ffff:127.0.0.1",
    "IPv4-mapped, private": "::ffff:10.0.0.1",
    "IPv4-compatible": "::127.0.0.1",
    "IPv4-translated": "::ffff:0:7f00:1",
    "NAT64 of a private address": "64:ff9b::a00:1",
    "NAT64 of loopback": "64:ff9b::7f00:1",
    "NAT64 for local use": "64:ff9b:1::1",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of a private address": "2002:a00:1::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
}
SAFE = {
    "IPv4": PUBLIC,
    "IPv6": ALSO_PUBLIC,
    "IPv4-mapped": f"::ffff:{PUBLIC}",
    "NAT64": "64:ff9b::5db8:d70e",
    "6to4": "2002:5db8:d70e::1",
}


@pytest.fixture
def internet(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Internet:
    """Name look-ups and connections that stay on this machine."""
    app.config["WEBHOOK_PRIVATE"] = False
    return Internet(monkeypatch)


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A web server at the public addresses; it also listens on loopback, where no request may arrive."""
    server = WebServer()
    with serving(server):
        yield server


@pytest.fixture(params=["webhook", "picture import"])
def request_url(request: pytest.FixtureRequest, app: Flask) -> Caller:
    """One of the two callers of the guard."""
    assert app
    return _deliver if request.param == "webhook" else _download


def _download(url: str) -> str | None:
    try:
        picture_download.fetch(url)
    except FetchError as error:
        return str(error)
    return None


def _deliver(url: str) -> str | None:
    for webhook in webhooks.list_webhooks():
        webhooks.remove_webhook(webhook.id)
    webhooks.add_webhook(url, ["stock.changed"])
    webhooks.enqueue_deliveries("stock.changed", [(uuid.uuid4().hex, {"sku": "POT"})])
    assert webhook_delivery.send_due() == 1
    row = db.session.execute(select(WebhookDelivery)).scalar_one()
    return None if row.delivered_at else row.outcome


@pytest.mark.parametrize("address", UNSAFE.values(), ids=UNSAFE)
def test_unsafe_address_is_refused(
    request_url: Caller, internet: Internet, web: WebServer, address: str
) -> None:
    internet.names["trap.example"] = [[address]]
    internet.servers.add(address)
    refusal = request_url(f"http://trap.example:{web.server_port}/a.png")
    assert refusal is not None
    assert "not a public address" in refusal
    assert (internet.connections, web.requests) == ([], [])


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1"],
)
def test_unsafe_host_in_the_url_is_refused(
    request_url: Caller, internet: Internet, web: WebServer, host: str
) -> None:
    refusal = request_url(f"http://{host}:{web.server_port}/a.png")
    assert refusal is not None
    assert "not a public address" in refusal
    assert (internet.connections, web.requests) == ([], [])


@pytest.mark.parametrize("address", SAFE.values(), ids=SAFE)
def test_public_address_is_reached(
    request_url: Caller, internet: Internet, web: WebServer, address: str
) -> None:
    internet.names["shop.example"] = [[address]]
    internet.servers.add(address)
    assert request_url(f"http://shop.example:{web.server_port}/a.png?b=c") is None
    [(_, path, host)] = web.requests
    assert (path, host) == ("/a.png?b=c", f"shop.example:{web.server_port}")


@pytest.mark.parametrize("order", [[PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC]], ids=["last", "first"])
def test_one_unsafe_address_among_several_is_refused(
    request_url: Caller, internet: Internet, web: WebServer, order: list[str]
) -> None:
    internet.names["mixed.example"] = [order]
    refusal = request_url(f"http://mixed.example:{web.server_port}/a.png")
    assert refusal is not None
    assert "not a public address" in refusal
    assert (internet.connections, web.requests) == ([], [])


def test_host_is_looked_up_once(request_url: Caller, internet: Internet, web: WebServer) -> None:
    """DNS rebinding: the first look-up returns a public address, the second one this machine's address."""
    internet.names["rebinding.example"] = [[PUBLIC], ["127.0.0.1"]]
    assert request_url(f"http://rebinding.example:{web.server_port}/a.png") is None
    assert internet.lookups == ["rebinding.example"]
    assert internet.connections == [PUBLIC]


def test_redirect_to_unsafe_address_is_not_followed(
    request_url: Caller, internet: Internet, web: WebServer
) -> None:
    internet.names["shop.example"] = [[PUBLIC]]
    internet.names["trap.example"] = [["127.0.0.1"]]
    for target in ("trap.example", "127.0.0.1"):
        web.location = f"http://{target}:{web.server_port}/secret"
        web.requests.clear()
        assert request_url(f"http://shop.example:{web.server_port}/to/a.png") is not None
        assert [path for _, path, _ in web.requests] == ["/to/a.png"]
    assert set(internet.connections) == {PUBLIC}


def test_next_address_is_tried_if_one_is_down(
    request_url: Caller, internet: Internet, web: WebServer
) -> None:
    internet.names["shop.example"] = [[ALSO_PUBLIC, PUBLIC]]
    assert request_url(f"http://shop.example:{web.server_port}/a.png") is None
    assert internet.connections == [ALSO_PUBLIC, PUBLIC]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://shop.example/a.png", "http://", "http://[::1"])
def test_other_schemes_and_broken_urls_are_refused(app: Flask, internet: Internet, url: str) -> None:
    assert app
    internet.names["shop.example"] = [[PUBLIC]]
    with pytest.raises(FetchError):
        picture_download.fetch(url)
    with pytest.raises((webhooks.WebhookError, ValueError)):
        webhooks.add_webhook(url, ["stock.changed"])
    assert internet.connections == []


def test_certificate_must_be_for_the_host_name(
    request_url: Caller,
    internet: Internet,
    web: WebServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    certificate, key = str(tmp_path / "certificate"), str(tmp_path / "key")
    command = [
        "openssl",
        "req",
        "-x509",
        "-nodes",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
    ]
    command += ["-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example", "-days", "2"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    web.use_tls(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    internet.names |= {"shop.example": [[PUBLIC]], "other.example": [[PUBLIC]]}
    assert request_url(f"https://shop.example:{web.server_port}/a.png") is None
    assert web.server_names == ["shop.example"]
    refusal = request_url(f"https://other.example:{web.server_port}/a.png")
    assert refusal is not None
    assert "certificate" in refusal
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://[2606:4700::1111]/hook", 443),
        ("http://[2606:4700::64]/", 80),
        ("http://[2606:4700::abcd]:8080/", 8080),
    ],
)
def test_ipv6_literals_keep_their_port(url: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    connected: list[tuple[str, int]] = []

    def refuse(address: tuple[str, int], **_options: object) -> None:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr("socket.create_connection", refuse)
    with pytest.raises(ConnectionRefusedError), outbound.connect(url, timeout=1):
        pass
    assert [number for _, number in connected] == [port]


def _read(url: str) -> bytes:
    with outbound.connect(url, timeout=0.5, allow_private=True) as connection:
        connection.request("GET", "/a.png")
        return connection.getresponse().read(10_000)


@pytest.mark.parametrize("stage", STAGES)
def test_a_server_that_drips_bytes_is_left_in_time(stage: str) -> None:
    scheme = "https" if stage == "TLS handshake" else "http"
    with dripping(stage) as server:
        url = f"{scheme}://localhost:{server.port}/a.png"
        with pytest.raises(TimeoutError, match=r"longer than 0\.5 s"):
            _read(url)
        assert (server.connections, server.finished) == (1, 0)


def test_redirects_and_body_share_the_time_of_a_picture(
    internet: Internet, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_download, "MAX_SECONDS", 0.5)
    internet.names["shop.example"] = [[PUBLIC]]
    with dripping("body") as server:
        web.location = f"http://shop.example:{server.port}/a.png"
        with pytest.raises(FetchError, match="longer than"):
            picture_download.fetch(f"http://shop.example:{web.server_port}/to/a.png")
        assert (server.connections, server.finished) == (1, 0)


def test_a_look_up_that_took_all_the_time_is_a_time_out(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)

    def look_up(*_: object, **_options: object) -> list[object]:
        clock.now = 5.0
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (PUBLIC, 80))]

    monkeypatch.setattr(outbound, "time", clock)
    monkeypatch.setattr("socket.getaddrinfo", look_up)
    with (
        pytest.raises(TimeoutError, match="time was over"),
        outbound.connect("http://a.example", timeout=5.0),
    ):
        pass


def test_a_name_that_nobody_answers_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def look_up(*_: object, **_options: object) -> list[object]:
        answered.wait(20)
        return []

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    with (
        pytest.raises(TimeoutError, match="not found in time"),
        outbound.connect("http://a.example", timeout=0.1),
    ):
        pass
    answered.set()
