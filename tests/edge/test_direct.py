"""A held page as gunicorn sends it: the same answer, whole, whether it is written at once or goes the way of WSGI."""

from __future__ import annotations

import http.client
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest

from storefront.edge import direct
from tests.processes import eventually, served

COMMAND = (sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "--workers", "1")
CHANGES = {
    "x-request-id",
    "ratelimit",
    "x-ratelimit-remaining",
    "cache-status",
    "date",
    "content-length",
    "etag",
}


@pytest.mark.slow
def test_a_held_page_is_the_same_answer_however_it_is_sent(tmp_path: Path) -> None:
    command = [*COMMAND, "--bind", "127.0.0.1:{port}", "wsgi:app"]
    with served(tmp_path / "shop", *command, STOREFRONT_LIMIT_BROWSE="10000/minute") as shop:
        where = urlsplit(shop.url).netloc
        line = http.client.HTTPConnection(where, timeout=20)

        def ask(method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
            named = {"Accept-Encoding": "br"} | {name.replace("_", "-"): v for name, v in headers.items()}
            line.request(method, "/products", headers=named)
            response = line.getresponse()
            return response, response.read()

        built, page = ask()
        assert eventually(lambda: "detail=L1" in (ask()[0].headers["Cache-Status"] or ""))
        held, body = ask()
        assert brotli.decompress(body) == brotli.decompress(page)
        assert int(held.headers["Content-Length"]) == len(body)
        head, nothing = ask("HEAD")  # goes the way of WSGI
        assert nothing == b""
        names = {name.lower() for name in head.headers}
        assert {name.lower() for name in held.headers} == names
        assert all(held.headers[name] == head.headers[name] for name in names - CHANGES)
        assert all(
            held.headers[name] == built.headers[name] for name in ("Content-Type", "Vary", "Surrogate-Key")
        )
        held_already, _ = ask(If_None_Match=held.headers["ETag"])
        assert (held_already.status, held_already.headers["ETag"]) == (304, held.headers["ETag"])
        host, port = where.split(":")
        with socket.create_connection((host, int(port)), timeout=20) as raw:
            asked = "GET /products HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: br\r\n{}\r\n"
            raw.sendall((asked.format(where, "") + asked.format(where, "Connection: close\r\n")).encode())
            both = b"".join(iter(lambda: raw.recv(65536), b""))  # until the server closes
        assert both.count(b"HTTP/1.1 200 OK\r\n") == 2
        assert both.count(b"\r\nContent-Length: %d\r\nContent-Type:" % len(body)) == 2, "sent at once"
        assert (both.count(b"Connection: keep-alive\r\n"), both.count(b"Connection: close\r\n")) == (1, 1)
        line.close()


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: x=y", "a\nb", "é", "\x7f"])
def test_a_value_that_would_begin_another_header_is_not_sent_at_once(value: str) -> None:
    assert not direct.is_one_line(value)
    assert direct.is_one_line("product:1 card:2")


def test_nothing_is_written_past_a_middleware() -> None:
    assert direct.response_of({}, lambda *_: lambda _: None) is None
